/** Which columns of the target a load fills, and what its staging table looks like. */
import { TidemarkError } from '../../core/errors/error.js';
import type { Column, LoadPlan, TableName } from '../../core/plan/rows.js';
import { columnMismatch, tableMissing } from '../load-errors.js';
import type { PgSession } from './client.js';
import { quoteTable } from './quoting.js';
import { familyOf } from './column-types.js';

/** Type of a column that only the files know. */
const unknownType = 'unknown';

/** The columns that can be written; null: the table does not exist. */
export const tableColumns = async (
  session: PgSession,
  table: TableName,
  signal: AbortSignal,
): Promise<readonly Column[] | null> => {
  const name = quoteTable(table);
  const { rows } = await session.query(
    `SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::text
     FROM pg_attribute a WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
       AND a.attgenerated = '' AND a.attidentity <> 'a' ORDER BY a.attnum`,
    [name],
    signal,
  );
  const there = await session.query('SELECT to_regclass($1)::text', [name], signal);
  if ((there.rows[0]?.[0] ?? null) === null) return null;
  return rows.map(([column, type, notNull]): Column => {
    const exact = type ?? '';
    return {
      name: column ?? '',
      type: exact,
      family: familyOf(exact),
      nullable: notNull !== 'true',
    };
  });
};

const folded = (name: string): string => name.trim().toLowerCase();

const matchOf = (existing: readonly Column[], name: string): Column | undefined =>
  existing.find((column) => column.name === name) ??
  existing.find((column) => folded(column.name) === folded(name));

const mismatch = (plan: LoadPlan, sentence: string): TidemarkError =>
  new TidemarkError(columnMismatch, `loading ${quoteTable(plan.table)}: ${sentence}`);

const byPosition = (
  plan: LoadPlan,
  existing: readonly Column[],
  incoming: readonly Column[],
): readonly Column[] => {
  if (incoming.length === existing.length) return existing;
  throw mismatch(
    plan,
    `columns are matched by position; the source has ${String(incoming.length)}, the table ${String(existing.length)}`,
  );
};

const namesOf = (columns: readonly Column[]): string => columns.map(({ name }) => name).join(', ');

const byName = (
  plan: LoadPlan,
  existing: readonly Column[],
  incoming: readonly Column[],
): readonly Column[] => {
  const found = incoming.map(({ name }) => matchOf(existing, name));
  const extra = incoming.filter((_, index) => found[index] === undefined);
  const missing = existing.filter((column) => !found.includes(column));
  const twice = found.filter(
    (column, index) => column !== undefined && found.indexOf(column) !== index,
  );
  if (twice.length > 0) {
    throw mismatch(plan, `two columns of the source are ${twice[0]?.name ?? ''} of the table`);
  }
  if (plan.failOnColumnMismatch) {
    const reasons = [
      ...(missing.length === 0 ? [] : [`the source has no ${namesOf(missing)}`]),
      ...(extra.length === 0 || plan.addNewColumns ? [] : [`the table has no ${namesOf(extra)}`]),
    ];
    if (reasons.length > 0) throw mismatch(plan, reasons.join('; '));
  }
  return incoming.map((column, index) => found[index] ?? staged(plan, column));
};

/**
 * A column that the table does not have: as the YAML or the source says, or text where nobody knows. The family then stays
 * open, so that a column of text in a database is told from one of a file.
 */
const staged = (plan: LoadPlan, column: Column): Column => {
  const written = plan.columnTypes[column.name];
  if (written !== undefined) return { ...column, type: written, family: familyOf(written) };
  return column.type === unknownType ? { ...column, type: 'text' } : column;
};

export interface LoadColumns {
  /** Of the target; empty where it will be created from what was staged. */
  readonly columns: readonly Column[];
  readonly stagingColumns: readonly Column[];
}

/** Throws `load/table-missing` and `load/column-mismatch`. */
export const loadColumns = (
  plan: LoadPlan,
  existing: readonly Column[] | null,
  incoming: readonly Column[] | null,
): LoadColumns => {
  if (existing === null) {
    if (!plan.autoCreate) {
      throw new TidemarkError(
        tableMissing,
        `loading ${quoteTable(plan.table)}: there is no such table`,
      );
    }
    if (incoming === null) {
      throw new TidemarkError(
        columnMismatch,
        `creating ${quoteTable(plan.table)}: the files do not name their columns`,
        { fix: 'Create the table, or load files with a header.' },
      );
    }
    return { columns: [], stagingColumns: incoming.map((column) => staged(plan, column)) };
  }
  if (incoming === null) return { columns: existing, stagingColumns: existing };
  const match = plan.matchColumns === 'position' ? byPosition : byName;
  return { columns: existing, stagingColumns: match(plan, existing, incoming) };
};
