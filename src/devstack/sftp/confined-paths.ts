/**
 * Maps the paths of clients to paths below the served folder.
 * Keeps true: no name leads out: `..` stops at the root, an absolute path begins at the root, and a symbolic
 * link that points outside is refused. Clients cannot make links here, so only somebody with access to the
 * machine could swap one in between the check and the use.
 */
import { realpath } from 'node:fs/promises';
import path from 'node:path';

export interface ConfinedPaths {
  /** Where the named thing really is, links followed. Fails with ENOENT, or EACCES when it is outside. */
  existing(clientPath: string): Promise<string>;
  /** The name itself, its last part not followed and not necessarily there. EACCES for the root. */
  entry(clientPath: string): Promise<string>;
  /** `existing`, or where a new file of that name would be. */
  openable(clientPath: string): Promise<string>;
  /** The absolute path as clients see it, for REALPATH. The last part need not exist. */
  canonical(clientPath: string): Promise<string>;
}

/** @param root an absolute folder without symbolic links in it (the result of `realpath`) */
export function confinePaths(root: string): ConfinedPaths {
  const existing = async (clientPath: string): Promise<string> => {
    const real = await realpath(path.join(root, absolute(clientPath)));
    if (!isInside(root, real)) throw denied('a link leads out of the served folder');
    return real;
  };
  const entry = async (clientPath: string): Promise<string> => {
    const wanted = absolute(clientPath);
    if (wanted === '/') throw denied('the served folder itself cannot be changed');
    return path.join(await existing(path.posix.dirname(wanted)), path.posix.basename(wanted));
  };
  const openable = (clientPath: string): Promise<string> =>
    existing(clientPath).catch((error: unknown) => {
      if (isMissing(error)) return entry(clientPath);
      throw error;
    });
  return {
    existing,
    entry,
    openable,
    canonical: async (clientPath) => `/${path.relative(root, await openable(clientPath))}`,
  };
}

function absolute(clientPath: string): string {
  return path.posix.resolve('/', clientPath);
}

function isInside(root: string, real: string): boolean {
  return real === root || root === '/' || real.startsWith(`${root}/`);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function denied(reason: string): Error {
  return Object.assign(new Error(reason), { code: 'EACCES' });
}
