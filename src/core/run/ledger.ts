/**
 * The ledger: what the target itself knows of one asset and partition. Pure: documents in, documents out; who stores
 * them does so by compare-and-swap.
 *
 * Keeps true: at most one window is open; a token only rises; a window is published once, by the holder of the newest
 * token, and the mark moves in that same step.
 */
import type { Mark } from '../plan/rows.js';

export const ledgerVersion = 1;

export interface OpenWindow {
  /** Unique in the asset and partition. */
  readonly id: string;
  /** `shapeHash` of the plan that opened it. */
  readonly shapeHash: string;
  readonly low: Mark | null;
  /** Null: the window has no cursor, it is everything that the plan reads. */
  readonly high: Mark | null;
  readonly token: number;
  /** Fence of the whole asset when it was opened; a partition publishes only if it is unchanged. */
  readonly assetToken: number;
  /** Workflow id and run id of the run that opened it. */
  readonly owner: string;
  /** ISO 8601. */
  readonly openedAt: string;
  /** Everything temporary or unpublished that it may have made, so that another run can discard it by name. */
  readonly names: readonly string[];
}

export interface PublishedWindow {
  readonly id: string;
  readonly low: string | null;
  readonly high: string | null;
  /** From 1: which of the windows in a row that began at `low` it is; kept, because only 20 windows are. */
  readonly repeat: number;
  readonly token: number;
  readonly rows: number;
  readonly publishedAt: string;
  /** What stands at the target because of it: object keys, or the table. At most 20. */
  readonly names: readonly string[];
}

export interface AuditEntry {
  readonly at: string;
  readonly what: string;
}

export interface LedgerDocument {
  readonly version: number;
  readonly project: string;
  readonly asset: string;
  /** Empty: the whole asset. */
  readonly partition: string;
  /** The fence; never goes back. */
  readonly token: number;
  readonly mark: Mark | null;
  readonly open: OpenWindow | null;
  /** The newest last; at most 20. */
  readonly published: readonly PublishedWindow[];
  /** How many windows were published in all. */
  readonly windows: number;
  readonly audit: readonly AuditEntry[];
}

export interface LedgerName {
  readonly project: string;
  readonly asset: string;
  /** Empty: the whole asset. */
  readonly partition: string;
}

/** What a new attempt to work on the asset finds, decided from the document alone. */
export type Beginning =
  /** A window of the same shape is open: finish it. */
  | { readonly kind: 'finish'; readonly window: OpenWindow }
  /** Nothing usable is open; `discard` is what must be discarded by name first. */
  | { readonly kind: 'open'; readonly low: Mark | null; readonly discard: OpenWindow | null };
