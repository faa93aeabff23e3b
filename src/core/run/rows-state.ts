/** The state of an asset that moves rows, and the vocabulary of its reducer. Plain JSON: continue-as-new carries it. */
import type { FileIdentity, ObjectOrder, UploadHandle } from '../plan/file.js';
import type { ItemPage } from '../plan/plan.js';
import type { RowKey, RowShape } from '../plan/rows.js';
import type { LaneCheckpoint } from './lane.js';
import type { OpenWindow } from './ledger.js';
import type { LoadOutcome, PreparedLoad } from './load.js';
import type { CheckResult } from './receipt.js';

/**
 * One lane: rows between two keys, or one file. Lanes of files are numbered by a digest of the file's identity, so that
 * another run that goes on with the window finds the same lanes.
 */
export interface LanePlan {
  readonly lane: number;
  /** Rows from a database: `after < key <= upTo`; null where rows come from a file. */
  readonly range: { readonly after: RowKey | null; readonly upTo: RowKey | null } | null;
  /** Null where rows come from a database. */
  readonly file: FileIdentity | null;
  /** The object to write; null where rows go to a database. */
  readonly order: ObjectOrder | null;
  /** Rows whose cursor is NULL are read at the end of this lane. */
  readonly withNulls?: true;
}

/** What `begin` found and opened. */
export interface Begun {
  /** Nothing is new: nothing is written and no window is open. */
  readonly isEmpty: boolean;
  /** Without the digests of ties: whoever needs them reads the ledger. Null: the asset keeps no ledger. */
  readonly window: OpenWindow | null;
  /** Some row was taken by its key at one of the marks: readers must ask the ledger which. */
  readonly hasTies: boolean;
  /** Of a database source; null where rows come from files. */
  readonly shape: RowShape | null;
  /** Empty where rows come from files: those are listed page by page. */
  readonly lanes: readonly LanePlan[];
  /** Null where rows go to files. */
  readonly load: PreparedLoad | null;
  /** Where objects of the window go, or would have gone; null where rows go to a table. */
  readonly place: { readonly container: string; readonly key: string } | null;
  /** Where the window ends and why, in words; empty without a window. */
  readonly ceiling: string;
  readonly waiting: number | null;
  readonly nullCursors: number;
  /** An earlier run had opened the window: it was finished, not opened. */
  readonly isFinished: boolean;
}

/** What one activity of a lane reports; sums are of the whole lane so far. */
export interface LaneOutcome {
  readonly lane: number;
  readonly done: boolean;
  readonly rows: number;
  /** Bytes as they stand at the target: of the object, or of the staged pages. */
  readonly bytes: number;
  readonly crc32: string;
  /** Only of lanes that go to objects. */
  readonly checkpoint: LaneCheckpoint | null;
  /** Rows and bytes that this activity read, in all its attempts, as far as their heartbeats told. */
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly retries: number;
}

export interface LaneState {
  readonly plan: LanePlan;
  readonly upload: UploadHandle | null;
  readonly outcome: LaneOutcome | null;
  readonly inFlight: boolean;
}

/** A lane that is done, with what publishing needs. */
export interface DoneLane {
  readonly plan: LanePlan;
  readonly upload: UploadHandle | null;
  readonly outcome: LaneOutcome;
}

export interface RowsTotals {
  readonly rows: number;
  readonly bytes: number;
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly retries: number;
  readonly filesScanned: number;
  readonly filesFiltered: number;
  readonly filesSkipped: number;
}

export interface RowsPublished {
  readonly load: LoadOutcome | null;
  /** Objects that were completed, with what the target reports. */
  readonly objects: readonly {
    readonly container: string;
    readonly key: string;
    readonly size: number;
    readonly crc32: string | null;
  }[];
}

export interface RowsState {
  readonly phase: 'begin' | 'move' | 'check' | 'publish' | 'done';
  readonly begun: Begun | null;
  readonly listing: 'none' | 'to-do' | 'running' | 'finished';
  readonly after: string | null;
  /** Lanes that nobody has started. */
  readonly queue: readonly LanePlan[];
  readonly lanes: Readonly<Record<string, LaneState>>;
  readonly done: readonly DoneLane[];
  /** Something that was read is not what it was: once nothing is under way the window starts again. */
  readonly isStale: boolean;
  readonly restarts: number;
  readonly running: number;
  readonly totals: RowsTotals;
  readonly checks: readonly CheckResult[];
  readonly published: RowsPublished | null;
}

export type RowsAction =
  | { readonly do: 'begin' }
  | { readonly do: 'list'; readonly after: string | null }
  | { readonly do: 'open'; readonly lane: LanePlan }
  | { readonly do: 'lane'; readonly lane: LaneState }
  | { readonly do: 'restart'; readonly restart: number }
  | { readonly do: 'check' }
  | { readonly do: 'publish' };

export type RowsEvent =
  | { readonly kind: 'begun'; readonly begun: Begun }
  | { readonly kind: 'listed'; readonly page: ItemPage; readonly lanes: readonly LanePlan[] }
  | { readonly kind: 'opened'; readonly lane: number; readonly upload: UploadHandle }
  | { readonly kind: 'moved'; readonly outcome: LaneOutcome }
  | {
      readonly kind: 'stale';
      readonly lane: number | null;
      readonly rowsRead: number;
      readonly bytesRead: number;
    }
  | { readonly kind: 'restarted' }
  | { readonly kind: 'checked'; readonly checks: readonly CheckResult[] }
  | { readonly kind: 'published'; readonly published: RowsPublished };

const nothing: RowsTotals = {
  rows: 0,
  bytes: 0,
  rowsRead: 0,
  bytesRead: 0,
  retries: 0,
  filesScanned: 0,
  filesFiltered: 0,
  filesSkipped: 0,
};

export const startRows = (): RowsState => ({
  phase: 'begin',
  begun: null,
  listing: 'none',
  after: null,
  queue: [],
  lanes: {},
  done: [],
  isStale: false,
  restarts: 0,
  running: 0,
  totals: nothing,
  checks: [],
  published: null,
});
