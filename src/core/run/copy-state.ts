/** The state of one asset's copy and the vocabulary of its reducer. Plain JSON: continue-as-new carries it. */
import type { ItemPage, PlannedItem } from '../plan/plan.js';
import type { BatchOutcome, ChunkOutcome, Moved, OpenedUnit, UnitOutcome } from './outcome.js';

/** A large file on its way. */
export interface UnitState {
  readonly item: PlannedItem;
  /** Null until its upload is open. */
  readonly opened: OpenedUnit | null;
  readonly partCount: number;
  /** Part from which nothing has been started yet. */
  readonly nextPart: number;
  readonly chunks: readonly ChunkOutcome[];
  /** Activities of this unit under way. */
  readonly inFlight: number;
  /** Its source changed or its upload vanished: once nothing is under way it is planned again. */
  readonly isStale: boolean;
}

export interface CopyTotals extends Moved {
  readonly scanned: number;
  readonly filtered: number;
  readonly skipped: number;
  /** The deepest folder common to everything written; null before the first key. */
  readonly commonFolder: string | null;
  readonly container: string | null;
}

export interface CopyState {
  /** Where the listing goes on; null when it is finished. */
  readonly after: string | null;
  readonly listing: 'to-do' | 'running' | 'finished';
  /** Items that nobody has started. */
  readonly queue: readonly PlannedItem[];
  /** Large files that are open, by the path of their source. */
  readonly units: Readonly<Record<string, UnitState>>;
  /** How often a file was planned again, by path; only files that were. */
  readonly restarts: Readonly<Record<string, number>>;
  /** Activities under way. */
  readonly running: number;
  readonly totals: CopyTotals;
}

export type CopyAction =
  | { readonly do: 'list'; readonly after: string | null }
  | { readonly do: 'batch'; readonly items: readonly PlannedItem[] }
  | { readonly do: 'open'; readonly item: PlannedItem }
  | {
      readonly do: 'chunk';
      readonly path: string;
      readonly opened: OpenedUnit;
      readonly first: number;
      readonly count: number;
    }
  | {
      readonly do: 'complete';
      readonly path: string;
      readonly opened: OpenedUnit;
      readonly chunks: readonly ChunkOutcome[];
    }
  /** Discards what a stale unit wrote and looks at the file again. */
  | {
      readonly do: 'replan';
      readonly item: PlannedItem;
      readonly opened: OpenedUnit | null;
      /** 1 for the first restart of this file. */
      readonly restart: number;
    };

export type CopyEvent =
  | { readonly kind: 'listed'; readonly page: ItemPage }
  | { readonly kind: 'batch-done'; readonly outcome: BatchOutcome; readonly container: string }
  | { readonly kind: 'opened'; readonly path: string; readonly opened: OpenedUnit }
  | { readonly kind: 'chunk-done'; readonly path: string; readonly outcome: ChunkOutcome }
  | { readonly kind: 'completed'; readonly path: string; readonly outcome: UnitOutcome }
  /** An activity of the unit found that the source changed or the upload vanished. */
  | { readonly kind: 'stale'; readonly path: string; readonly bytesRead: number }
  | { readonly kind: 'replanned'; readonly path: string; readonly item: PlannedItem };

const nothing: CopyTotals = {
  files: 0,
  bytes: 0,
  targetBytes: 0,
  crc32: '00000000',
  targetCrc32: '00000000',
  bytesRead: 0,
  retries: 0,
  keys: [],
  scanned: 0,
  filtered: 0,
  skipped: 0,
  commonFolder: null,
  container: null,
};

export const startCopy = (): CopyState => ({
  after: null,
  listing: 'to-do',
  queue: [],
  units: {},
  restarts: {},
  running: 0,
  totals: nothing,
});

export const isCopyFinished = (state: CopyState): boolean =>
  state.listing === 'finished' &&
  state.queue.length === 0 &&
  state.running === 0 &&
  Object.keys(state.units).length === 0;
