/**
 * Puts a fetched program at its place in the cache by a rename: another process sees either nothing or the whole
 * program, and two that fetch at once end with one of two equal files.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export const keepInCache = async (path: string, program: Buffer): Promise<string> => {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(unfinished, program, { mode: 0o755 });
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
  return path;
};
