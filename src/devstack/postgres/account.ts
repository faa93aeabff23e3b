/**
 * Which account the server runs as. PostgreSQL refuses root: what root starts runs as the owner of the data folder, else
 * as `postgres`, else as `nobody`; no account is ever created. A folder that this account cannot enter is reached by the
 * working directory, which a process keeps whatever lies above it.
 */
import { execFileSync } from 'node:child_process';
import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { TidemarkError } from '../../core/errors/error.js';
import type { Account } from '../process/server-process.js';
import { postgresFolderUnusable, postgresNoAccount } from './errors.js';

const usualNames = ['postgres', 'nobody'] as const;

const idOf = (name: string, flag: '-u' | '-g'): number =>
  Number(
    execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  );

const accountNamed = (name: string): Account | undefined => {
  try {
    return { uid: idOf(name, '-u'), gid: idOf(name, '-g') };
  } catch {
    return undefined;
  }
};

const ownerOf = (folder: string): Account | undefined => {
  const facts = statSync(folder, { throwIfNoEntry: false });
  return facts === undefined ? undefined : { uid: facts.uid, gid: facts.gid };
};

export interface Starter {
  /** Of the process that starts the server; undefined where there are no user ids. */
  readonly uid: number | undefined;
  /** Tried in this order; default `postgres`, `nobody`. */
  readonly names?: readonly string[];
}

/** Undefined: the one that we run as. Throws `devstack/postgres-no-account` or `-folder-unusable`. */
export const serverAccount = (
  dataDir: string,
  { uid, names = usualNames }: Starter,
): Account | undefined => {
  const owner = ownerOf(dataDir);
  if (uid !== 0) {
    if (owner === undefined || uid === undefined || owner.uid === uid) return undefined;
    throw new TidemarkError(
      postgresFolderUnusable,
      `starting PostgreSQL: ${dataDir} belongs to the user id ${String(owner.uid)}, and this is ${String(uid)}; it was made when root started the dev stack`,
      {
        fix: 'Start `tidemark dev` as root again, or name another folder with --data DIR.',
      },
    );
  }
  if (owner !== undefined && owner.uid !== 0) return owner;
  const found = names.map(accountNamed).find((account) => account !== undefined);
  if (found !== undefined) return found;
  throw new TidemarkError(
    postgresNoAccount,
    `starting PostgreSQL: it refuses to run as root, and this machine has none of the accounts ${names.join(', ')}`,
  );
};

/** May the account go through it (a folder), or execute it (a file)? */
const admits = (path: string, { uid, gid }: Account): boolean => {
  const facts = statSync(path);
  if (facts.uid === uid) return (facts.mode & 0o100) !== 0;
  if (facts.gid === gid) return (facts.mode & 0o010) !== 0;
  return (facts.mode & 0o001) !== 0;
};

/** Whether the account may go through every folder on the way to it, itself included. */
export const isReachable = (path: string, account: Account): boolean => {
  let at = realpathSync(path);
  for (;;) {
    if (!admits(at, account)) return false;
    const above = dirname(at);
    if (above === at) return true;
    at = above;
  }
};

/** How the server, which starts inside it, is told where its data is. */
export const dataPathFor = (
  dataDir: string,
  account: Account | undefined,
  platform: NodeJS.Platform = process.platform,
): string => {
  if (account === undefined || isReachable(dataDir, account)) return dataDir;
  if (platform === 'linux') return '/proc/self/cwd';
  throw new TidemarkError(
    postgresNoAccount,
    `starting PostgreSQL: it refuses to run as root, and the user id ${String(account.uid)} cannot enter ${dataDir}`,
    {
      fix: 'Start `tidemark dev` as a normal user, or name a folder that others may enter: --data DIR.',
    },
  );
};
