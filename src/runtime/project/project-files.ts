/**
 * Finds a project on the file system and reads its files: the adapter of the loader's port. Nothing is cached and
 * nothing is written. Links are followed; each folder is walked once, one that holds the project itself is not, so that a
 * listing always ends. Names that begin with a dot are left out.
 */
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
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

/** `walked`: real paths of the folders that were. */
const listBelow = (root: string, folder: string, walked: Set<string>): readonly string[] => {
  const real = realpathSync(join(root, folder));
  if (walked.has(real) || realpathSync(root).startsWith(join(real, sep))) return [];
  walked.add(real);
  const entries = readdirSync(real, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.'))
    // What is reached without a link keeps its own name.
    .sort((a, b) => Number(a.isSymbolicLink()) - Number(b.isSymbolicLink()));
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(root, path))))
      return listBelow(root, path, walked);
    return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
  });
};

const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;

/** Of a link that leads nowhere: no. */
const isMissing = (path: string, error: unknown): boolean => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOTDIR' || (code === 'ENOENT' && !isLink(path));
};

export const projectFilesOf = (root: string): ProjectFiles => ({
  readFile: (name) => {
    const path = isAbsolute(name) ? name : join(root, name);
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      if (isMissing(path, error)) return undefined;
      throw error;
    }
  },
  listFiles: (folder) =>
    isFolder(join(root, folder)) ? listBelow(root, folder, new Set([realpathSync(root)])) : [],
});
