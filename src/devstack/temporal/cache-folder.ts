/**
 * Where fetched programs are kept between runs.
 *
 * `TIDEMARK_CACHE`, else `tidemark` below `XDG_CACHE_HOME`, else `~/.cache/tidemark`. Where there is no usable home
 * (HOME empty, unset, or not writable) a folder in the system's temporary folder that carries the user's id and that
 * nobody else can write to: what lies in it gets executed.
 */
import { accessSync, constants, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The cache folder, created when it is missing. Throws when not even the temporary folder can be written. */
export const cacheFolder = (env: Environment): string => {
  const chosen = env['TIDEMARK_CACHE'];
  if (chosen !== undefined && chosen !== '') {
    if (isAbsolute(chosen)) return created(chosen);
    throw new Error(`TIDEMARK_CACHE is ${JSON.stringify(chosen)}: write an absolute path`);
  }
  for (const folder of usualFolders(env)) {
    if (isWritable(folder)) return folder;
  }
  return privateTemporaryFolder();
};

const usualFolders = (env: Environment): readonly string[] => {
  const folders: string[] = [];
  const xdg = env['XDG_CACHE_HOME'];
  // The XDG specification says that a relative path is to be ignored.
  if (xdg !== undefined && isAbsolute(xdg)) folders.push(join(xdg, 'tidemark'));
  const home = env['HOME'];
  if (home !== undefined && isAbsolute(home)) folders.push(join(home, '.cache', 'tidemark'));
  return folders;
};

const created = (folder: string): string => {
  mkdirSync(folder, { recursive: true });
  return folder;
};

const isWritable = (folder: string): boolean => {
  try {
    accessSync(created(folder), constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const privateTemporaryFolder = (): string => {
  const { uid } = userInfo();
  const folder = join(tmpdir(), `tidemark-cache-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const facts = lstatSync(folder);
  const isOurs =
    facts.isDirectory() && (uid < 0 || (facts.uid === uid && (facts.mode & 0o022) === 0));
  if (isOurs) return folder;
  throw new Error(
    `the cache folder ${folder} belongs to somebody else or may be written by others: name another one in TIDEMARK_CACHE`,
  );
};
