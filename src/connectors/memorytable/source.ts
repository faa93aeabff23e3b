/** Tables in memory as a source of rows: pages between keys, windows and their bounds, with the declared faults in its way. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TidemarkError } from '../../core/errors/error.js';
import { invariant } from '../../core/errors/invariant.js';
import type { Column, RowKey, RowQuery, RowShape } from '../../core/plan/rows.js';
import type { OpenContext } from '../connector.js';
import type { PageRange, ReadOrder, RowReader, RowSource, RowStream } from '../row-connector.js';
import { noCursorColumn, noTable, tablesOnly } from './errors.js';
import { nextFault, suffer } from './faults.js';
import type { TableConnection } from './options.js';
import { writeHeader, writeRow } from './row-text.js';
import type { Database, Row, Table } from './store.js';
import { boundOf, columnNamed, compareKeys, rowsInWindow, valueOf } from './window.js';

export interface OpenTables {
  readonly database: Database;
  readonly connection: TableConnection;
  readonly context: OpenContext;
}

/** Bytes of a piece of a read. */
const chunkBytes = 4096;

/** Puts the declared tables into the database, each once in the life of the process. */
export const seed = ({ database, connection }: OpenTables): void => {
  for (const [name, { columns, primary_key, rows }] of Object.entries(connection.tables)) {
    if (database.seeded.has(name)) continue;
    database.seeded.add(name);
    database.create(name, columns, primary_key ?? null);
    database.insert(name, rows);
  }
};

export const nameOf = (table: { readonly schema: string | null; readonly name: string }): string =>
  table.schema === null ? table.name : `${table.schema}.${table.name}`;

const queried = (query: RowQuery): string => {
  if (query.table !== null) return nameOf(query.table);
  throw new TidemarkError(tablesOnly, 'reading from memory: a query was given, it has tables only');
};

const tableOf = (open: OpenTables, query: RowQuery): Table => {
  const name = queried(query);
  const table = open.database.tables.get(name);
  if (table !== undefined) return table;
  throw new TidemarkError(noTable, `reading ${name}: there is no such table in memory`, {
    details: { known: [...open.database.tables.keys()] },
  });
};

const requireColumn = (query: RowQuery, table: Table, name: string): Column => {
  const column = columnNamed(table, name);
  if (column !== undefined) return column;
  throw new TidemarkError(
    noCursorColumn,
    `reading ${queried(query)}: it has no column ${name}; it has ${table.columns.map((known) => known.name).join(', ')}`,
  );
};

const shapeOf = (query: RowQuery, table: Table): RowShape => {
  const cursor = query.cursor === null ? null : requireColumn(query, table, query.cursor);
  const chosen = query.columns?.map((name) => requireColumn(query, table, name));
  const key = query.key ?? table.key;
  for (const name of key ?? []) requireColumn(query, table, name);
  const declared = query.key === null ? 'primary key' : 'declared';
  return {
    columns: chosen ?? table.columns,
    key,
    keyFrom: key === null ? 'the table has no primary key' : declared,
    cursor:
      cursor === null ? null : { column: cursor.name, type: cursor.type, family: cursor.family },
    rows: table.rows.length,
    rowBytes: null,
  };
};

/** The rows of a read as they are now, in the order of its keys. */
class Read {
  readonly #open: OpenTables;
  readonly #order: ReadOrder;

  constructor(open: OpenTables, order: ReadOrder) {
    this.#open = open;
    this.#order = order;
  }

  get table(): Table {
    return tableOf(this.#open, this.#order.query);
  }

  get orderColumns(): readonly Column[] | null {
    const { shape, window, query } = this.#order;
    if (shape.key === null) return null;
    const names = [...(window === null ? [] : [window.column]), ...shape.key];
    return [...new Set(names)].map((name) => requireColumn(query, this.table, name));
  }

  keyOf(columns: readonly Column[], row: Row): RowKey {
    return columns.map(({ name }) => valueOf(this.table, name, row) ?? '');
  }

  rows(after: RowKey | null, upTo: RowKey | null): readonly Row[] {
    const { shape, window } = this.#order;
    const rows = rowsInWindow(this.table, shape, window);
    const columns = this.orderColumns;
    if (columns === null) return rows;
    return rows
      .map((row) => ({ row, key: this.keyOf(columns, row) }))
      .filter(({ key }) => after === null || compareKeys(columns, key, after) > 0)
      .filter(({ key }) => upTo === null || compareKeys(columns, key, upTo) <= 0)
      .sort((a, b) => compareKeys(columns, a.key, b.key))
      .map(({ row }) => row);
  }

  withoutCursor(): readonly Row[] {
    const { window } = this.#order;
    if (window === null) return [];
    return this.table.rows.filter((row) => valueOf(this.table, window.column, row) === null);
  }

  /** The row as the select list has it. */
  chosen(row: Row): Row {
    return this.#order.shape.columns.map(({ name }) => valueOf(this.table, name, row));
  }
}

const streamOf = (
  open: OpenTables,
  order: ReadOrder,
  rowsNow: () => { readonly rows: readonly Row[]; readonly header: boolean },
  signal: AbortSignal,
): RowStream => {
  const { format, shape } = order;
  const read = new Read(open, order);
  const place = { on: 'page', what: queried(order.query) } as const;
  let count: number | null = null;
  const bytes = async function* (): AsyncGenerator<Buffer> {
    const fault = nextFault(open.database, open.connection.faults, 'page');
    const { rows, header } = rowsNow();
    let text = header && format.kind === 'csv' ? writeHeader(shape.columns, format) : '';
    const send = async (): Promise<Buffer> => {
      const chunk = Buffer.from(text);
      text = '';
      await open.context.throttle(chunk.length, signal);
      await nextTurn(undefined, { signal });
      return chunk;
    };
    for (const [index, row] of rows.entries()) {
      if (index === Math.floor(rows.length / 2)) await suffer(fault, place, signal);
      text += writeRow(shape.columns, read.chosen(row), format);
      if (text.length >= chunkBytes) yield await send();
    }
    if (rows.length === 0) await suffer(fault, place, signal);
    if (text !== '') yield await send();
    signal.throwIfAborted();
    count = rows.length;
  };
  return {
    [Symbol.asyncIterator]: bytes,
    rows: () => {
      invariant(count !== null, 'rows of a stream are counted when its bytes have ended');
      return count;
    },
  };
};

const openReader = (open: OpenTables, order: ReadOrder): RowReader => {
  const read = new Read(open, order);
  return {
    pageEnd: async (after, upTo, rows, signal) => {
      const place = { on: 'probe', what: queried(order.query) } as const;
      await suffer(nextFault(open.database, open.connection.faults, 'probe'), place, signal);
      await nextTurn(undefined, { signal });
      const columns = read.orderColumns;
      invariant(columns !== null, 'only a read with a key has pages');
      const row = read.rows(after, upTo)[rows - 1];
      return row === undefined ? null : read.keyOf(columns, row);
    },
    read: ({ after, upTo, header }: PageRange, signal) =>
      streamOf(open, order, () => ({ rows: read.rows(after, upTo), header }), signal),
    readNulls: (signal) =>
      streamOf(open, order, () => ({ rows: read.withoutCursor(), header: false }), signal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
};

const splitRead = (open: OpenTables, order: ReadOrder, lanes: number): readonly RowKey[] => {
  const read = new Read(open, order);
  const columns = read.orderColumns;
  if (columns === null) return [];
  const rows = read.rows(null, null);
  const places = Array.from({ length: lanes - 1 }, (_, index) =>
    Math.floor(((index + 1) * rows.length) / lanes),
  );
  return [...new Set(places)].flatMap((place) => {
    const row = rows[place - 1];
    return row === undefined ? [] : [read.keyOf(columns, row)];
  });
};

const describeOrder = (order: ReadOrder): string => {
  const { window, query } = order;
  const range =
    window === null
      ? ''
      : `, ${window.low ?? 'the beginning'} < ${window.column} <= ${window.high}`;
  return `rows of ${queried(query)} in memory${range}`;
};

export const openSource = (open: OpenTables): RowSource => {
  seed(open);
  const bound: RowSource['bound'] = async (query, shape, { low, plan }, signal) => {
    signal.throwIfAborted();
    const table = tableOf(open, query);
    const column = requireColumn(query, table, plan.column);
    const initial = plan.initial === null ? null : { value: plan.initial, seen: null };
    return boundOf(
      open.database,
      queried(query),
      { table, column, key: shape.key },
      low ?? initial,
    );
  };
  return {
    inspect: async (query, signal) => {
      signal.throwIfAborted();
      return shapeOf(query, tableOf(open, query));
    },
    bound,
    open: async (order, signal) => {
      signal.throwIfAborted();
      tableOf(open, order.query);
      return openReader(open, order);
    },
    split: async (order, lanes, signal) => {
      signal.throwIfAborted();
      return splitRead(open, order, lanes);
    },
    explain: describeOrder,
    count: async (query, signal) => {
      signal.throwIfAborted();
      return tableOf(open, query).rows.length;
    },
    newRows: async (query, start, signal) => {
      const shape = shapeOf(query, tableOf(open, query));
      const found = await bound(query, shape, start, signal);
      const { high } = found;
      if (high === null) return null;
      const low = start.low?.value ?? start.plan.initial;
      const range = { column: high.column, type: high.type, low, high: high.value };
      const seen = { seenAtLow: start.low?.seen ?? null, seenAtHigh: high.seen };
      const rows = rowsInWindow(tableOf(open, query), shape, { ...range, ...seen });
      return { bound: found, rows: rows.length };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
};
