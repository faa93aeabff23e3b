/** What is read from a database, and between which marks: a table or a query, with its cursor (D23). */
import type { RowSourceOptions, RowTargetOptions } from '../../connectors/row-fields.js';
import { TidemarkError } from '../../core/errors/error.js';
import type { MarkPlan, RowQuery, SqlText } from '../../core/plan/rows.js';
import type { JsonValue } from '../../core/values/json.js';
import { isIncremental } from '../../language/definition/row-modes.js';
import { cursorInSql, isMark, readsMark } from '../../language/template/sql-cursor.js';
import { badOptions } from '../errors.js';
import { boundSql, type SqlScope } from './sql-text.js';
import { tableNameOf } from './table-name.js';

const refuse = (sentence: string): TidemarkError => new TidemarkError(badOptions, sentence);

const queryText = (options: RowSourceOptions, where: string): string | null => {
  const { sql, query, table_name } = options;
  const given = [
    ...(sql === undefined ? [] : ['sql']),
    ...(query === undefined ? [] : ['query']),
    ...(table_name === undefined ? [] : ['table_name']),
  ];
  if (given.length === 0) throw refuse(`${where} reads nothing; write table_name or sql`);
  if (given.length > 1)
    throw refuse(`${where} has ${given.join(' and ')}; write exactly one of them`);
  return sql ?? query ?? null;
};

const one = (names: readonly (string | undefined)[], where: string): string | null => {
  const given = [...new Set(names.filter((name) => name !== undefined))];
  if (given.length <= 1) return given[0] ?? null;
  throw refuse(`${where}: the cursor column is given as ${given.join(' and ')}`);
};

const syncModeOf = (
  source: RowSourceOptions,
  target: RowTargetOptions | null,
  where: string,
): string | undefined => {
  const ofTarget = target?.sync_mode;
  if (source.sync_mode !== undefined && ofTarget !== undefined && source.sync_mode !== ofTarget)
    throw refuse(
      `${where}: sync_mode is ${source.sync_mode} at the source and ${ofTarget} at the target`,
    );
  return source.sync_mode ?? ofTarget;
};

const cursorOf = (
  source: RowSourceOptions,
  target: RowTargetOptions | null,
  sql: SqlText | null,
  where: string,
): string => {
  const written = one([source.cursor_column, source.update_key, target?.update_key], where);
  const cursor = written ?? (sql === null ? null : cursorInSql(sql));
  if (cursor !== null) return cursor;
  throw refuse(
    `${where}: the asset is incremental, and which column its mark is read from cannot be told; write cursor_column`,
  );
};

export interface QueryPlan {
  readonly query: RowQuery;
  readonly mark: MarkPlan | null;
  readonly syncMode: string | undefined;
  /** The query uses `metadata.last_cursor`. */
  readonly readsMark: boolean;
}

interface QueryFacts extends SqlScope {
  readonly asset: string;
  /** Null where rows go to files. */
  readonly target: RowTargetOptions | null;
  /** Problems that the source's connector sees in a statement. */
  readonly checkSql: ((sql: SqlText) => string | null) | undefined;
}

const bound = (source: RowSourceOptions, where: string, facts: QueryFacts): SqlText | null => {
  const text = queryText(source, where);
  if (typeof text !== 'string') return null;
  const params = source.params === undefined ? null : (Object.values(source.params) as JsonValue[]);
  const sql = boundSql(text, `${where}.sql`, facts, params);
  const problem = facts.checkSql?.(sql) ?? null;
  if (problem !== null) throw refuse(`${where}.sql: ${problem}`);
  if (source.columns !== undefined)
    throw refuse(`${where}: columns go with table_name; a query selects its own`);
  return sql;
};

/** Throws `plan/bad-options`, `plan/unsafe-sql` and template errors. */
export const planQuery = (source: RowSourceOptions, facts: QueryFacts): QueryPlan => {
  const where = `asset "${facts.asset}", source`;
  const sql = bound(source, where, facts);
  const syncMode = syncModeOf(source, facts.target, where);
  const usesMark = sql !== null && readsMark(sql);
  const isMarked = isIncremental({ syncMode, readsMark: usesMark });
  const usesNow = sql?.some((piece) => isMark(piece, 'now')) === true;
  if (usesNow && !isMarked)
    throw refuse(`${where}.sql uses metadata.now, and the asset has no mark`);
  const cursor = isMarked ? cursorOf(source, facts.target, sql, where) : null;
  const query: RowQuery = {
    table: tableNameOf(source, where),
    sql,
    columns: source.columns ?? null,
    key: source.primary_key ?? null,
    cursor,
  };
  if (cursor === null) return { query, mark: null, syncMode, readsMark: usesMark };
  const mark: MarkPlan = {
    column: cursor,
    initial: source.initial_cursor ?? null,
    settleMs: source.settle,
    nulls: source.nulls,
  };
  return { query, mark, syncMode, readsMark: usesMark };
};
