/**
 * The mark of a file sensor: a time plus the identities that were taken within `lookback`, never a time alone (G2).
 *
 * New is what is listed, not older than the lookback below the mark's time, and not among the identities taken. Files
 * of the same second, files that appear late with an old time and new versions under an old name are all taken, once.
 */
import type { TriggerItem } from '../plan/plan.js';
import type { Mark } from '../plan/rows.js';

export interface SensorMark {
  /** Largest modification time taken, epoch seconds; null before the first item. */
  readonly timeS: number | null;
  /** Identities taken within the lookback: 16 hex digits of the digest, a colon, whole epoch seconds in base 36. */
  readonly seen: readonly string[];
  /** Rises when somebody sets the mark; part of the ids of runs, so that items may run again on purpose. */
  readonly generation: number;
  /** Set by hand: nothing that is not newer is taken, also within the lookback; epoch seconds. */
  readonly setToS?: number;
  /** Of a sensor of rows: every row up to it has been handed over. */
  readonly rows?: Mark;
}

export const firstMark: SensorMark = { timeS: null, seen: [], generation: 1 };

export interface SeenItem {
  /** 16 hex digits of the identity's digest. */
  readonly digest: string;
  /** Modification time, epoch seconds. */
  readonly timeS: number;
}

const entryOf = (item: SeenItem): string => `${item.digest}:${Math.floor(item.timeS).toString(36)}`;

const timeOf = (entry: string): number => Number.parseInt(entry.slice(entry.indexOf(':') + 1), 36);

/** Oldest modification time that still counts as new, epoch seconds; null: everything counts. */
export const floorOf = (
  mark: SensorMark,
  lookbackMs: number,
  initialCursor: string | null,
): number | null => {
  if (mark.timeS === null) return initialCursor === null ? null : Number(initialCursor);
  const floor = mark.timeS - lookbackMs / 1000;
  return initialCursor === null ? floor : Math.max(floor, Number(initialCursor));
};

/** A test for "not taken yet", built once for each poll. */
export const isNew = (
  mark: SensorMark,
  lookbackMs: number,
  initialCursor: string | null,
): ((item: SeenItem) => boolean) => {
  const seen = new Set(mark.seen.map((entry) => entry.slice(0, entry.indexOf(':'))));
  const floor = floorOf(mark, lookbackMs, initialCursor) ?? Number.NEGATIVE_INFINITY;
  const setTo = mark.setToS ?? Number.NEGATIVE_INFINITY;
  return (item) => item.timeS >= floor && item.timeS > setTo && !seen.has(item.digest);
};

/** The mark that somebody sets by hand: what is newer is taken, again if need be; null takes everything. */
export const setMarkTo = (mark: SensorMark, timeS: number | null): SensorMark => ({
  timeS,
  seen: [],
  generation: mark.generation + 1,
  ...(timeS === null ? {} : { setToS: timeS }),
});

/** The mark after these items were handed over. What fell out of the lookback is forgotten. */
export const moveMark = (
  mark: SensorMark,
  taken: readonly SeenItem[],
  lookbackMs: number,
): SensorMark => {
  if (taken.length === 0) return mark;
  const times = taken.map((item) => item.timeS);
  const timeS = Math.max(mark.timeS ?? Number.NEGATIVE_INFINITY, ...times);
  const oldest = Math.floor(timeS - lookbackMs / 1000);
  const seen = new Set([...mark.seen, ...taken.map(entryOf)]);
  return { ...mark, timeS, seen: [...seen].filter((entry) => timeOf(entry) >= oldest) };
};

/** One item that a sensor found, with its digest. */
export interface Hit {
  readonly item: TriggerItem;
  readonly digest: string;
  /** Of a sensor of rows: the mark once this window has been handed over. */
  readonly rows?: Mark;
}

/** More ties than these are not carried in the sensor's own history: the rule of the ceiling stands alone then. */
export const rowTiesMax = 500;

/** The mark behind a window of rows. */
export const moveRowMark = (mark: SensorMark, rows: Mark): SensorMark => ({
  ...mark,
  rows: { ...rows, seen: rows.seen === null || rows.seen.length > rowTiesMax ? null : rows.seen },
});

/** The mark of rows that somebody sets by hand: rows above it are taken; null takes everything again. */
export const setRowMarkTo = (
  mark: SensorMark,
  column: string,
  value: string | null,
): SensorMark => {
  const { rows: _before, ...rest } = mark;
  const raised = { ...rest, generation: mark.generation + 1 };
  return value === null ? raised : { ...raised, rows: { column, type: '', value, seen: null } };
};

/** What a poll saw: the result of `<kind>.watch`. */
export interface WatchOutcome {
  readonly hits: readonly Hit[];
  readonly polls: number;
  /** Files that are new but not yet known to be complete. */
  readonly unsettled: number;
  /** Polls in a row that failed, at the end of this watch. */
  readonly failures: number;
}
