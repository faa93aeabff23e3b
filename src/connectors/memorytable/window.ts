/** Windows over a table: which rows a mark has taken, what is new, and where everything that may still appear begins. */
import { createHash } from 'node:crypto';
import type { Column, Mark, RowKey, RowShape, WindowRange } from '../../core/plan/rows.js';
import type { WindowBound } from '../row-connector.js';
import type { Database, Row, Table } from './store.js';
import { compareValues, isTime } from './values.js';

/** More ties than these at one value are not remembered. */
const seenMax = 1000;

export const valueOf = (table: Table, name: string, row: Row): string | null =>
  row[table.columns.findIndex((column) => column.name === name)] ?? null;

export const columnNamed = (table: Table, name: string): Column | undefined =>
  table.columns.find((column) => column.name === name);

export const digestOf = (table: Table, key: readonly string[], row: Row): string =>
  createHash('sha256')
    .update(JSON.stringify(key.map((name) => valueOf(table, name, row))))
    .digest('hex')
    .slice(0, 16);

interface Edge {
  readonly value: string;
  readonly seen: readonly string[] | null;
}

/** Is the row's cursor at or below the edge, counting of the ties only those that were seen? */
const isTaken = (
  at: { readonly table: Table; readonly column: Column; readonly key: readonly string[] | null },
  edge: Edge,
  row: Row,
): boolean => {
  const cursor = valueOf(at.table, at.column.name, row);
  if (cursor === null) return false;
  const order = compareValues(at.column.family, cursor, edge.value);
  if (order !== 0 || edge.seen === null || at.key === null) return order <= 0;
  return edge.seen.includes(digestOf(at.table, at.key, row));
};

export const rowsInWindow = (
  table: Table,
  shape: RowShape,
  window: WindowRange | null,
): readonly Row[] => {
  if (window === null) return table.rows;
  const column = columnNamed(table, window.column);
  if (column === undefined) return [];
  const at = { table, column, key: shape.key };
  const high = { value: window.high, seen: window.seenAtHigh };
  const low = window.low === null ? null : { value: window.low, seen: window.seenAtLow };
  return table.rows.filter(
    (row) => isTaken(at, high, row) && (low === null || !isTaken(at, low, row)),
  );
};

export const compareKeys = (columns: readonly Column[], a: RowKey, b: RowKey): number => {
  for (const [index, { family }] of columns.entries()) {
    const order = compareValues(family, a[index] ?? '', b[index] ?? '');
    if (order !== 0) return order;
  }
  return 0;
};

interface Ceiling {
  /** Rows below it cannot appear any more; null: everything that is there counts. */
  readonly value: string | null;
  readonly from: string;
}

/** Below everything that an open transaction wrote, and for times below its begin and the clock. */
const ceilingOf = (database: Database, name: string, table: Table, column: Column): Ceiling => {
  const open = [...database.transactions];
  const pending = open.flatMap(({ rows }) =>
    rows.flatMap(({ table: written, row }) => {
      const value = written === name ? valueOf(table, column.name, row) : null;
      return value === null ? [] : [value];
    }),
  );
  const begins = isTime(column.family) ? open.map(({ beganAt }) => beganAt) : [];
  const clock = isTime(column.family) ? [database.now()] : [];
  const [lowest] = [...pending, ...begins, ...clock].sort((a, b) =>
    compareValues(column.family, a, b),
  );
  const isOpen = pending.length + begins.length > 0;
  return {
    value: lowest ?? null,
    from: isOpen ? 'the oldest open transaction' : clock.length > 0 ? 'the clock' : 'what is there',
  };
};

const highOf = (
  at: { readonly table: Table; readonly column: Column; readonly key: readonly string[] | null },
  low: Edge | null,
  eligible: readonly Row[],
): Mark | null => {
  const { table, column, key } = at;
  const fresh = eligible.filter((row) => low === null || !isTaken(at, low, row));
  const cursorOf = (row: Row): string => valueOf(table, column.name, row) ?? '';
  const value = fresh
    .map(cursorOf)
    .reduce<string | null>(
      (best, next) => (best === null || compareValues(column.family, next, best) > 0 ? next : best),
      null,
    );
  if (value === null) return null;
  const ties = eligible.filter((row) => compareValues(column.family, cursorOf(row), value) === 0);
  const seen =
    key === null || ties.length > seenMax
      ? null
      : ties.map((row) => digestOf(table, key, row)).sort();
  return { column: column.name, type: column.type, value, seen };
};

export const boundOf = (
  database: Database,
  name: string,
  shape: { readonly table: Table; readonly column: Column; readonly key: readonly string[] | null },
  low: Edge | null,
): WindowBound => {
  const { table, column } = shape;
  const ceiling = ceilingOf(database, name, table, column);
  const isBelow = (row: Row): boolean => {
    const cursor = valueOf(table, column.name, row);
    if (cursor === null) return false;
    return ceiling.value === null || compareValues(column.family, cursor, ceiling.value) < 0;
  };
  const eligible = table.rows.filter(isBelow);
  const nulls = table.rows.filter((row) => valueOf(table, column.name, row) === null).length;
  return {
    high: highOf(shape, low, eligible),
    waiting: table.rows.length - nulls - eligible.length,
    nullCursors: nulls,
    ceiling: ceiling.value === null ? ceiling.from : `${ceiling.value} (${ceiling.from})`,
  };
};
