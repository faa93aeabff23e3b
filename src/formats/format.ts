/**
 * The contract of file formats: how records are found in bytes. Rows are never parsed into values here: servers read and
 * write the formats themselves, and what this side needs is where a record ends and what the columns are called.
 */
import type { RowFormat } from '../core/plan/rows.js';

/** Finds the ends of records in a stream of bytes. Holds no bytes itself. */
export interface RecordScanner {
  /**
   * Looks at the next bytes of the stream. `end`: offset in `chunk` just behind the last record that ends in it, 0 when
   * none does. `records`: how many end in it.
   */
  scan(chunk: Buffer): { readonly end: number; readonly records: number };
  /** Are there bytes behind the last end, so that a last record without a terminator is open? */
  readonly isInside: boolean;
}

export interface HeadLine {
  /** Names as the file has them, trimmed, without a byte order mark. */
  readonly columns: readonly string[];
  /** Bytes of the file up to the first record of data. */
  readonly bytes: number;
}

export interface FormatDeclaration {
  readonly kind: RowFormat['kind'];
  readonly title: string;
  /** `csv`; `.gz` is added by whoever compresses. */
  readonly extension: string;
  /** A scanner that starts at the beginning of a record. */
  scanner(format: RowFormat): RecordScanner;
  /**
   * The names of the columns from the first bytes of a file. Null: more bytes are needed (`isWhole` false). With
   * `has_headers: false` there are none, and `columns` is empty. Throws `format/bad-header`.
   */
  head(format: RowFormat, firstBytes: Buffer, isWhole: boolean): HeadLine | null;
}
