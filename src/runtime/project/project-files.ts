/**
 * Finds a project on the file system and reads its files: the adapter of the loader's port. Nothing is cached and
 * nothing is written. Links are followed only as far as the operating system opens them; folders behind links and
 * names that begin with a dot are not walked, so a listing always ends.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { ProjectFiles } from '../../language/definition/project-files.js';

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

/** The nearest folder from `start` upwards that is a project; undefined when there is none up to the root. */
export const findProjectRoot = (start: string): string | undefined => {
  let folder = resolve(start);
  for (;;) {
    const isProject =
      existsSync(join(folder, 'tidemark.yaml')) ||
      isFolder(join(folder, 'pipelines')) ||
      isFolder(join(folder, 'defs'));
    if (isProject) return folder;
    const above = dirname(folder);
    if (above === folder) return undefined;
    folder = above;
  }
};

const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ENOENT' || error.code === 'ENOTDIR');

const listBelow = (root: string, folder: string): readonly string[] => {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries
    .filter((entry) => !entry.name.startsWith('.'))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return listBelow(root, path);
      return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
    });
};

export const projectFilesOf = (root: string): ProjectFiles => ({
  readFile: (path) => {
    try {
      return readFileSync(isAbsolute(path) ? path : join(root, path), 'utf8');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  listFiles: (folder) => (isFolder(join(root, folder)) ? listBelow(root, folder) : []),
});
