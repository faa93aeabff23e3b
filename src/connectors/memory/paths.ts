/** Paths of files in memory: one rule for `key` and `prefix` (design D3) and for what a pattern is compared with. */
import { TidemarkError } from '../../core/errors/error.js';
import type { TargetAddress } from '../../core/plan/file.js';
import { compilePattern } from '../fields.js';
import { targetBadKey } from '../file-errors.js';
import { isLedgerPath } from '../ledger-place.js';
import type { MemorySourceOptions, MemoryTargetOptions } from './options.js';

const folderOf = (prefix: string): string =>
  prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;

export const joinPath = (prefix: string, key: string): string =>
  key.startsWith(folderOf(prefix)) ? key : folderOf(prefix) + key;

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const relativePathOf = (prefix: string, path: string): string =>
  path.startsWith(folderOf(prefix))
    ? path.slice(folderOf(prefix).length)
    : path.slice(prefix.lastIndexOf('/') + 1);

/** Says of each path whether the options choose it. */
export const chooser = (options: MemorySourceOptions): ((path: string) => boolean) => {
  const { key, prefix } = options;
  const pattern = options.pattern === undefined ? null : compilePattern(options.pattern);
  return (path) => {
    const isPlace =
      key === undefined
        ? path.startsWith(prefix) && !isLedgerPath(relativePathOf(prefix, path))
        : path === joinPath(prefix, key);
    if (!isPlace || pattern === null) return isPlace;
    const texts = [path, nameOf(path), relativePathOf(prefix, path)];
    return texts.some((text) => pattern.test(text));
  };
};

export const addressOf = (options: MemoryTargetOptions, relativePath: string): TargetAddress => {
  const key = joinPath(options.prefix, options.key ?? relativePath);
  const isBad =
    key === '' ||
    key.endsWith('/') ||
    key.split('/').some((segment) => segment === '..' || segment === '.');
  if (isBad) {
    throw new TidemarkError(
      targetBadKey,
      `choosing the path of a target file: ${JSON.stringify(key)} names no file in the folder; set \`key\` or \`prefix\``,
    );
  }
  return { container: '', key };
};
