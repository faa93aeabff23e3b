/** What a query gives: columns with their exact types, a key by which it can be paged, the cursor, the size. */
import { isErrorOf, TidemarkError } from '../../core/errors/error.js';
import type { Column, CursorShape, RowQuery, RowShape } from '../../core/plan/rows.js';
import { suggest } from '../../core/values/suggest.js';
import type { PgResult, PgSession } from './client.js';
import { badCursor, badData, badSql, notFound, unknownColumn } from './errors.js';
import { columnOf, fromClause } from './from-clause.js';
import { type MarkValues, noMarks, quoteTable } from './quoting.js';
import { familyOf, isOrderable } from './column-types.js';

interface Relation {
  readonly oid: string;
  readonly rows: number | null;
  readonly rowBytes: number | null;
}

const relationOf = async (
  session: PgSession,
  query: RowQuery,
  signal: AbortSignal,
): Promise<Relation | null> => {
  if (query.table === null) return null;
  const name = quoteTable(query.table);
  const { rows } = await session.query(
    `SELECT c.oid::text, c.reltuples::text, CASE WHEN c.reltuples > 0
       THEN (c.relpages::float8 * 8192 / c.reltuples)::text END
     FROM pg_class c WHERE c.oid = to_regclass($1)`,
    [name],
    signal,
  );
  const [found] = rows;
  if (found === undefined) {
    throw new TidemarkError(notFound, `looking at ${name}: there is no such table or view`, {
      details: { table: query.table.name },
    });
  }
  const [oid, tuples, bytes] = found;
  const counted = Number(tuples ?? -1);
  return {
    oid: oid ?? '',
    rows: counted < 0 ? null : counted,
    rowBytes: bytes === null || bytes === undefined ? null : Number(bytes),
  };
};

/** What may stand for a mark before the cursor's type is known; the first one that the statement takes. */
const standIns = ['NULL', `'-infinity'`, `'0'`, `'00000000-0000-0000-0000-000000000000'`] as const;

const hasMarks = ({ sql }: RowQuery): boolean =>
  sql?.some((piece) => typeof piece !== 'string' && 'mark' in piece) === true;

/** The statement without rows: what it says of its columns. */
const describeColumns = async (
  session: PgSession,
  query: RowQuery,
  signal: AbortSignal,
): Promise<PgResult> => {
  let first: unknown;
  for (const standIn of hasMarks(query) ? standIns : [standIns[0]]) {
    try {
      const from = fromClause(query, { ...noMarks, standIn });
      return await session.query(`SELECT * FROM ${from} LIMIT 0`, [], signal);
    } catch (error) {
      if (!isErrorOf(error, badSql) && !isErrorOf(error, badData)) throw error;
      first ??= error;
    }
  }
  throw first;
};

/** A column of the statement, and whether its type is one that the database's owner listed value by value. */
interface SeenColumn extends Column {
  readonly isEnum: boolean;
}

/** Every column that the table or query has, in its order. */
const allColumns = async (
  session: PgSession,
  query: RowQuery,
  relation: Relation | null,
  signal: AbortSignal,
): Promise<readonly SeenColumn[]> => {
  const { columns } = await describeColumns(session, query, signal);
  const types = await session.query(
    `SELECT format_type(t.oid, t.modifier), coalesce(a.attnotnull, false)::text,
       EXISTS (SELECT FROM pg_type e WHERE e.oid = t.oid AND e.typtype = 'e')::text
     FROM unnest($1::oid[], $2::int[], $3::text[]) WITH ORDINALITY AS t(oid, modifier, name, n)
     LEFT JOIN pg_attribute a ON a.attrelid = $4::oid AND a.attname = t.name AND NOT a.attisdropped
     ORDER BY t.n`,
    [
      `{${columns.map(({ typeOid }) => typeOid).join(',')}}`,
      `{${columns.map(({ typeModifier }) => typeModifier).join(',')}}`,
      `{${columns.map(({ name }) => `"${name.replaceAll(/(["\\])/g, '\\$1')}"`).join(',')}}`,
      relation?.oid ?? null,
    ],
    signal,
  );
  return columns.map(({ name }, index): SeenColumn => {
    const [type, notNull, isEnum] = types.rows[index] ?? [];
    const exact = type ?? 'unknown';
    return {
      name,
      type: exact,
      family: familyOf(exact),
      nullable: notNull !== 'true',
      isEnum: isEnum === 'true',
    };
  });
};

const hasOrder = ({ type, isEnum }: SeenColumn): boolean => isEnum || isOrderable(type);

const columnNamed = (columns: readonly SeenColumn[], name: string, what: string): SeenColumn => {
  const found = columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  const names = columns.map((column) => column.name);
  const near = suggest(name, names);
  throw new TidemarkError(
    unknownColumn,
    `${what} ${JSON.stringify(name)} is not among the columns: ${names.join(', ')}`,
    near === undefined ? {} : { fix: `Did you mean ${near}?` },
  );
};

interface Looking {
  readonly session: PgSession;
  readonly query: RowQuery;
  readonly columns: readonly SeenColumn[];
  readonly marks: MarkValues;
}

interface FoundKey {
  readonly key: readonly string[] | null;
  readonly from: string;
}

/** Primary key first, then any other unique index over columns that are never NULL. */
const catalogKeys = async (
  session: PgSession,
  relation: Relation,
  signal: AbortSignal,
): Promise<readonly { readonly columns: readonly string[]; readonly from: string }[]> => {
  const { rows } = await session.query(
    `SELECT CASE WHEN i.indisprimary THEN 'primary key' ELSE 'unique index ' || c.relname END,
       (SELECT json_agg(a.attname ORDER BY k.n)::text
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.n <= i.indnkeyatts)
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indimmediate
       AND i.indpred IS NULL AND i.indexprs IS NULL
       AND NOT EXISTS (SELECT FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, n)
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
         WHERE k.n <= i.indnkeyatts AND NOT a.attnotnull)
     ORDER BY NOT i.indisprimary, i.indnkeyatts, c.relname`,
    [relation.oid],
    signal,
  );
  return rows.map(([from, names]) => ({
    from: from ?? '',
    columns: JSON.parse(names ?? '[]') as string[],
  }));
};

const hasNulls = async (
  { session, query, marks }: Looking,
  key: readonly string[],
  signal: AbortSignal,
): Promise<boolean> => {
  const empty = key.map((name) => `${columnOf(name)} IS NULL`).join(' OR ');
  const { rows } = await session.query(
    `SELECT 1 FROM ${fromClause(query, marks)} WHERE ${empty} LIMIT 1`,
    [],
    signal,
  );
  return rows.length > 0;
};

/** Rows are paged by ranges of values, so that a declared key loses nothing even where it is not unique. */
const declaredKey = async (looking: Looking, signal: AbortSignal): Promise<FoundKey | null> => {
  const { query, columns } = looking;
  if (query.key === null) return null;
  const found = query.key.map((name) => columnNamed(columns, name, 'key column'));
  const unordered = found.find((column) => !hasOrder(column));
  if (unordered !== undefined) {
    throw new TidemarkError(
      badCursor,
      `key column ${unordered.name} has the type ${unordered.type}, which has no exact order`,
    );
  }
  const nullable = found.filter((column) => column.nullable).map(({ name }) => name);
  if (nullable.length > 0 && (await hasNulls(looking, nullable, signal))) {
    return { key: null, from: `primary_key (${query.key.join(', ')}) is NULL in some rows` };
  }
  return { key: query.key, from: 'declared' };
};

const keyOf = async (
  looking: Looking,
  relation: Relation | null,
  signal: AbortSignal,
): Promise<FoundKey> => {
  const declared = await declaredKey(looking, signal);
  if (declared !== null) return declared;
  if (relation === null) return { key: null, from: 'a query has none unless primary_key names it' };
  const keys = await catalogKeys(looking.session, relation, signal);
  const usable = keys.find(({ columns }) =>
    columns.every((name) =>
      looking.columns.some((column) => column.name === name && hasOrder(column)),
    ),
  );
  if (usable === undefined) {
    return { key: null, from: 'there is no primary key, and no unique index without NULLs' };
  }
  return { key: usable.columns, from: usable.from };
};

const cursorOf = (query: RowQuery, columns: readonly SeenColumn[]): CursorShape | null => {
  if (query.cursor === null) return null;
  const { name, type, family } = columnNamed(columns, query.cursor, 'cursor column');
  if (isOrderable(type)) return { column: name, type, family };
  throw new TidemarkError(
    badCursor,
    `cursor column ${name} has the type ${type}, whose values have no exact order`,
  );
};

export const inspect = async (
  session: PgSession,
  query: RowQuery,
  signal: AbortSignal,
): Promise<RowShape> => {
  const relation = await relationOf(session, query, signal);
  const all = await allColumns(session, query, relation, signal);
  const cursor = cursorOf(query, all);
  const marks = { type: cursor?.type ?? null, low: null, high: null };
  const looking = { session, query, columns: all, marks };
  const { key, from } = await keyOf(looking, relation, signal);
  const chosen =
    query.columns === null ? all : query.columns.map((name) => columnNamed(all, name, 'column'));
  return {
    columns: chosen.map(({ isEnum: _, ...column }) => column),
    key,
    keyFrom: from,
    keyTypes: (key ?? []).map((name) => columnNamed(all, name, 'key column').type),
    cursor,
    rows: relation?.rows ?? null,
    rowBytes: relation?.rowBytes ?? null,
  };
};
