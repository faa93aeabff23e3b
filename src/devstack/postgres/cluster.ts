/**
 * The data folder of a server: made whole or not at all, and used only by the version that made it. Passwords go by files
 * and pipes, never by arguments, and only their SCRAM verifiers are stored.
 */
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { TidemarkError } from '../../core/errors/error.js';
import type { Account } from '../process/server-process.js';
import { dataPathFor } from './account.js';
import { postgresDied, postgresFolderUnusable } from './errors.js';
import { runToEnd } from './run-to-end.js';

export interface Cluster {
  /** Folder of the programs. */
  readonly bin: string;
  readonly dataDir: string;
  readonly account: Account | undefined;
  /** The superuser. */
  readonly user: string;
  readonly password: string;
}

/** `18` of `postgres (PostgreSQL) 18.4`. */
const majorOf = async ({ bin, account }: Cluster): Promise<string> => {
  const program = { path: join(bin, 'postgres'), args: ['--version'], cwd: '/', account };
  const { code, text } = await runToEnd(program);
  const major = /PostgreSQL\) (\d+)/.exec(text)?.[1];
  if (code === 0 && major !== undefined) return major;
  throw new TidemarkError(postgresDied, `asking ${bin}/postgres for its version: ${text.trim()}`);
};

/** From 17 on it brings a UTF-8 locale of its own; before, the system must have one. */
const localeOf = (major: string): readonly string[] =>
  Number(major) >= 17
    ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    : ['--locale=C.UTF-8'];

/** Opened for the program and gone from the folder before anybody could look. */
const passwordFile = ({ dataDir, password, account }: Cluster): number => {
  const path = `${dataDir}.${randomBytes(6).toString('hex')}.password`;
  writeFileSync(path, `${password}\n`, { mode: 0o600, flag: 'wx' });
  try {
    if (account !== undefined) chownSync(path, account.uid, account.gid);
    return openSync(path, 'r');
  } finally {
    rmSync(path);
  }
};

const initialise = async (cluster: Cluster, major: string, incoming: string): Promise<void> => {
  const { bin, account, user } = cluster;
  const file = passwordFile(cluster);
  try {
    const { code, text } = await runToEnd({
      path: join(bin, 'initdb'),
      args: [
        ...['-D', dataPathFor(incoming, account), '-U', user, '--pwfile=/dev/fd/3'],
        ...['-A', 'scram-sha-256', '-E', 'UTF8', ...localeOf(major)],
        // What is there so far can be made again; half a minute later the system has written it anyway.
        '--no-sync',
      ],
      cwd: incoming,
      account,
      file,
    });
    if (code === 0) return;
    throw new TidemarkError(postgresDied, `making the data folder of PostgreSQL: ${text.trim()}`);
  } finally {
    closeSync(file);
  }
};

const removeHalfMade = (dataDir: string): void => {
  const start = `${basename(dataDir)}.`;
  for (const name of readdirSync(dirname(dataDir))) {
    if (name.startsWith(start) && name.endsWith('.new')) {
      rmSync(join(dirname(dataDir), name), { recursive: true, force: true });
    }
  }
};

const create = async (cluster: Cluster, major: string): Promise<void> => {
  const { dataDir, account } = cluster;
  removeHalfMade(dataDir);
  const incoming = `${dataDir}.${randomBytes(6).toString('hex')}.new`;
  mkdirSync(incoming, { mode: 0o700 });
  try {
    if (account !== undefined) chownSync(incoming, account.uid, account.gid);
    await initialise(cluster, major, incoming);
    renameSync(incoming, dataDir);
  } catch (error) {
    rmSync(incoming, { recursive: true, force: true });
    throw error;
  }
};

/** Makes it or finds it made. Throws `devstack/postgres-folder-unusable` when another version made it. */
export const prepareCluster = async (cluster: Cluster): Promise<void> => {
  const { dataDir } = cluster;
  const major = await majorOf(cluster);
  if (!existsSync(dataDir)) {
    await create(cluster, major);
    return;
  }
  const made = join(dataDir, 'PG_VERSION');
  const found = existsSync(made) ? readFileSync(made, 'utf8').trim() : 'none';
  if (found === major) return;
  throw new TidemarkError(
    postgresFolderUnusable,
    `starting PostgreSQL ${major}: the data in ${dataDir} is of version ${found}`,
  );
};

/** Sets the superuser's password without knowing the old one; no server may run on the folder. */
export const resetPassword = async (cluster: Cluster): Promise<void> => {
  const { bin, dataDir, account, user, password } = cluster;
  const quoted = `'${password.replaceAll("'", "''")}'`;
  const { code, text } = await runToEnd({
    path: join(bin, 'postgres'),
    args: ['--single', '-D', dataPathFor(dataDir, account), 'postgres'],
    cwd: dataDir,
    account,
    input: `alter role "${user}" password ${quoted}\n`,
  });
  if (code === 0 && !/ERROR|FATAL/.test(text)) return;
  throw new TidemarkError(
    postgresFolderUnusable,
    `setting the password of ${user} in ${dataDir}: its PostgreSQL has no such role`,
  );
};
