/**
 * Types of a table that is made from files: from every value that was staged, and only where the text of a value is kept.
 * `007` and `1e3` stay text, because no number is written so.
 */
import type { Column, LoadPlan } from '../../core/plan/rows.js';
import type { PgSession } from './client.js';
import { quoteIdent, quoteLiteral } from './quoting.js';

const candidates: readonly (readonly [string, string])[] = [
  ['bigint', '^(0|-?[1-9][0-9]{0,17})$'],
  ['numeric', '^-?(0|[1-9][0-9]*)([.][0-9]+)?$'],
  ['boolean', '^(t|f)$'],
  ['date', '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'],
  ['timestamp', '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?$'],
  [
    'timestamptz',
    '^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$',
  ],
];

/** Can every value be read as that type? Asked in a savepoint: `2024-02-30` looks like a date and is none. */
const casts = async (
  session: PgSession,
  staging: string,
  column: string,
  type: string,
): Promise<boolean> => {
  await session.query('SAVEPOINT tidemark_cast');
  try {
    await session.query(`SELECT count(${quoteIdent(column)}::${type}) FROM ${staging}`);
    return true;
  } catch {
    await session.query('ROLLBACK TO SAVEPOINT tidemark_cast');
    return false;
  } finally {
    await session.query('RELEASE SAVEPOINT tidemark_cast');
  }
};

const inferred = async (session: PgSession, staging: string, column: string): Promise<string> => {
  const name = quoteIdent(column);
  const tests = candidates.map(
    ([, pattern]) => `bool_and(${name} ~ ${quoteLiteral(pattern)})::text`,
  );
  const { rows } = await session.query(`SELECT ${tests.join(', ')} FROM ${staging}`);
  const fits = rows[0] ?? [];
  for (const [index, [type]] of candidates.entries()) {
    if (fits[index] === 'true' && (await casts(session, staging, column, type))) return type;
  }
  return 'text';
};

/** Columns of a new table, inside the publish transaction. `table_schema` ranks above what the values say. */
export const inferColumns = async (
  session: PgSession,
  staging: string,
  plan: LoadPlan,
  staged: readonly Column[],
): Promise<readonly Column[]> => {
  const columns: Column[] = [];
  for (const column of staged) {
    const written = plan.columnTypes[column.name];
    // What a database calls text is text, whatever it holds.
    const isOpen = written === undefined && column.family === 'other' && column.type === 'text';
    const type = written ?? (isOpen ? await inferred(session, staging, column.name) : column.type);
    columns.push({ ...column, type });
  }
  return columns;
};
