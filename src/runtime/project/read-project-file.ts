/** Text of a file of the project, for `fn.file.read`: links that lead out of the project folder are not followed. */
import { readFileSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';

const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR');

/** Undefined where there is no such file inside the folder. `path` is relative, with `/`. */
export const readProjectFile = (root: string, path: string): string | undefined => {
  try {
    const found = realpathSync(join(root, path));
    return found.startsWith(`${realpathSync(root)}${sep}`)
      ? readFileSync(found, 'utf8')
      : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};
