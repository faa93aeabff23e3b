/**
 * What every source of rows must do: each sentence of the contract (`RowSource`, `RowReader`) is a test. The place makes
 * tables and inserts rows by other means than the connector.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connector, OpenContext } from '../../../src/connectors/connector.js';
import type { RowReader, RowSource, RowStream } from '../../../src/connectors/row-connector.js';
import {
  type Mark,
  plainCsv,
  type RowFormat,
  type RowKey,
  type RowQuery,
  type WindowRange,
} from '../../../src/core/plan/rows.js';
import { codeOf, endsAfterAbort, freeLine, patient } from './opening.js';

/** Values in the order of the columns. */
export type PlaceRow = readonly (string | null)[];

/** A database, or a schema of one, for one test. Types are `bigint`, `text`, `timestamptz`, `numeric`. */
export interface RowPlace extends AsyncDisposable {
  /** As in the YAML. */
  readonly connection: unknown;
  readonly connectionName: string;
  /** Schema of the tables that the place makes; null: the connection's default. */
  readonly schema: string | null;
  create(
    table: string,
    types: Readonly<Record<string, string>>,
    key: readonly string[] | null,
  ): Promise<void>;
  /** Inserts and commits. */
  insert(table: string, rows: readonly PlaceRow[]): Promise<void>;
  /** Rows of the table by an independent reader, in the order of their first column; values as their type's text. */
  rows(table: string): Promise<readonly PlaceRow[]>;
  /** The server's clock as text of a timestamptz. */
  now(): Promise<string>;
  /** A transaction that inserted rows made from its own beginning time and is still open. */
  late(
    table: string,
    rows: (now: string) => readonly PlaceRow[],
  ): Promise<{ commit(): Promise<void> }>;
  /** Names of tables of ours that are left in the ledger's schema and stage something. */
  leftovers(): Promise<readonly string[]>;
}

export interface RowHarness {
  /** In titles: the server. */
  readonly name: string;
  start(): Promise<RowPlace>;
}

export const openRowSource = async (
  connector: Connector,
  place: RowPlace,
  context: OpenContext = freeLine(place.connectionName),
): Promise<RowSource> => {
  if (connector.rowSource === undefined) throw new Error(`${connector.kind} reads no rows`);
  return connector.rowSource.open(connector.connection.options.parse(place.connection), context);
};

export const queryOf = (
  place: RowPlace,
  table: string,
  facts: Partial<RowQuery> = {},
): RowQuery => ({
  table: { schema: place.schema, name: table },
  sql: null,
  columns: null,
  key: null,
  cursor: null,
  ...facts,
});

const collect = async (
  stream: RowStream,
): Promise<{ readonly text: string; readonly rows: number }> => {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(Buffer.from(piece));
  return { text: Buffer.concat(pieces).toString(), rows: stream.rows() };
};

const firstFields = (text: string): readonly string[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(',')[0] ?? '');

/** A server's own margin for transactions that begin at this very moment. */
const placeSettles = 1100;

interface Opened {
  readonly place: RowPlace;
  readonly source: RowSource;
}

interface Reading {
  readonly query?: Partial<RowQuery>;
  readonly window?: WindowRange | null;
  readonly format?: RowFormat;
}

const openRead = async (
  { place, source }: Opened,
  { query: facts = {}, window = null, format = plainCsv }: Reading = {},
) => {
  const query = queryOf(place, 'orders', facts);
  const shape = await source.inspect(query, patient());
  const order = { query, shape, window, format };
  return { order, reader: await source.open(order, patient()) };
};

/** Ids page by page, as a pump reads them. */
const readPaged = async (
  reader: RowReader,
  pageRows: number,
  bounds: { readonly after: RowKey | null; readonly upTo: RowKey | null } = {
    after: null,
    upTo: null,
  },
): Promise<readonly string[]> => {
  const ids: string[] = [];
  let { after } = bounds;
  for (let pages = 0; pages < 500; pages++) {
    const end = await reader.pageEnd(after, bounds.upTo, pageRows, patient());
    const range = { after, upTo: end ?? bounds.upTo, header: false };
    const page = await collect(reader.read(range, patient()));
    const found = firstFields(page.text);
    expect(page.rows).toBe(found.length);
    if (end !== null) expect(found.length).toBe(pageRows);
    ids.push(...found);
    if (end === null) return ids;
    after = end;
  }
  throw new Error('the pages do not end');
};

const plan = { column: 'at', initial: null, settleMs: 0, nulls: 'include' } as const;

const rangeOf = (low: Mark | null, high: Mark): WindowRange => ({
  column: high.column,
  type: high.type,
  low: low?.value ?? null,
  seenAtLow: low?.seen ?? null,
  high: high.value,
  seenAtHigh: high.seen,
});

const countFrom = (count: number): readonly PlaceRow[] =>
  Array.from({ length: count }, (_, index) => [String(index * 3 + 1), `note ${String(index)}`]);

const orderTypes = { id: 'bigint', note: 'text' };
const eventTypes = { id: 'bigint', at: 'timestamptz' };

export const describeRowSource = (connector: Connector, harness: RowHarness): void => {
  describe(`${connector.kind} as a source of rows (${harness.name})`, () => {
    let opened: Opened;
    beforeEach(async () => {
      const place = await harness.start();
      opened = { place, source: await openRowSource(connector, place) };
    });
    afterEach(async () => {
      await opened.source[Symbol.asyncDispose]();
      await opened.place[Symbol.asyncDispose]();
    });

    describePages(() => opened);
    describeWindows(() => opened);
    describeFormats(() => opened);

    it('ends a read within five seconds of a cancel', async () => {
      const { place, source } = opened;
      await place.create('orders', orderTypes, ['id']);
      const wide = 'x'.repeat(2000);
      await place.insert(
        'orders',
        Array.from({ length: 3000 }, (_, id) => [String(id), wide]),
      );
      const { order } = await openRead({ place, source });
      const slow = async (signal: AbortSignal): Promise<void> => {
        await using reader = await source.open(order, signal);
        for await (const _ of reader.read({ after: null, upTo: null, header: false }, signal)) {
          await sleep(20);
        }
      };
      const ended = await endsAfterAbort(slow, 50);
      expect(ended.rejected).toBe(true);
      expect(ended.waitedMs).toBeLessThan(5000);
    });

    it('says of a table that does not exist that it does not', async () => {
      const { place, source } = opened;
      const inspected = source.inspect(queryOf(place, 'no_such_table'), patient());
      expect(String(await codeOf(inspected))).toMatch(/not-found$/);
    });
  });
};

const describePages = (opened: () => Opened): void => {
  it.each([1, 2, 7, 23, 24, 100])('gives every row once in pages of %d rows', async (pageRows) => {
    const { place } = opened();
    await place.create('orders', orderTypes, ['id']);
    const rows = countFrom(23);
    await place.insert('orders', [...rows].reverse());
    const { reader } = await openRead(opened());
    expect(await readPaged(reader, pageRows)).toEqual(rows.map(([id]) => id));
    await reader[Symbol.asyncDispose]();
  });

  it('goes on behind any key', async () => {
    const { place } = opened();
    await place.create('orders', orderTypes, ['id']);
    await place.insert('orders', countFrom(10));
    const { reader } = await openRead(opened());
    const all = await readPaged(reader, 100);
    for (let count = 1; count <= 10; count++) {
      const after = await reader.pageEnd(null, null, count, patient());
      expect(await readPaged(reader, 4, { after, upTo: null })).toEqual(all.slice(count));
    }
    await reader[Symbol.asyncDispose]();
  });

  it('orders numbers by value and keys of several columns by all of them', async () => {
    const { place } = opened();
    await place.create('orders', { id: 'bigint', line: 'numeric', note: 'text' }, ['id', 'line']);
    const rows = ['9', '10', '100'].flatMap((id) =>
      ['-2.5', '1', '10.25'].map((line): PlaceRow => [id, line, "it's"]),
    );
    await place.insert('orders', [...rows].reverse());
    const { reader } = await openRead(opened());
    expect(await readPaged(reader, 2)).toEqual(rows.map(([id]) => id));
    await reader[Symbol.asyncDispose]();
  });

  it('splits a read into lanes that give every row once between them', async () => {
    const { place, source } = opened();
    await place.create('orders', orderTypes, ['id']);
    const rows = countFrom(50);
    await place.insert('orders', rows);
    const { order, reader } = await openRead(opened());
    for (const lanes of [1, 2, 3, 7]) {
      const cuts = await source.split(order, lanes, patient());
      expect(cuts.length).toBeLessThanOrEqual(lanes - 1);
      const ids: string[] = [];
      for (const [index, upTo] of [...cuts, null].entries()) {
        ids.push(...(await readPaged(reader, 6, { after: cuts[index - 1] ?? null, upTo })));
      }
      expect(ids).toEqual(rows.map(([id]) => id));
    }
    await reader[Symbol.asyncDispose]();
  });

  it('reads a table without a key in one statement, and says that it has none', async () => {
    const { place } = opened();
    await place.create('orders', orderTypes, null);
    await place.insert('orders', countFrom(30));
    const { order, reader } = await openRead(opened());
    expect(order.shape.key).toBeNull();
    const range = { after: null, upTo: null, header: false };
    expect((await collect(reader.read(range, patient()))).rows).toBe(30);
    await reader[Symbol.asyncDispose]();
  });

  it('counts rows, and reads only the columns that were asked for', async () => {
    const { place, source } = opened();
    await place.create('orders', orderTypes, ['id']);
    await place.insert('orders', countFrom(3));
    expect(await source.count(queryOf(place, 'orders'), patient())).toBe(3);
    const { order, reader } = await openRead(opened(), { query: { columns: ['note'] } });
    expect(order.shape.columns.map(({ name }) => name)).toEqual(['note']);
    expect(await readPaged(reader, 2)).toEqual(['note 0', 'note 1', 'note 2']);
    await reader[Symbol.asyncDispose]();
  });
};

const times = (count: number): readonly string[] =>
  Array.from(
    { length: count },
    (_, index) => `2024-01-0${String(index + 1)} 00:00:00.00000${String(index)}+00`,
  );

const describeWindows = (opened: () => Opened): void => {
  const cursor = { cursor: 'at' };
  const boundFrom = async (low: Mark | null) => {
    const { place, source } = opened();
    const query = queryOf(place, 'orders', cursor);
    const shape = await source.inspect(query, patient());
    return source.bound(query, shape, { low, plan }, patient());
  };
  const idsBetween = async (low: Mark | null, high: Mark): Promise<readonly string[]> => {
    const { reader } = await openRead(opened(), { query: cursor, window: rangeOf(low, high) });
    const ids = await readPaged(reader, 2);
    await reader[Symbol.asyncDispose]();
    return [...ids].sort();
  };
  /** The ids of the next window, and the mark behind it; null: nothing is new. */
  const nextWindow = async (low: Mark | null) => {
    const { high } = await boundFrom(low);
    return high === null ? null : { high, ids: await idsBetween(low, high) };
  };

  it('takes everything once, window by window, and then finds nothing new', async () => {
    const { place } = opened();
    await place.create('orders', eventTypes, ['id']);
    const [a = '', b = '', c = ''] = times(3);
    await place.insert('orders', [
      ['1', a],
      ['2', b],
    ]);
    const first = await nextWindow(null);
    expect(first?.ids).toEqual(['1', '2']);
    await place.insert('orders', [['3', c]]);
    const second = await nextWindow(first?.high ?? null);
    expect(second?.ids).toEqual(['3']);
    expect(await nextWindow(second?.high ?? null)).toBeNull();
  });

  it('takes rows that share the value of the mark and come later, and the earlier ones not again', async () => {
    const { place } = opened();
    await place.create('orders', eventTypes, ['id']);
    const [a = '', b = ''] = times(2);
    await place.insert('orders', [
      ['1', a],
      ['2', b],
      ['3', b],
    ]);
    const first = await nextWindow(null);
    expect(first?.ids).toEqual(['1', '2', '3']);
    await place.insert('orders', [['4', b]]);
    const second = await nextWindow(first?.high ?? null);
    expect(second?.ids).toEqual(['4']);
    expect(await nextWindow(second?.high ?? null)).toBeNull();
  });

  it('leaves out of a window what shares its end and came after it was fixed', async () => {
    const { place } = opened();
    await place.create('orders', eventTypes, ['id']);
    const [a = ''] = times(1);
    await place.insert('orders', [['1', a]]);
    const { high } = await boundFrom(null);
    if (high === null) throw new Error('nothing is new');
    await place.insert('orders', [['2', a]]);
    expect(await idsBetween(null, high)).toEqual(['1']);
    expect((await nextWindow(high))?.ids).toEqual(['2']);
  });

  it('takes a row once whose transaction commits after later ones', async () => {
    const { place } = opened();
    await place.create('orders', eventTypes, ['id']);
    await place.insert('orders', [['1', await place.now()]]);
    await sleep(placeSettles);
    const late = await place.late('orders', (now) => [['2', now]]);
    await sleep(placeSettles);
    await place.insert('orders', [['3', await place.now()]]);
    await sleep(placeSettles);
    const first = await nextWindow(null);
    expect(first?.ids).toEqual(['1']);
    expect((await boundFrom(null)).waiting ?? 1).toBe(1);
    await late.commit();
    await sleep(placeSettles);
    expect((await nextWindow(first?.high ?? null))?.ids).toEqual(['2', '3']);
  });

  it('counts NULL cursors and gives them apart', async () => {
    const { place } = opened();
    await place.create('orders', eventTypes, ['id']);
    const [a = ''] = times(1);
    await place.insert('orders', [
      ['1', a],
      ['2', null],
    ]);
    const bound = await boundFrom(null);
    expect(bound.nullCursors).toBe(1);
    if (bound.high === null) throw new Error('nothing is new');
    expect(await idsBetween(null, bound.high)).toEqual(['1']);
    const window = rangeOf(null, bound.high);
    const { reader } = await openRead(opened(), { query: cursor, window });
    const nulls = await collect(reader.readNulls(patient()));
    expect([firstFields(nulls.text), nulls.rows]).toEqual([['2'], 1]);
    await reader[Symbol.asyncDispose]();
  });

  it('tells a sensor how many rows are new, and nothing when none is', async () => {
    const { place, source } = opened();
    await place.create('orders', eventTypes, ['id']);
    const query = queryOf(place, 'orders', cursor);
    expect(await source.newRows(query, { low: null, plan }, patient())).toBeNull();
    const [a = '', b = ''] = times(2);
    await place.insert('orders', [
      ['1', a],
      ['2', b],
    ]);
    const found = await source.newRows(query, { low: null, plan }, patient());
    expect(found?.rows).toBe(2);
    const low = found?.bound.high ?? null;
    expect(await source.newRows(query, { low, plan }, patient())).toBeNull();
  });

  it('begins behind the initial cursor', async () => {
    const { place, source } = opened();
    await place.create('orders', eventTypes, ['id']);
    const [a = '', b = ''] = times(2);
    await place.insert('orders', [
      ['1', a],
      ['2', b],
    ]);
    const query = queryOf(place, 'orders', cursor);
    const start = { low: null, plan: { ...plan, initial: a } };
    expect((await source.newRows(query, start, patient()))?.rows).toBe(1);
  });
};

const describeFormats = (opened: () => Opened): void => {
  const rows: readonly PlaceRow[] = [
    ['1', null],
    ['2', ''],
    ['3', 'a,b "c"\nd'],
  ];
  const read = async (format: RowFormat, header = false): Promise<string> => {
    const { place } = opened();
    await place.create('orders', orderTypes, ['id']);
    await place.insert('orders', rows);
    const { reader } = await openRead(opened(), { format });
    const { text } = await collect(reader.read({ after: null, upTo: null, header }, patient()));
    await reader[Symbol.asyncDispose]();
    return text;
  };

  it('writes CSV in which NULL and the empty text stay apart', async () => {
    expect(await read(plainCsv)).toBe('1,\n2,""\n3,"a,b ""c""\nd"\n');
  });

  it('writes a header when it is asked to', async () => {
    const text = await read({ ...plainCsv, header: true }, true);
    expect(text.split('\n')[0]).toBe('id,note');
  });

  it('writes JSON lines that mean the same rows', async () => {
    const text = await read({ kind: 'jsonl' });
    const values = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(values).toEqual([
      { id: 1, note: null },
      { id: 2, note: '' },
      { id: 3, note: 'a,b "c"\nd' },
    ]);
  });
};
