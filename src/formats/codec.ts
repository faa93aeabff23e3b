/**
 * The contract of formats that are converted into each other: records as cells of bytes, so that no value is parsed that
 * need not be. Numbers stay the text that they came in: none is rounded.
 */
import type { RecordFormat } from '../core/plan/recoding.js';

/**
 * What a cell holds. `text`: UTF-8 without any escape. `literal`: a number, `true` or `false`, as JSON writes it.
 * `nested`: an object or array, as JSON writes it, without line ends.
 */
export type CellKind = 'null' | 'text' | 'literal' | 'nested';

/** Takes the records of one file, in order. Bytes that are given are the caller's again once the call returns. */
export interface RecordSink {
  /** Once, before the first cell: the names of all columns. Not called where whole records are given. */
  begin(columns: readonly string[]): void;
  /** The next cell of the row: `bytes` from `from` up to `to`. */
  cell(kind: CellKind, bytes: Buffer, from: number, to: number): void;
  endRow(): void;
  /** One record as a JSON object; called by readers of JSON that were given no columns. */
  record(bytes: Buffer, from: number, to: number): void;
}

/** Reads the records of one file; made for each anew. */
export interface RecordReader {
  /**
   * Gives the whole records of these bytes to the sink and returns how many bytes they took; the rest is given again,
   * with more behind it. `isLast`: nothing follows. Throws `format/bad-record`, `format/bad-header`, `format/not-utf8`.
   */
  read(bytes: Buffer, isLast: boolean, sink: RecordSink): number;
  /** Records so far. */
  readonly records: number;
  /** Names of all columns that were seen so far, in their order. */
  readonly columns: readonly string[];
}

/** Writes the records of one file; made for each anew. */
export interface RecordWriter extends RecordSink {
  /** What was written since the last call; the caller's own from now on. */
  take(): Buffer;
  /** Everything was given: writes what ends the file. */
  end(): void;
  readonly records: number;
}

export interface Codec {
  readonly kind: RecordFormat['kind'];
  readonly title: string;
  /**
   * `columns`: those that are read, in this order; null gives what the file has. Readers of JSON then give whole records,
   * because no record names the columns of all.
   */
  reader(format: RecordFormat, columns: readonly string[] | null): RecordReader;
  /** Do its writers take whole records? Otherwise they need columns. */
  readonly takesRecords: boolean;
  /** Do its files name their columns before the first record? */
  readonly namesColumns: boolean;
  writer(format: RecordFormat): RecordWriter;
}
