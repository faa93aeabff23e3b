/**
 * The nouns of moving rows: what is read, between which marks, in which format, into which table.
 * Plain JSON; they travel in plans, activity inputs and results. Values of cursors and keys are text of the source's own
 * type, exactly as the source wrote it; they never pass through a JavaScript Date or Number (promise G3).
 */

/** What generic code needs to know of a type; the type's own name stays beside it. */
export type ColumnFamily =
  | 'integer'
  | 'decimal'
  | 'float'
  | 'boolean'
  | 'text'
  | 'binary'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'json'
  | 'other';

export interface Column {
  readonly name: string;
  /** As the database declares it, with its modifiers: `numeric(12,2)`. */
  readonly type: string;
  readonly family: ColumnFamily;
  readonly nullable: boolean;
}

/**
 * SQL in pieces (D14): text of the author, and values between that the connector quotes. `text` is an exact text,
 * `instant` an ISO 8601 point in time that becomes the database's own timestamp; a `mark` is filled in when the window
 * is known: `last_cursor` is the low mark, `now` the high one. A `secret` stays a name in every plan (D12): whoever hands
 * the statement to a connector puts the value in its place.
 */
export type SqlPiece =
  | string
  | { readonly value: string; readonly as: 'text' | 'instant' }
  | { readonly secret: string; readonly default?: string }
  | { readonly mark: 'last_cursor' | 'now' };

export type SqlText = readonly SqlPiece[];

export interface TableName {
  /** Null: the connection's default schema. */
  readonly schema: string | null;
  readonly name: string;
}

/** What is read: a table or a query, never both. */
export interface RowQuery {
  readonly table: TableName | null;
  readonly sql: SqlText | null;
  /** Select list with `table`; null takes every column. */
  readonly columns: readonly string[] | null;
  /** `primary_key` as the YAML declares it; null: the catalog is asked. */
  readonly key: readonly string[] | null;
  /** Cursor column, when the asset is incremental. */
  readonly cursor: string | null;
}

export interface CursorShape {
  readonly column: string;
  readonly type: string;
  readonly family: ColumnFamily;
}

/** What the source says about a query. */
export interface RowShape {
  readonly columns: readonly Column[];
  /**
   * Columns by which the read is paged: unique together and not null. Null: the read cannot resume and starts again from
   * its beginning.
   */
  readonly key: readonly string[] | null;
  /** Types of `key`, in its order; empty without one. */
  readonly keyTypes?: readonly string[];
  /** In words: `primary key`, `unique index orders_ref`, `declared`; where `key` is null, why. */
  readonly keyFrom: string;
  readonly cursor: CursorShape | null;
  /** Estimates for sizes and progress; never compared with anything. Null: unknown. */
  readonly rows: number | null;
  readonly rowBytes: number | null;
}

/** Values of the order columns of one row, as text: the cursor first where there is one, then the key. */
export type RowKey = readonly string[];

/**
 * The high-water mark: every row whose cursor is at or below `value` has been taken, and of those at `value` exactly the
 * ones in `seen` when it is given. Later ones with that same value are still new.
 */
export interface Mark {
  readonly column: string;
  readonly type: string;
  readonly value: string;
  /** Digests of the keys taken at `value`; null: they were too many, or the read has no key. */
  readonly seen: readonly string[] | null;
}

/** How windows of an asset are chosen. */
export interface MarkPlan {
  readonly column: string;
  /** Where the first window begins (exclusive); null: at the beginning. */
  readonly initial: string | null;
  /** How far below the source's clock the window ends where the source cannot say what is still open. */
  readonly settleMs: number;
  readonly nulls: 'fail' | 'include' | 'skip';
}

/** The bounds of a read, as `RowSource.open` takes them: `low < cursor <= high`, ties as in `Mark`. */
export interface WindowRange {
  readonly column: string;
  readonly type: string;
  readonly low: string | null;
  readonly seenAtLow: readonly string[] | null;
  readonly high: string;
  readonly seenAtHigh: readonly string[] | null;
}

export interface CsvFormat {
  readonly kind: 'csv';
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  readonly quoting: 'minimal' | 'all' | 'nonnumeric' | 'none';
  /** What stands for NULL, unquoted; an empty string is then written as two quotes. */
  readonly nullText: string;
  readonly header: boolean;
  readonly lineTerminator: '\n' | '\r\n';
}

/** One JSON object for each line. */
export interface JsonlFormat {
  readonly kind: 'jsonl';
}

export type RowFormat = CsvFormat | JsonlFormat;

export type ParquetCompression = 'snappy' | 'gzip' | 'zstd' | 'brotli' | 'none';

export interface FileFormat {
  readonly rows: RowFormat;
  readonly compression: 'none' | 'gzip';
  /**
   * Each object is a Parquet file, made of `rows` once all of its rows are there, with the types of the source's columns.
   * Absent: objects hold the rows as they are.
   */
  readonly parquet?: { readonly compression: ParquetCompression };
}

/** Between two databases, and the default of files. */
export const plainCsv: CsvFormat = {
  kind: 'csv',
  delimiter: ',',
  quote: '"',
  escape: '"',
  quoting: 'minimal',
  nullText: '',
  header: false,
  lineTerminator: '\n',
};

/** What Parquet files are made from; NULL has a spelling of its own. */
export const spoolCsv: CsvFormat = { ...plainCsv, nullText: '\\N' };

/** The rows of a target that one partition owns: it replaces them and touches no others. */
export type PartitionScope =
  | { readonly column: string; readonly start: string; readonly end: string }
  | { readonly column: string; readonly value: string };

/** How rows get into a table. */
export interface LoadPlan {
  readonly table: TableName;
  /** `append` inserts; `upsert` inserts or updates by `key`; `replace` exchanges the contents. */
  readonly mode: 'append' | 'upsert' | 'replace';
  readonly key: readonly string[] | null;
  readonly matchColumns: 'name' | 'position';
  readonly autoCreate: boolean;
  /** `ALTER TABLE … ADD COLUMN` for columns that only the source has. */
  readonly addNewColumns: boolean;
  /** Fail when the source lacks columns of the table or has others; false: missing ones become NULL, others are left out. */
  readonly failOnColumnMismatch: boolean;
  /** Types of `auto_create_table` by column, as the YAML gives them. */
  readonly columnTypes: Readonly<Record<string, string>>;
  readonly sqlPre: readonly SqlText[];
  readonly sqlPost: readonly SqlText[];
  /** Largest share of rows that a replacement may take away, 0…1; null: all of them may go. */
  readonly maxShrink: number | null;
  readonly partition: PartitionScope | null;
  /** Schema of Tidemark's own tables. */
  readonly ledgerSchema: string;
  /** `TRUNCATE` instead of `DELETE`: faster, and locks readers out. */
  readonly truncate: boolean;
}

/** Sizes and bounds of a read. */
export interface RowSizes {
  /** Rows of the first page; later ones follow the size of the rows. */
  readonly pageRows: number;
  /** `rows_chunk`: no page has more rows. Absent: the bytes alone decide. */
  readonly pageRowsMax?: number;
  /** A page that grows beyond it is read again with fewer rows. */
  readonly pageBytes: number;
  /** A part closes at the first page end at or over it, after compression. */
  readonly partBytes: number;
  /** Parts (of an object) or pages (into a table) of one chunk: one activity's share. */
  readonly chunkParts: number;
  readonly lanes: number;
  readonly workers: number;
}

/** Everything about rows in an asset's plan; absent for copies of bytes. */
export interface RowsPlan {
  /** Whose ledger it is; an empty partition is the whole asset. */
  readonly ledger: { readonly project: string; readonly asset: string; readonly partition: string };
  /** Null: rows come from files. */
  readonly query: RowQuery | null;
  readonly mark: MarkPlan | null;
  /** Of the files on the one side; `plainCsv` without compression between databases. */
  readonly format: FileFormat;
  /** Null: rows go to files. */
  readonly load: LoadPlan | null;
  /** Load files again that were loaded before. */
  readonly force: boolean;
  /** A full refresh was asked for: the read begins at the beginning, whatever the ledger's mark says. */
  readonly fromStart: boolean;
  /** Hash over what decides which rows are moved and how; a window that another hash opened is not finished. */
  readonly shapeHash: string;
  readonly sizes: RowSizes;
}
