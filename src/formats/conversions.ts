/** What files are converted with: the codecs of records, and archives. Activities get it as a port. */
import type { ParquetCompression } from '../core/plan/rows.js';
import type { CellKind, Codec } from './codec.js';

/** The bytes of a file at any position. */
export interface RandomBytes {
  readonly bytes: number;
  /** Fills the buffer. May be called many times at once. */
  read(position: number, buffer: Buffer): Promise<void>;
}

/** One file in an archive. */
export interface ArchiveEntry {
  /** Path within the archive, `/`-separated; it never leaves it. */
  readonly name: string;
  readonly bytes: number;
  readonly packedBytes: number;
  /** Its bytes, checked against the archive's own sums. May be called again. Throws `format/bad-zip`. */
  open(signal: AbortSignal): AsyncIterable<Buffer>;
}

export interface Archives {
  /**
   * The files of an archive, in its own order, without folders. Everything that can be wrong with names, methods and sizes is found
   * here, before any entry is read. Throws `format/bad-zip`, `format/bomb`.
   */
  entries(archive: RandomBytes, signal: AbortSignal): Promise<readonly ArchiveEntry[]>;
  /** An archive of one file. `modifiedS`: epoch seconds that its entry has, so that equal input makes equal bytes. */
  pack(
    pieces: AsyncIterable<Buffer>,
    entry: { readonly name: string; readonly modifiedS: number },
  ): AsyncIterable<Buffer>;
}

export interface ParquetColumn {
  readonly name: string;
  /** As the engine names it. */
  readonly type: string;
  /** Somebody asked for the type, so values need not be of it: each is looked at, and none is rounded or cut. Default: false. */
  readonly isAsked?: boolean;
}

export interface ParquetEngine {
  /** Is there one? Throws `format/no-parquet-engine`. */
  ready(): Promise<void>;
  /**
   * Writes a Parquet file from a file of CSV without a header, whose bytes are written as `\x` and hex digits; gives the
   * number of rows. Throws `format/bad-parquet`, also where a time is infinite or before the
   * year 1, and where a type that was asked for does not hold a value exactly.
   */
  write(
    order: {
      readonly csvPath: string;
      readonly path: string;
      readonly columns: readonly ParquetColumn[];
      /** Rows of the CSV file, for the size of row groups; the engine counts its own. */
      readonly rows: number;
      readonly compression: ParquetCompression;
      /** What stands for NULL, without quotes. */
      readonly nullText: string;
      readonly lineBytesMax: number;
    },
    signal: AbortSignal,
  ): Promise<number>;
  /** Gives all rows of a file as texts, in order, and the number of rows that the file says it has. */
  read(
    order: {
      readonly path: string;
      /** Null: all columns. */
      readonly wanted: readonly string[] | null;
      /** Once, before the first rows. */
      begin(columns: readonly { readonly name: string; readonly kind: CellKind }[]): void;
      /** The next rows; more are read once it has ended. */
      take(rows: readonly (readonly (string | null)[])[]): Promise<void>;
    },
    signal: AbortSignal,
  ): Promise<number>;
}

export interface Conversions {
  readonly codecs: readonly Codec[];
  readonly zip: Archives;
  readonly parquet: ParquetEngine;
}

/** More bytes are taken from a packed file only up to `bombRatio` times its packed size. */
export const bombFreeBytes = 100 * 1024 * 1024;
export const bombRatio = 200;

export const isBomb = (bytes: number, packedBytes: number): boolean =>
  bytes > bombFreeBytes && bytes > packedBytes * bombRatio;
