/**
 * The ceiling of a window: below it nothing can appear any more (correctness §3).
 *
 * A time cursor stays below the begin of every transaction that is still open, also an idle or a prepared one. Any other cursor
 * is read first; then it is waited until every transaction that was open at that moment has ended.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CursorShape } from '../../core/plan/rows.js';
import { type PgSession, readingName } from './client.js';
import { isTime } from './column-types.js';

export interface Ceiling {
  /** Exclusive bound as text of the cursor's type; null: everything that is there may be taken. */
  readonly value: string | null;
  /** Where it comes from, in words. */
  readonly from: string;
}

const pollMs = 50;

/** A session that begins at this very moment shows itself a little later. */
const marginMs = 1000;

const stateSql = `
SELECT pg_is_in_recovery()::text,
  pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')::text,
  (clock_timestamp() - $1::interval)::text`;

/** Sessions that may still write: not ours that only read, and not those of the server that write no rows. */
const others = `datname = current_database() AND pid <> pg_backend_pid()
     AND backend_type NOT IN ('autovacuum worker', 'walsender')
     AND application_name <> '${readingName}'`;

const openSql = `
SELECT least($1::timestamptz,
  (SELECT min(xact_start) FROM pg_stat_activity
   WHERE ${others} AND xact_start IS NOT NULL),
  (SELECT min(prepared) - $2::interval FROM pg_prepared_xacts WHERE database = current_database()))::text`;

const one = async (
  session: PgSession,
  sql: string,
  values: readonly (string | null)[],
  signal: AbortSignal,
): Promise<readonly (string | null)[]> => (await session.query(sql, values, signal)).rows[0] ?? [];

const secondsText = (ms: number): string => `${String(ms / 1000)} s`;

interface Moment {
  readonly at: string;
  readonly from: string;
}

const momentOf = async (
  session: PgSession,
  settleMs: number,
  signal: AbortSignal,
): Promise<Moment> => {
  const margin = `${String(Math.min(marginMs, settleMs))} milliseconds`;
  const [isStandby, maySee, clock = null] = await one(session, stateSql, [margin], signal);
  const settle = `${String(settleMs)} milliseconds`;
  if (isStandby === 'true') {
    const sql = `SELECT (pg_last_xact_replay_timestamp() - $1::interval)::text`;
    const [at = null] = await one(session, sql, [settle], signal);
    if (at === null) return { at: '-infinity', from: 'a standby that has replayed nothing yet' };
    return { at, from: `what the standby has replayed, minus ${secondsText(settleMs)}` };
  }
  if (maySee !== 'true') {
    const [at] = await one(
      session,
      `SELECT (clock_timestamp() - $1::interval)::text`,
      [settle],
      signal,
    );
    const why = 'the role may not see other sessions (grant pg_read_all_stats)';
    return { at: at ?? '', from: `the clock minus ${secondsText(settleMs)}: ${why}` };
  }
  // The server tells when a transaction was prepared, not when it began: that is taken to be within settle.
  const [at] = await one(session, openSql, [clock, settle], signal);
  const from = at === clock ? 'the clock: no transaction is open' : 'the oldest open transaction';
  return { at: at ?? '', from };
};

/**
 * The moment as the clock of the zone shows it; when clocks are about to be put back, an hour earlier, because that hour
 * comes again.
 */
const clockText = `least($1::timestamptz AT TIME ZONE $2,
  ($1::timestamptz + interval '1 hour') AT TIME ZONE $2 - interval '1 hour')`;

/** Where the window of a column ends, and how long is waited for what cannot be seen. */
export interface Limits {
  readonly settleMs: number;
  /** Zone in which timestamps without a zone, and dates, are meant. */
  readonly timeZone: string;
}

/** Of a time cursor, cut to the column's own type. */
const timeCeiling = async (
  session: PgSession,
  cursor: CursorShape,
  { settleMs, timeZone }: Limits,
  signal: AbortSignal,
): Promise<Ceiling> => {
  const { at, from } = await momentOf(session, settleMs, signal);
  const hasZone = cursor.family === 'timestamptz';
  const [value = null] = await one(
    session,
    `SELECT (${hasZone ? '$1::timestamptz' : clockText})::${cursor.type}::text`,
    hasZone ? [at] : [at, timeZone],
    signal,
  );
  return { value, from: `ceiling ${value ?? ''}, from ${from}` };
};

export interface Settled {
  readonly isSettled: boolean;
  readonly from: string;
}

const endedSql = `
SELECT (pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8)::text,
  (NOT EXISTS (SELECT FROM pg_stat_activity
   WHERE ${others} AND xact_start <= $2::timestamptz))::text`;

/** What was open when a maximum was read. */
export interface Reading {
  /** `pg_snapshot_xmax` of the statement that read it. */
  readonly xmax: string;
  readonly clock: string;
  /** A standby does not know of transactions that have not written yet. */
  readonly isStandby: boolean;
}

/**
 * Waits until everything that was open at the reading has ended: a transaction that took a smaller number from a sequence
 * may still bring it. At most `settleMs`.
 */
export const waitUntilEnded = async (
  session: PgSession,
  reading: Reading,
  settleMs: number,
  signal: AbortSignal,
): Promise<Settled> => {
  const deadline = performance.now() + settleMs;
  if (reading.isStandby) await sleep(settleMs, undefined, { signal });
  for (;;) {
    const [writers, sessions] = await one(session, endedSql, [reading.xmax, reading.clock], signal);
    if (writers === 'true' && sessions === 'true') {
      return {
        isSettled: true,
        from: 'every transaction that was open when the maximum was read has ended',
      };
    }
    if (performance.now() >= deadline) {
      const from = `a transaction from before ${reading.clock} is still open after ${secondsText(settleMs)}: its rows may have smaller values`;
      return { isSettled: false, from };
    }
    await sleep(pollMs, undefined, { signal });
  }
};

/** Null where the cursor is no time: then `waitUntilEnded` decides. */
export const ceilingOf = async (
  session: PgSession,
  cursor: CursorShape,
  limits: Limits,
  signal: AbortSignal,
): Promise<Ceiling | null> =>
  isTime(cursor.type) ? timeCeiling(session, cursor, limits, signal) : null;
