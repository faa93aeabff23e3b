/**
 * Keys: one rule for `key` and `prefix` on every side (design D3), what a pattern is compared with (D11), and
 * which keys a target refuses. Pure.
 */
import { TidemarkError } from '../../core/errors/error.js';
import type { TargetAddress } from '../../core/plan/file.js';
import { targetBadKey } from '../file-errors.js';
import { compilePattern } from '../fields.js';
import { isLedgerPath, ledgerFolderName } from '../ledger-place.js';
import type { S3Connection, S3SourceOptions, S3TargetOptions } from './options.js';

const longestKeyBytes = 1024;

const folderOf = (prefix: string): string =>
  prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;

/** `prefix/key`, unless the key already starts with the prefix. */
export const joinKey = (prefix: string, key: string): string =>
  prefix === '' || key === prefix || key.startsWith(folderOf(prefix))
    ? key
    : `${folderOf(prefix)}${key.replace(/^\/+/, '')}`;

export const nameOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/** The path below the listed folder: what is kept under a target's prefix. */
export const relativePathOf = (prefix: string, key: string): string => {
  const folder = folderOf(prefix);
  if (key.startsWith(folder)) return key.slice(folder.length).replace(/^\/+/, '');
  // A prefix that ends within a name: `raw/st` lists `raw/stock.csv`, whose folder is `raw`.
  return key.slice(prefix.lastIndexOf('/') + 1).replace(/^\/+/, '');
};

/** What the options of a source or sensor choose. */
export interface Selection {
  /** The one object that is meant, or null for all below the prefix. */
  readonly exactKey: string | null;
  readonly prefix: string;
  chooses(key: string): boolean;
}

export const selectionOf = (options: S3SourceOptions): Selection => {
  const { key, prefix } = options;
  const exactKey = key === undefined ? null : joinKey(prefix, key);
  const pattern = options.pattern === undefined ? null : compilePattern(options.pattern);
  const matches = (candidate: string): boolean =>
    pattern === null ||
    [candidate, nameOf(candidate), relativePathOf(prefix, candidate)].some((text) =>
      pattern.test(text),
    );
  const chooses = (candidate: string): boolean =>
    (exactKey === null
      ? candidate.startsWith(prefix) && !isLedgerPath(relativePathOf(prefix, candidate))
      : candidate === exactKey) && matches(candidate);
  return { exactKey, prefix, chooses };
};

const refuse = (key: string, wrong: string, right: string): never => {
  throw new TidemarkError(
    targetBadKey,
    `choosing the key of a target object: ${JSON.stringify(key)} ${wrong}; ${right}`,
  );
};

const checkKey = (key: string): string => {
  if (key === '') refuse(key, 'is empty', 'set `key` or `prefix`');
  if (key.endsWith('/')) refuse(key, 'names a folder', 'end it with the name of an object');
  const bytes = Buffer.byteLength(key);
  if (bytes > longestKeyBytes) {
    refuse(key, `has ${String(bytes)} bytes`, `S3 takes ${String(longestKeyBytes)} at most`);
  }
  if (key.split('/').some((segment) => segment === '.' || segment === '..')) {
    refuse(key, 'leaves its folder', 'leave out the segments `.` and `..`');
  }
  if (key.includes('\0')) refuse(key, 'holds a NUL character', 'leave it out');
  return key;
};

/** The bucket of options: their own, else that of the connection, else ''. */
export const bucketOf = (
  connection: S3Connection,
  options: { readonly bucket_name?: string | undefined },
): string => options.bucket_name ?? connection.bucket_name ?? '';

const requiredBucket = (connection: S3Connection, options: S3TargetOptions): string => {
  const bucket = bucketOf(connection, options);
  if (bucket !== '') return bucket;
  throw new TidemarkError(
    targetBadKey,
    'choosing the bucket of a target object: none is named; set `bucket_name` of the target or of its connection',
  );
};

/** At the top of the bucket: a prefix may change from run to run, and the mark must not change with it. */
export const ledgerFolderOf = (
  connection: S3Connection,
  options: S3TargetOptions,
): TargetAddress => ({ container: requiredBucket(connection, options), key: ledgerFolderName });

export const addressOf = (
  connection: S3Connection,
  options: S3TargetOptions,
  relativePath: string,
): TargetAddress => {
  const container = requiredBucket(connection, options);
  const prefix = options.prefix.replace(/^\/+/, '');
  return { container, key: checkKey(joinKey(prefix, options.key ?? relativePath)) };
};
