/**
 * How the bytes of files change on their way from file to file. Plain JSON; part of an asset's plan. A file is the unit:
 * an encoder never goes on in its middle, so a file that was interrupted is read again from its beginning.
 */
import type { ParquetCompression, RowFormat } from './rows.js';

/** One JSON array of objects. */
export interface JsonFormat {
  readonly kind: 'json';
}

export interface ParquetFormat {
  readonly kind: 'parquet';
  readonly compression: ParquetCompression;
  /** Types that the YAML gives, by column; all others follow from the values. */
  readonly types: Readonly<Record<string, string>>;
  /** False: columns without a type in `types` are text. */
  readonly infersTypes: boolean;
}

export type RecordFormat = RowFormat | JsonFormat | ParquetFormat;

export type Packing = 'none' | 'gzip' | 'zip';

/** One object becomes several, cut at the ends of records. */
export interface Pieces {
  /** A piece has at most so many bytes, before it is packed; a single larger record is a piece of its own. */
  readonly bytes: number;
  /** What is cut. */
  readonly format: RowFormat;
}

export interface Recoding {
  /** `by-name`: each file's own name says it (`.gz`, `.zip`). */
  readonly unpack: Packing | 'by-name';
  /** Null: records stay as they are. */
  readonly records: {
    readonly from: RecordFormat;
    readonly to: RecordFormat;
    /** Columns that are written, in this order; null: all of them. */
    readonly columns: readonly string[] | null;
  } | null;
  readonly pieces: Pieces | null;
  readonly pack: Packing;
  /** The target's `key` names the object, so a file must not become several. */
  readonly isNamed: boolean;
}

/** How a file is packed, after its name where the recoding leaves it to that. */
export const packingOf = ({ unpack }: Recoding, path: string): Packing => {
  if (unpack !== 'by-name') return unpack;
  if (/[^/]\.gz$/i.test(path)) return 'gzip';
  return /[^/]\.zip$/i.test(path) ? 'zip' : 'none';
};

/** May this file become several objects, whose number nobody knows before? */
export const mayBecomeSeveral = (recoding: Recoding, path: string): boolean =>
  recoding.pieces !== null || packingOf(recoding, path) === 'zip';

const extensions: Readonly<Record<RecordFormat['kind'], string>> = {
  csv: '.csv',
  jsonl: '.jsonl',
  json: '.json',
  parquet: '.parquet',
};

const withoutPacking = (path: string, packing: Packing): string => {
  if (packing === 'gzip') return path.replace(/(?<=[^/])\.gz$/i, '');
  return packing === 'zip' ? path.replace(/(?<=[^/])\.zip$/i, '') : path;
};

/** A path with the extension of the format that its records have now; one that no format has stays in the name. */
export const withExtension = (path: string, { records }: Recoding): string => {
  if (records === null || records.from.kind === records.to.kind) return path;
  return (
    path.replace(/(?<=[^/])\.(?:csv|tsv|txt|json|jsonl|ndjson|parquet)$/i, '') +
    extensions[records.to.kind]
  );
};

export const withPacking = (path: string, { pack }: Recoding): string => {
  const extension = { none: '', gzip: '.gz', zip: '.zip' }[pack];
  return path.toLowerCase().endsWith(extension) ? path : path + extension;
};

/** Name of the n-th piece, from 1: `a/b.csv` → `a/b_part_1.csv`. */
export const pieceKey = (key: string, number: number): string => {
  const packed = /(?<=[^/])\.(?:gz|zip)$/i.exec(key)?.[0] ?? '';
  const plain = key.slice(0, key.length - packed.length);
  const extension = /(?<=[^/])\.[^./]+$/.exec(plain)?.[0] ?? '';
  const stem = plain.slice(0, plain.length - extension.length);
  return `${stem}_part_${String(number)}${extension}${packed}`;
};

/**
 * Where a file goes below the target's prefix. Of an archive it is the folder that its entries are put into, because
 * nobody knows them yet.
 */
export const recodedPath = (recoding: Recoding, path: string): string => {
  const packing = packingOf(recoding, path);
  const plain = withoutPacking(path, packing);
  return packing === 'zip' ? plain : withPacking(withExtension(plain, recoding), recoding);
};

/** Where an entry of an archive goes; with a `key` the archive holds exactly one, and that is its name. */
export const entryKey = (recoding: Recoding, folder: string, entry: string): string =>
  recoding.isNamed ? folder : `${folder}/${withPacking(withExtension(entry, recoding), recoding)}`;
