/** A load of rows into a table, as it travels between the activities of a run: plain JSON. */
import type { Column, LoadPlan } from '../plan/rows.js';
import type { LedgerName, OpenWindow } from './ledger.js';

/** What a load is about: the plan's part and the window that the ledger granted. */
export interface LoadOrder {
  readonly plan: LoadPlan;
  readonly ledger: LedgerName;
  readonly window: OpenWindow;
}

/** A load that is ready for rows. Plain JSON: it travels as an activity's result. */
export interface PreparedLoad extends LoadOrder {
  /** Name of the staging table, as the window's `names` have it. */
  readonly staging: string;
  /** Columns of the target; empty when `auto_create_table` will make it from what was staged. */
  readonly columns: readonly Column[];
  /** Columns of the staging table, in its order. */
  readonly stagingColumns: readonly Column[];
}

export interface LoadOutcome {
  readonly staged: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Staged rows with a key that a later staged row has too: the later one won. */
  readonly duplicates: number;
  /** Rows that a replacement took away. */
  readonly deleted: number;
  /** The window had been published by an earlier attempt. */
  readonly wasPublished: boolean;
}

export interface LoadedFile {
  readonly path: string;
  /** Digest of the file's identity. */
  readonly digest: string;
}
