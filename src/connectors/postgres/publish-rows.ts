/** The statements that move staged rows into their table: append, upsert, replace. Inside the publish transaction. */
import { TidemarkError } from '../../core/errors/error.js';
import type { Column, LoadPlan, PartitionScope } from '../../core/plan/rows.js';
import { noKey, outsidePartition } from '../load-errors.js';
import type { LoadOutcome } from '../row-connector.js';
import { requireEnoughRows } from '../seat-belt.js';
import type { PgSession } from './client.js';
import { quoteIdent, quoteList, quoteLiteral, quoteTable } from './quoting.js';

export interface Publishing {
  readonly session: PgSession;
  readonly plan: LoadPlan;
  /** Quoted, with its schema. */
  readonly staging: string;
  /** What is filled: columns of the target that the staging table has too. */
  readonly columns: readonly Column[];
  readonly staged: number;
  readonly signal: AbortSignal;
}

export type Changes = Omit<LoadOutcome, 'staged' | 'wasPublished'>;

const nothing: Changes = { inserted: 0, updated: 0, unchanged: 0, duplicates: 0, deleted: 0 };

const countOf = async ({ session, signal }: Publishing, sql: string): Promise<number> =>
  Number((await session.query(sql, [], signal)).rows[0]?.[0] ?? 0);

const listOf = (columns: readonly Column[]): string => quoteList(columns.map(({ name }) => name));

/** Staged values in the types of the target: the same, but for a table that was made from text. */
const casts = (columns: readonly Column[]): string =>
  columns.map(({ name, type }) => `${quoteIdent(name)}::${type} AS ${quoteIdent(name)}`).join(', ');

const append = async (publishing: Publishing): Promise<Changes> => {
  const { session, plan, staging, columns, signal } = publishing;
  const { count } = await session.query(
    `INSERT INTO ${quoteTable(plan.table)} (${listOf(columns)}) SELECT ${casts(columns)} FROM ${staging}`,
    [],
    signal,
  );
  return { ...nothing, inserted: count };
};

/** The rows of the target that may go. */
const scopeOf = (partition: PartitionScope | null, prefix = ''): string | null => {
  if (partition === null) return null;
  const column = `${prefix}${quoteIdent(partition.column)}`;
  if ('value' in partition) return `${column} = ${quoteLiteral(partition.value)}`;
  const text = (iso: string): string => quoteLiteral(iso.replace('T', ' ').replace(/Z$/, '+00'));
  return `(${column} >= ${text(partition.start)} AND ${column} < ${text(partition.end)})`;
};

const refuseOutside = async (publishing: Publishing): Promise<void> => {
  const { plan, staging, columns } = publishing;
  const scope = scopeOf(plan.partition);
  if (scope === null) return;
  const outside = await countOf(
    publishing,
    `SELECT count(*) FROM (SELECT ${casts(columns)} FROM ${staging}) AS s WHERE (${scope}) IS NOT TRUE`,
  );
  if (outside === 0) return;
  throw new TidemarkError(
    outsidePartition,
    `loading ${quoteTable(plan.table)}: ${String(outside)} of the staged rows are not of the partition ${plan.partition?.column ?? ''}`,
  );
};

const replace = async (publishing: Publishing): Promise<Changes> => {
  const { session, plan, staged, signal } = publishing;
  const table = quoteTable(plan.table);
  const scope = scopeOf(plan.partition);
  const where = scope === null ? '' : ` WHERE ${scope}`;
  await refuseOutside(publishing);
  const before = await countOf(publishing, `SELECT count(*) FROM ${table}${where}`);
  requireEnoughRows(plan, before, staged);
  if (plan.truncate && scope === null) await session.query(`TRUNCATE ${table}`, [], signal);
  else await session.query(`DELETE FROM ${table}${where}`, [], signal);
  const { inserted } = await append(publishing);
  return { ...nothing, inserted, deleted: before };
};

/** Types that cannot be compared are compared as text. */
const comparable = (alias: string, { name, type }: Column): string => {
  const value = `${alias}.${quoteIdent(name)}`;
  return /^(json|xml|point|polygon|box|circle|line|path)\b/.test(type) ? `${value}::text` : value;
};

const isChanged = (columns: readonly Column[], left: string, right: string): string =>
  `(${columns.map((column) => comparable(left, column)).join(', ')}) IS DISTINCT FROM (${columns.map((column) => comparable(right, column)).join(', ')})`;

const hasUniqueIndex = async (
  { session, plan, signal }: Publishing,
  key: readonly string[],
): Promise<boolean> => {
  const { rows } = await session.query(
    `SELECT 1 FROM pg_index i WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid
       AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
       AND (SELECT array_agg(a.attname::text ORDER BY a.attname)
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
            WHERE k.n <= i.indnkeyatts) = (SELECT array_agg(x ORDER BY x) FROM unnest($2::text[]) AS x)`,
    [
      quoteTable(plan.table),
      `{${key.map((name) => `"${name.replaceAll(/(["\\])/g, '\\$1')}"`).join(',')}}`,
    ],
    signal,
  );
  return rows.length > 0;
};

const fresh = 'pg_temp.tidemark_fresh';

/** Of staged rows with one key the last one, in the order in which they were staged. */
const makeFresh = async (publishing: Publishing, key: readonly string[]): Promise<number> => {
  const { session, plan, staging, columns, signal } = publishing;
  const empty = key.map((name) => `${quoteIdent(name)} IS NULL`).join(' OR ');
  const without = await countOf(publishing, `SELECT count(*) FROM ${staging} WHERE ${empty}`);
  if (without > 0) {
    throw new TidemarkError(
      noKey,
      `loading ${quoteTable(plan.table)}: ${String(without)} rows have no value in ${key.join(', ')}`,
    );
  }
  const { count } = await session.query(
    `CREATE TEMP TABLE tidemark_fresh ON COMMIT DROP AS
     SELECT DISTINCT ON (${quoteList(key)}) ${casts(columns)} FROM ${staging} ORDER BY ${quoteList(key)}, ctid DESC`,
    [],
    signal,
  );
  return count;
};

const upsertByIndex = async (
  publishing: Publishing,
  key: readonly string[],
  others: readonly Column[],
): Promise<{ readonly inserted: number; readonly updated: number }> => {
  const { session, plan, columns, signal } = publishing;
  const sets = others.map(({ name }) => `${quoteIdent(name)} = excluded.${quoteIdent(name)}`);
  const action =
    others.length === 0
      ? 'DO NOTHING'
      : `DO UPDATE SET ${sets.join(', ')} WHERE ${isChanged(others, 't', 'excluded')}`;
  const { rows } = await session.query(
    `WITH done AS (INSERT INTO ${quoteTable(plan.table)} AS t (${listOf(columns)})
       SELECT ${listOf(columns)} FROM ${fresh} ON CONFLICT (${quoteList(key)}) ${action}
       RETURNING (t.xmax = 0) AS is_new)
     SELECT count(*) FILTER (WHERE is_new)::text, count(*) FILTER (WHERE NOT is_new)::text FROM done`,
    [],
    signal,
  );
  const [inserted, updated] = rows[0] ?? [];
  return { inserted: Number(inserted ?? 0), updated: Number(updated ?? 0) };
};

/** Without a unique index nobody else may write meanwhile: the table is locked against writers. */
const upsertByLock = async (
  publishing: Publishing,
  key: readonly string[],
  others: readonly Column[],
): Promise<{ readonly inserted: number; readonly updated: number }> => {
  const { session, plan, columns, signal } = publishing;
  const table = quoteTable(plan.table);
  await session.query(`LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`, [], signal);
  const same = key.map((name) => `t.${quoteIdent(name)} = f.${quoteIdent(name)}`).join(' AND ');
  const sets = others.map(({ name }) => `${quoteIdent(name)} = f.${quoteIdent(name)}`).join(', ');
  const updated =
    others.length === 0
      ? 0
      : (
          await session.query(
            `UPDATE ${table} AS t SET ${sets} FROM ${fresh} AS f WHERE ${same} AND ${isChanged(others, 't', 'f')}`,
            [],
            signal,
          )
        ).count;
  const { count: inserted } = await session.query(
    `INSERT INTO ${table} (${listOf(columns)}) SELECT ${listOf(columns)} FROM ${fresh} AS f
     WHERE NOT EXISTS (SELECT FROM ${table} AS t WHERE ${same})`,
    [],
    signal,
  );
  return { inserted, updated };
};

const upsert = async (publishing: Publishing, key: readonly string[]): Promise<Changes> => {
  const { columns, staged } = publishing;
  const others = columns.filter(({ name }) => !key.includes(name));
  const distinct = await makeFresh(publishing, key);
  const isIndexed = await hasUniqueIndex(publishing, key);
  const { inserted, updated } = await (isIndexed ? upsertByIndex : upsertByLock)(
    publishing,
    key,
    others,
  );
  return {
    ...nothing,
    inserted,
    updated,
    unchanged: distinct - inserted - updated,
    duplicates: staged - distinct,
  };
};

/** Throws `load/too-few-rows`, `load/no-key`, `load/outside-partition`. */
export const publishRows = (publishing: Publishing): Promise<Changes> => {
  const { plan } = publishing;
  if (plan.mode === 'replace' || plan.partition !== null) return replace(publishing);
  if (plan.mode === 'upsert' && plan.key !== null) return upsert(publishing, plan.key);
  return append(publishing);
};
