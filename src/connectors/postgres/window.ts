/** Where a window ends: the largest cursor below the ceiling, and which rows stand at it. */
import { TidemarkError } from '../../core/errors/error.js';
import { invariant } from '../../core/errors/invariant.js';
import type { CursorShape, Mark, MarkPlan, RowQuery, RowShape } from '../../core/plan/rows.js';
import type { WindowBound } from '../row-connector.js';
import { ceilingOf, type Limits, waitUntilEnded } from './ceiling.js';
import type { PgSession } from './client.js';
import { badCursor } from './errors.js';
import { columnOf, fromClause, keyDigest, typedLiteral } from './from-clause.js';
import type { MarkValues } from './quoting.js';
import { aboveLow, whereOf } from './ranges.js';
import { familyOf, isTime } from './column-types.js';

/** More ties than these are not remembered one by one. */
export const tiesMax = 20_000;
/** Rows that wait are told up to this number. */
const countedMax = 1000;

/**
 * A value below the mark, for `'{{ metadata.last_cursor }}'` inside the query: authors write `>`, and rows that share the
 * mark's value must reach the window's own bounds, which decide. Any smaller value does.
 */
export const belowMark = async (
  session: PgSession,
  cursor: CursorShape,
  low: string | null,
  signal: AbortSignal,
): Promise<string | null> => {
  if (low === null) return null;
  const family = familyOf(cursor.type);
  const steps: Readonly<Record<string, string>> = {
    timestamp: `- interval '1 microsecond'`,
    timestamptz: `- interval '1 microsecond'`,
    date: '- 1',
    integer: '- 1',
    decimal: '- 1',
  };
  const step = steps[family];
  if (step === undefined) return family === 'text' ? [...low].slice(0, -1).join('') : null;
  const sql = `SELECT (${typedLiteral(low, cursor.type)} ${step})::text`;
  try {
    return (await session.query(sql, [], signal)).rows[0]?.[0] ?? null;
  } catch (error) {
    // At the end of the type's range there is nothing below.
    if (error instanceof TidemarkError && error.code === 'postgres/bad-data') return null;
    throw error;
  }
};

interface Looking {
  readonly session: PgSession;
  readonly query: RowQuery;
  readonly shape: RowShape;
  readonly cursor: CursorShape;
  readonly low: Mark | null;
  readonly marks: MarkValues;
  readonly limits: Limits;
  readonly signal: AbortSignal;
}

const select = async (
  { session, query, marks, signal }: Looking,
  what: string,
  rest: string,
): Promise<readonly (readonly (string | null)[])[]> =>
  (await session.query(`SELECT ${what} FROM ${fromClause(query, marks)}${rest}`, [], signal)).rows;

const limited = async (looking: Looking, condition: string): Promise<number> => {
  const { session, query, marks, signal } = looking;
  const sql = `SELECT count(*) FROM (SELECT 1 FROM ${fromClause(query, marks)} WHERE ${condition} LIMIT ${String(countedMax + 1)}) AS c`;
  return Number((await session.query(sql, [], signal)).rows[0]?.[0] ?? 0);
};

const largest = async (
  looking: Looking,
  conditions: readonly (string | null)[],
): Promise<string | null> => {
  const cursor = columnOf(looking.cursor.column);
  const known = [`${cursor} IS NOT NULL`, ...conditions.filter((each) => each !== null)];
  const rest = `${whereOf(known)} ORDER BY ${cursor} DESC LIMIT 1`;
  return (await select(looking, `${cursor}::text`, rest))[0]?.[0] ?? null;
};

/** Digests of the rows at a value; null: too many, or no key to tell them apart. */
const tiesAt = async (looking: Looking, value: string): Promise<readonly string[] | null> => {
  const { shape, cursor } = looking;
  if (shape.key === null) return null;
  const condition = `${columnOf(cursor.column)} = ${typedLiteral(value, cursor.type)}`;
  const rest = ` WHERE ${condition} LIMIT ${String(tiesMax + 1)}`;
  const rows = await select(looking, keyDigest(shape.key), rest);
  return rows.length > tiesMax ? null : rows.map(([digest]) => digest ?? '').sort();
};

const markAt = async (looking: Looking, value: string): Promise<Mark> => {
  const { cursor, low } = looking;
  const ties = await tiesAt(looking, value);
  const before = low?.value === value ? (low.seen ?? []) : [];
  const seen = ties === null ? null : [...new Set([...before, ...ties])].sort();
  return {
    column: cursor.column,
    type: cursor.type,
    value,
    seen: seen !== null && seen.length > tiesMax ? null : seen,
  };
};

const lowCondition = ({ low, cursor, shape }: Looking): string | null =>
  aboveLow(
    {
      column: cursor.column,
      type: cursor.type,
      low: low?.value ?? null,
      seenAtLow: low?.seen ?? null,
    },
    shape.key,
  );

const nullsIn = async (looking: Looking): Promise<number> => {
  const { shape, cursor } = looking;
  const column = shape.columns.find(({ name }) => name === cursor.column);
  if (column?.nullable === false) return 0;
  const rows = await select(looking, 'count(*)::text', ` WHERE ${columnOf(cursor.column)} IS NULL`);
  return Number(rows[0]?.[0] ?? 0);
};

const boundTime = async (looking: Looking): Promise<WindowBound> => {
  const { session, cursor, limits, signal } = looking;
  const ceiling = await ceilingOf(session, cursor, limits, signal);
  invariant(ceiling?.value !== undefined && ceiling.value !== null, 'a time has a ceiling');
  const column = columnOf(cursor.column);
  const end = typedLiteral(ceiling.value, cursor.type);
  const value = await largest(looking, [lowCondition(looking), `${column} < ${end}`]);
  return {
    high: value === null ? null : await markAt(looking, value),
    waiting: await limited(looking, `${column} >= ${end}`),
    nullCursors: await nullsIn(looking),
    ceiling: ceiling.from,
  };
};

const boundOther = async (looking: Looking): Promise<WindowBound> => {
  const { session, query, marks, signal, cursor, limits } = looking;
  const column = columnOf(cursor.column);
  // A mark of NaN or Infinity would be above everything that comes.
  const finite = cursor.family === 'decimal' ? `${column} < 'Infinity'` : `${column} IS NOT NULL`;
  const conditions = [finite, lowCondition(looking)].filter((each) => each !== null);
  // One statement: the maximum and what is open belong to the same snapshot.
  const sql = `SELECT (SELECT ${column}::text FROM ${fromClause(query, marks)}${whereOf(conditions)} ORDER BY ${column} DESC LIMIT 1),
    pg_snapshot_xmax(pg_current_snapshot())::text, clock_timestamp()::text, pg_is_in_recovery()::text`;
  const [value = null, xmax, clock, isStandby] =
    (await session.query(sql, [], signal)).rows[0] ?? [];
  const nullCursors = await nullsIn(looking);
  if (value === null) {
    return { high: null, waiting: 0, nullCursors, ceiling: 'no row lies above the mark' };
  }
  const reading = { xmax: xmax ?? '0', clock: clock ?? '', isStandby: isStandby === 'true' };
  const settled = await waitUntilEnded(session, reading, limits.settleMs, signal);
  if (settled.isSettled) {
    return { high: await markAt(looking, value), waiting: 0, nullCursors, ceiling: settled.from };
  }
  const waiting = await limited(looking, lowCondition(looking) ?? 'true');
  return { high: null, waiting, nullCursors, ceiling: settled.from };
};

/** Before the first window the initial cursor, if there is one, stands for the mark. */
export const lowOf = (
  { column, type }: CursorShape,
  { low, plan }: { readonly low: Mark | null; readonly plan: MarkPlan },
): Mark | null =>
  low ?? (plan.initial === null ? null : { column, type, value: plan.initial, seen: null });

export const boundWindow = async (
  session: PgSession,
  read: { readonly query: RowQuery; readonly shape: RowShape; readonly timeZone: string },
  start: { readonly low: Mark | null; readonly plan: MarkPlan },
  signal: AbortSignal,
): Promise<WindowBound> => {
  const { query, shape, timeZone } = read;
  const limits = { settleMs: start.plan.settleMs, timeZone };
  const { cursor } = shape;
  if (cursor === null) {
    throw new TidemarkError(badCursor, `fixing a window: the query has no cursor column`);
  }
  const low = lowOf(cursor, start);
  const below = await belowMark(session, cursor, low?.value ?? null, signal);
  const marks: MarkValues = { type: cursor.type, low: below, high: null };
  const looking = { session, query, shape, cursor, low, marks, limits, signal };
  return isTime(cursor.type) ? boundTime(looking) : boundOther(looking);
};
