/**
 * Files in folders, whatever serves them (SFTP, a local disk): options, selection, order, paths and item fields.
 *
 * Keeps true: every connector of folders understands the same options, lists in the same order (UTF-16 order of the
 * path), never offers a temporary file of ours as a source, and never lets a key leave its target folder.
 */
import { z } from 'zod';
import { defineDiagnostic, type DiagnosticKind } from '../core/errors/diagnostic.js';
import { TidemarkError } from '../core/errors/error.js';
import { fileFormatFields } from '../formats/options.js';
import type { ListedFile, OptionFinding } from './connector.js';
import { targetBadKey } from './file-errors.js';
import { compilePattern, field, filePattern, itemText, predicate, runText } from './fields.js';

export const folderSourceOptions = z.strictObject({
  path: runText('Folder whose files are read, or one file'),
  pattern: filePattern(
    'Regular expression on the file name, anchored at the start; unset takes every file',
  ).optional(),
  file_name: runText('Exact name of the file to read; wins over `pattern`').optional(),
  recursive: field(z.boolean(), { description: 'Read the files of folders below, too' }).default(
    false,
  ),
  predicate: predicate(),
  check_is_modifying: field(z.boolean(), {
    description: 'Leave out files that were modified less than 60 s ago by the clock of the worker',
  }).default(false),
  delete_source: field(z.boolean(), {
    description: 'Delete each file after its copy was published and verified',
  }).default(false),
  ...fileFormatFields,
});
export type FolderSourceOptions = z.output<typeof folderSourceOptions>;

export const folderTargetOptions = z.strictObject({
  path: itemText('Folder that is written to; it is made when it does not exist'),
  key: itemText(
    'Path of the written file below `path`; unset keeps the path below the listed folder',
  ).optional(),
  ...fileFormatFields,
});
export type FolderTargetOptions = z.output<typeof folderTargetOptions>;

/** `check_is_modifying`: how old a file must be. */
export const MODIFYING_MS = 60_000;

export const folderItemFields = {
  file_name: 'Name of the file with its extension: `orders.csv`',
  name: 'Name without the last extension: `orders`',
  ext: 'Last extension with its dot: `.csv`; empty where there is none',
  path: 'Folder of the file below `root_path`; empty at the root',
  file_path: 'Path below `root_path`, with the name',
  full_file_path: 'Path with `root_path`',
  root_path: 'The folder that is listed',
  file_size: 'Bytes',
  modified_ts: 'Modification time, epoch seconds',
  modified_date: 'Modification time, ISO 8601 in UTC',
} as const satisfies Readonly<Record<string, string>>;

export const folderItemFieldMistakes: Readonly<Record<string, string>> = {
  object_name: 'file_name',
  size: 'file_size',
  key: 'full_file_path',
  object_path: 'file_path',
  modified_dt: 'modified_date',
};

/** Collapses `//` and `/./` and drops a trailing `/`; keeps `..`, which the callers refuse or leave to the server. */
export const plainPath = (path: string): string => {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return (path.startsWith('/') ? '/' : '') + parts.join('/');
};

export const joinPath = (folder: string, name: string): string =>
  folder === '' ? name : folder.endsWith('/') ? folder + name : `${folder}/${name}`;

export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The folder of a path: `/` for `/a`, empty for `a`. */
export const folderName = (path: string): string => {
  const cut = path.lastIndexOf('/');
  return cut > 0 ? path.slice(0, cut) : path.slice(0, cut + 1);
};

const isoDate = (epochSeconds: number): string => {
  const date = new Date(epochSeconds * 1000);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
};

/** A listed file with the values of `source.item.*`. `root` is the listed folder, `path` begins with it. */
export const listedFile = (
  root: string,
  file: { readonly path: string; readonly size: number; readonly modified: string },
): ListedFile => {
  const relativePath = file.path.slice(root.endsWith('/') ? root.length : root.length + 1);
  const fileName = baseName(relativePath);
  const dot = fileName.lastIndexOf('.');
  const cut = dot > 0 ? dot : fileName.length;
  const modifiedSeconds = Number(file.modified);
  return {
    identity: { path: file.path, size: file.size, modified: file.modified },
    relativePath,
    fields: {
      file_name: fileName,
      name: fileName.slice(0, cut),
      ext: fileName.slice(cut),
      path: folderName(relativePath),
      file_path: relativePath,
      full_file_path: file.path,
      root_path: root,
      file_size: file.size,
      modified_ts: modifiedSeconds,
      modified_date: isoDate(modifiedSeconds),
    },
  };
};

const temporaryMark = '.tidemark-';
const nameBytesMax = 255;

/** UTF-8 length, without Buffer: this file is a contract. */
const utf8Bytes = (text: string): number => new TextEncoder().encode(text).length;

/** The hidden name under which a file is written before it appears; `tag` tells units apart. */
export const temporaryName = (name: string, tag: string): string => {
  const full = `.${name}${temporaryMark}${tag}`;
  return utf8Bytes(full) <= nameBytesMax ? full : `.${name.slice(0, 40)}${temporaryMark}${tag}`;
};

export const isTemporaryName = (name: string): boolean =>
  name.startsWith('.') && name.includes(temporaryMark);

/** Which names the options take; compiled once per listing. */
export const nameSelector = (
  options: Pick<FolderSourceOptions, 'file_name' | 'pattern'>,
): ((name: string) => boolean) => {
  if (options.file_name !== undefined) return (name) => name === options.file_name;
  const pattern = options.pattern === undefined ? undefined : compilePattern(options.pattern);
  return (name) => !isTemporaryName(name) && (pattern === undefined || pattern.test(name));
};

/** Would these options list that file? A relative `path` is below the login folder, so its end is compared. */
export const folderCovers = (
  options: FolderSourceOptions,
  file: { readonly path: string },
): boolean => {
  const root = plainPath(options.path);
  const takes = nameSelector(options);
  if (!takes(baseName(file.path))) return false;
  const inside = (folder: string): boolean =>
    root.startsWith('/') ? folder === root : folder === root || folder.endsWith(`/${root}`);
  if (inside(file.path) || inside(folderName(file.path))) return true;
  if (options.recursive !== true) return false;
  for (let folder = folderName(file.path); folder !== '' && folder !== '/';) {
    folder = folderName(folder);
    if (inside(folder)) return true;
  }
  return false;
};

const patternIgnored = defineDiagnostic({
  code: 'source/pattern-ignored',
  severity: 'warning',
  summary: 'A source names one file exactly and has a pattern, which has no effect.',
  fix: 'Remove `pattern` or `file_name`.',
});

/** Of every connector of folders. */
export const folderFindings: readonly DiagnosticKind[] = [patternIgnored];

/** Findings that the schema cannot say: a name and a pattern together. */
export const checkFolderSource = (options: FolderSourceOptions): readonly OptionFinding[] =>
  options.file_name !== undefined && options.pattern !== undefined
    ? [
        {
          path: ['pattern'],
          kind: patternIgnored,
          message: 'pattern has no effect beside file_name, which names one file exactly',
          fix: 'Remove one of the two.',
        },
      ]
    : [];

const keyFault = (key: string, namesNothing: boolean): string | undefined => {
  const name = baseName(key);
  if (namesNothing) return 'names no file';
  if (key.split('/').includes('..')) return 'leaves its folder by ".."';
  if (key.includes('\0')) return 'holds a zero byte';
  if (isTemporaryName(name)) return 'has the form of our own temporary files';
  const bytes = utf8Bytes(name);
  return bytes > nameBytesMax
    ? `has a name of ${bytes} bytes, at most ${nameBytesMax} are possible`
    : undefined;
};

/** `path/key`, unless the key already starts with the path (D3); without a key, the path below the listed folder. */
export const folderTargetKey = (options: FolderTargetOptions, relativePath: string): string => {
  const root = plainPath(options.path);
  const below = plainPath(options.key ?? relativePath);
  const starts = options.key !== undefined && below.startsWith(joinPath(root, ''));
  const key = starts ? below : joinPath(root, below.replace(/^\//, ''));
  const wrong = keyFault(key, below === '' || below === '/' || (options.key ?? '').endsWith('/'));
  if (wrong === undefined) return key;
  throw new TidemarkError(targetBadKey, `the target path ${JSON.stringify(key)} ${wrong}`);
};
