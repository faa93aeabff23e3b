/** Checks of the rows that wait to be published. Messages hold counts, never values. */
import type { CheckSpec } from '../../core/plan/plan.js';
import type { PreparedLoad } from '../../core/run/load.js';
import type { CheckResult } from '../../core/run/receipt.js';
import type { PgSession } from './client.js';
import { quoteIdent, quoteList } from './quoting.js';
import { stagingTable } from './staging.js';

type Judge<T extends CheckSpec['type']> = Extract<CheckSpec, { readonly type: T }>;

interface Asked {
  readonly sql: string;
  /** From the first row of the answer. */
  judge(row: readonly (string | null)[]): Pick<CheckResult, 'passed' | 'message'>;
}

const none = (count: string | null | undefined, what: string) => {
  const bad = Number(count ?? 0);
  return { passed: bad === 0, message: `${String(bad)} of the staged rows ${what}` };
};

const rowCount = (table: string, { min, max }: Judge<'row_count'>): Asked => ({
  sql: `SELECT count(*)::text FROM ${table}`,
  judge: ([count]) => {
    const rows = Number(count);
    const passed = (min === null || rows >= min) && (max === null || rows <= max);
    const allowed = `${min === null ? '' : `at least ${String(min)}`}${max === null ? '' : ` at most ${String(max)}`}`;
    return { passed, message: `${String(rows)} rows, expected ${allowed.trim()}` };
  },
});

const unique = (table: string, { columns }: Judge<'unique'>): Asked => {
  const filled = columns.map((name) => `${quoteIdent(name)} IS NOT NULL`).join(' AND ');
  const list = quoteList(columns);
  return {
    sql: `SELECT coalesce(sum(n - 1), 0)::text FROM (SELECT count(*) AS n FROM ${table} WHERE ${filled} GROUP BY ${list}) AS g`,
    judge: ([count]) => none(count, `repeat ${columns.join(', ')}`),
  };
};

const notNull = (table: string, { columns }: Judge<'not_null'>): Asked => ({
  sql: `SELECT count(*)::text FROM ${table} WHERE ${columns.map((name) => `${quoteIdent(name)} IS NULL`).join(' OR ')}`,
  judge: ([count]) => none(count, `have no ${columns.join(' or no ')}`),
});

const freshness = (table: string, { column, maxAgeMs }: Judge<'freshness'>): Asked => ({
  sql: `SELECT (extract(epoch FROM clock_timestamp() - max(${quoteIdent(column)})::timestamptz) * 1000)::bigint::text FROM ${table}`,
  judge: ([age]) => {
    if (age === null || age === undefined) {
      return { passed: false, message: `no staged row has a value in ${column}` };
    }
    const seconds = Math.round(Number(age) / 1000);
    return {
      passed: Number(age) <= maxAgeMs,
      message: `the newest ${column} is ${String(seconds)} s old, allowed ${String(maxAgeMs / 1000)} s`,
    };
  },
});

const statement = (table: string, { sql }: Judge<'sql'>): Asked => ({
  sql: `WITH staged AS (SELECT * FROM ${table}) SELECT count(*)::text FROM (${sql.replace(/[\s;]+$/, '')}\n) AS q`,
  judge: ([count]) => {
    const rows = Number(count);
    return { passed: rows === 0, message: `its query gives ${String(rows)} rows, none is allowed` };
  },
});

const askedBy = (table: string, check: CheckSpec): Asked | null => {
  switch (check.type) {
    case 'observation_diff':
      return null;
    case 'row_count':
      return rowCount(table, check);
    case 'unique':
      return unique(table, check);
    case 'not_null':
      return notNull(table, check);
    case 'freshness':
      return freshness(table, check);
    case 'sql':
      return statement(table, check);
  }
};

export const checkStaged = async (
  session: PgSession,
  load: PreparedLoad,
  checks: readonly CheckSpec[],
  signal: AbortSignal,
): Promise<readonly CheckResult[]> => {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const asked = askedBy(stagingTable(load), check);
    if (asked === null) continue;
    const { rows } = await session.query(asked.sql, [], signal);
    const { name, severity } = check;
    results.push({ name, severity, ...asked.judge(rows[0] ?? []) });
  }
  return results;
};
