/**
 * The contract of connectors that read or write rows: databases. A row never becomes a JavaScript object on its way:
 * sources write the target's format themselves, targets read it themselves, and bytes flow between.
 */
import type { z } from 'zod';
import type { CheckSpec } from '../core/plan/plan.js';
import type {
  Column,
  LoadPlan,
  Mark,
  MarkPlan,
  RowFormat,
  RowKey,
  RowQuery,
  RowShape,
  SqlText,
  WindowRange,
} from '../core/plan/rows.js';
import type { LedgerDocument, LedgerName } from '../core/run/ledger.js';
import type { LoadedFile, LoadOrder, LoadOutcome, PreparedLoad } from '../core/run/load.js';
import type { CheckResult } from '../core/run/receipt.js';
import type { OpenContext, OptionFinding } from './open-context.js';
import type { RowSourceOptions, RowTargetOptions } from './row-fields.js';

export type { LoadedFile, LoadOrder, LoadOutcome, PreparedLoad } from '../core/run/load.js';

export interface RowSourceCapabilities {
  /** Formats that it writes by itself. */
  readonly writes: readonly RowFormat['kind'][];
  /** Reads pages between keys, so that a read resumes. */
  readonly resumes: 'key-pages' | 'none';
  /** Can say which cursor values may still appear below its clock. */
  readonly ceiling: 'open-transactions' | 'settle';
  /** A cancel ends the statement on the server too. */
  readonly cancelsQueries: boolean;
}

export interface RowTargetCapabilities {
  readonly reads: readonly RowFormat['kind'][];
  readonly modes: readonly LoadPlan['mode'][];
  /** Data, mark and ledger are published in one transaction. */
  readonly publishes: 'transaction';
  readonly cancelsQueries: boolean;
}

/**
 * What rows look like between a source and a target of rows: a format of files, or the form in which databases of one kind
 * hand rows over without making text of them. `name` says everything that both ends have to agree on.
 */
export type WireFormat = RowFormat | { readonly kind: 'native'; readonly name: string };

/** Where a window ends. */
export interface WindowBound {
  /** The new mark once the window is published; null: nothing is new. */
  readonly high: Mark | null;
  /** Rows at or above the ceiling, which wait for a later window; null where nobody counted. */
  readonly waiting: number | null;
  /** Rows whose cursor is NULL. */
  readonly nullCursors: number;
  /** The ceiling and where it comes from, in words, for `explain` and receipts. */
  readonly ceiling: string;
}

export interface ReadOrder {
  readonly query: RowQuery;
  readonly shape: RowShape;
  /** Null: everything that the query gives. */
  readonly window: WindowRange | null;
  readonly format: WireFormat;
}

/** Which rows one read gives: `after < key <= upTo`; null is the open end on either side. */
export interface PageRange {
  readonly after: RowKey | null;
  readonly upTo: RowKey | null;
  /** Write the header of a CSV file before the rows. */
  readonly header: boolean;
}

/** The rows of a read as bytes. `rows` is known when the bytes have ended: what the server counted. */
export interface RowStream extends AsyncIterable<Buffer> {
  rows(): number;
}

/**
 * A read of one lane. `pageEnd` may be called while a `read` is under way, so that the next page's end is known when
 * this one has flowed.
 */
export interface RowReader extends AsyncDisposable {
  /** Key of the `rows`-th row after `after`, and not above `upTo`; null when fewer rows remain. Only with a key. */
  pageEnd(
    after: RowKey | null,
    upTo: RowKey | null,
    rows: number,
    signal: AbortSignal,
  ): Promise<RowKey | null>;
  /** Rows in key order; without a key the whole read in one statement (both ends null). */
  read(page: PageRange, signal: AbortSignal): RowStream;
  /** Rows whose cursor is NULL, for `nulls: include`. */
  readNulls(signal: AbortSignal): RowStream;
}

/**
 * Reads rows of one connection. Safe for concurrent calls; kept open in a pool. A broken connection is opened anew by
 * the next call. Every call honours its signal within a second and then ends its statement on the server too.
 */
export interface RowSource extends AsyncDisposable {
  /** Columns, key, cursor and size of a query. Throws `…/not-found`, `…/bad-sql`, `rows/no-cursor-column`. */
  inspect(query: RowQuery, signal: AbortSignal): Promise<RowShape>;
  /**
   * Fixes where a window ends: below everything that can still appear (correctness §3). Called once for each window,
   * never repeated for it.
   */
  bound(
    query: RowQuery,
    shape: RowShape,
    start: { readonly low: Mark | null; readonly plan: MarkPlan },
    signal: AbortSignal,
  ): Promise<WindowBound>;
  open(order: ReadOrder, signal: AbortSignal): Promise<RowReader>;
  /** Keys that cut the read into `lanes` pieces of about equal size; at most `lanes - 1`, ascending. Only with a key. */
  split(order: ReadOrder, lanes: number, signal: AbortSignal): Promise<readonly RowKey[]>;
  /** The statement that a read of the first page sends, for `explain`; never contains a secret. */
  explain(order: ReadOrder): string;
  /** Name of the native format in which it can write these columns. Absent, or null: there is none. Pure. */
  nativeFormat?(columns: readonly Column[]): string | null;
  /** Number of rows and a few of them, for `explain --live`. */
  count(query: RowQuery, signal: AbortSignal): Promise<number>;
  /** What a SQL sensor sees: rows new since `low`. Null: nothing. */
  newRows(
    query: RowQuery,
    start: { readonly low: Mark | null; readonly plan: MarkPlan },
    signal: AbortSignal,
  ): Promise<{ readonly bound: WindowBound; readonly rows: number } | null>;
}

/** Where ledgers are kept. `tag` changes with every write. */
export interface LedgerStore {
  read(
    name: LedgerName,
    signal: AbortSignal,
  ): Promise<{ readonly document: LedgerDocument; readonly tag: string } | null>;
  /**
   * Writes if the ledger still is what `expected` says (null: there is none), and gives the new tag; null when somebody
   * else wrote. After a lost answer it looks: its own document is success.
   */
  write(
    name: LedgerName,
    document: LedgerDocument,
    expected: string | null,
    signal: AbortSignal,
  ): Promise<string | null>;
}

/** How far one lane of a load is; the target's own answer (G6). */
export interface LaneProgress {
  /** Pages staged, from 1 without gaps. */
  readonly pages: number;
  readonly rows: number;
  readonly bytes: number;
  /** `StagedPage.position` of the last page; null before the first. */
  readonly position: string | null;
  /** CRC32 of the lane's bytes so far, 8 hex digits. */
  readonly crc32: string;
}

export interface StagedPage {
  readonly lane: number;
  /** From 1. */
  readonly number: number;
  /**
   * Where the lane goes on behind this page: a byte offset or a key as JSON. Opaque to the target; asked, like the counts
   * below, when the body has ended: a page that streams does not know its end before.
   */
  position(): string;
  /** Cumulative CRC32 (8 hex digits) and bytes of the lane with this page; asked when the body has ended. */
  crc32(): string;
  bytes(): number;
  /** Names of the columns in the order of the page; must exist in the staging table. */
  readonly columns: readonly string[];
  readonly format: WireFormat;
  /**
   * Rows that the source counted; asked when the body has ended and before the commit, because a stream's rows are known
   * only then. A page with another number is rolled back. Null: only the target counts.
   */
  readonly expectedRows: (() => number) | null;
}

export interface StagedRows {
  /** Rows of the page as the target holds it. */
  readonly rows: number;
  /** Somebody staged a page of that number before: whoever goes on must ask how far the lane is. */
  readonly wasThere: boolean;
}

export interface PublishOrder {
  readonly load: PreparedLoad;
  /** What the window's ledger entry becomes. */
  readonly mark: Mark | null;
  /** Rows that the source side counted; another number of staged rows fails the publish. */
  readonly rows: number;
  /** Files that this window loaded, so that they are not loaded again. */
  readonly files: readonly LoadedFile[];
  /** ISO 8601; the publishing time that the ledger shows. */
  readonly nowIso: string;
}

/** Writes rows of one connection. Safe for concurrent calls; kept open in a pool. */
export interface RowTarget extends AsyncDisposable {
  /** The ledger in this database; `schema` holds Tidemark's own tables, which are created on first use. */
  ledger(schema: string): LedgerStore;
  /** Name of the staging table of a window; pure. */
  stagingName(plan: LoadPlan, ledger: LedgerName, windowId: string): string;
  /**
   * Makes the load ready: table there or to be created, columns matched, staging table there (kept with what is in it).
   * `incoming` are the source's columns; null where only the files know them. Ends older sessions of ours that work on the
   * same ledger with a lower token. Idempotent. Throws `load/…` for tables and columns that do not fit.
   */
  prepare(
    order: LoadOrder,
    incoming: readonly Column[] | null,
    signal: AbortSignal,
  ): Promise<PreparedLoad>;
  /**
   * Name of the native format in which it can read pages of these columns of the staging table, as that table is now. A
   * source that writes a format of the same name may be read in it. Absent, or null: there is none.
   */
  nativeFormat?(
    load: PreparedLoad,
    columns: readonly string[],
    signal: AbortSignal,
  ): Promise<string | null>;
  progress(load: PreparedLoad, lane: number, signal: AbortSignal): Promise<LaneProgress>;
  /** Digests by path of files that were loaded before. */
  loadedFiles(
    order: LoadOrder,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>>>;
  /**
   * Stages one page and its record in one transaction; a page that is there already is not staged again, and may hold other
   * rows than these: `wasThere` says so. Throws `load/bad-row` with file position, never with the row's values.
   */
  stage(
    load: PreparedLoad,
    page: StagedPage,
    body: AsyncIterable<Buffer>,
    signal: AbortSignal,
  ): Promise<StagedRows>;
  /** Empties the staging table: the window starts again. */
  restart(load: PreparedLoad, signal: AbortSignal): Promise<void>;
  /** Judges what was staged. */
  check(
    load: PreparedLoad,
    checks: readonly CheckSpec[],
    signal: AbortSignal,
  ): Promise<readonly CheckResult[]>;
  /**
   * One transaction: fence, ledger, `sql_pre`, publish, `sql_post`. Idempotent by window. Throws `ledger/stale` when a
   * newer token was given out.
   */
  publish(order: PublishOrder, signal: AbortSignal): Promise<LoadOutcome>;
  /** Drops what a window made, by name. Idempotent; never touches anything else. */
  discard(plan: LoadPlan, names: readonly string[], signal: AbortSignal): Promise<void>;
}

export interface RowSourceDeclaration<C, O extends RowSourceOptions> {
  readonly options: z.ZodType<O>;
  readonly capabilities: RowSourceCapabilities;
  check?(options: O): readonly OptionFinding[];
  /** Where it reads, for people: `postgres://host/database public.orders`. */
  describe(connection: C, options: O): string;
  /** Problems of a statement that can be seen without a server: several statements, no SELECT. */
  checkSql?(sql: SqlText): string | null;
  open(connection: C, context: OpenContext): Promise<RowSource>;
}

export interface RowTargetDeclaration<C, O extends RowTargetOptions> {
  readonly options: z.ZodType<O>;
  readonly capabilities: RowTargetCapabilities;
  check?(options: O): readonly OptionFinding[];
  describe(connection: C, options: O): string;
  /**
   * What a statement of `sql_pre` or `sql_post` is: `inside` may run in the publish transaction; `empties-target` is
   * taken as a replacement; anything else is refused with that sentence.
   */
  classifySql(
    sql: SqlText,
    table: LoadPlan['table'],
  ): 'inside' | 'empties-target' | { readonly refused: string };
  open(connection: C, context: OpenContext): Promise<RowTarget>;
}
