import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RowReader } from '../connectors/row-connector.js';
import { plainCsv, type RowSizes } from '../core/plan/rows.js';
import type { PreparedLoad } from '../core/run/load.js';
import { type CopyRowsLane, copyRowsLane } from './copy-rows.js';
import { crcOf, csvOf, never, RowLanes, rowsOf, sizesOf } from './row-lanes.fixture.js';
import type { LoadOutcomeOfLane } from './staged-lane.js';

const lane = (
  lanes: RowLanes,
  load: PreparedLoad,
  reader: RowReader,
  sizes: Partial<RowSizes> = {},
): CopyRowsLane => ({
  reader,
  hasKey: true,
  lane: 1,
  after: null,
  upTo: null,
  includeNulls: false,
  target: lanes.target,
  load,
  columns: ['id', 'note'],
  format: plainCsv,
  sizes: sizesOf(sizes),
  progress: lanes.progress,
  draining: never,
  rowsRead: () => undefined,
  until: () => false,
  confirmed: () => undefined,
});

describe('copyRowsLane', () => {
  it('goes on after any failure of either side, lost answers too, and stages every row once', async () => {
    const faults = fc.record({
      on: fc.constantFrom('page', 'probe', 'stage'),
      do: fc.constantFrom('fail', 'lose-answer'),
      at: fc.nat(15),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(60), { maxLength: 80 }),
        fc.record({
          pageRows: fc.integer({ min: 1, max: 30 }),
          pageBytes: fc.integer({ min: 1, max: 600 }),
          chunkParts: fc.integer({ min: 1, max: 4 }),
        }),
        fc.array(faults, { maxLength: 4 }),
        async (widths, sizes, declared) => {
          const lanes = new RowLanes(declared);
          const rows = rowsOf(widths);
          lanes.put(rows);
          const load = await lanes.load();
          let last: LoadOutcomeOfLane | null = null;
          for (let attempts = 0; last?.done !== true; attempts++) {
            expect(attempts).toBeLessThan(200);
            const reader = await lanes.reader();
            last = await copyRowsLane(lane(lanes, load, reader, sizes), never).catch(() => null);
          }
          expect(csvOf(lanes.staged(load))).toBe(csvOf(rows));
          expect(last.progress.rows).toBe(rows.length);
          expect(last.progress.bytes).toBe(csvOf(rows).length);
          expect(last.progress.crc32).toBe(crcOf(Buffer.from(csvOf(rows))));
          expect(await lanes.target.progress(load, 1, never)).toEqual(last.progress);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('loses no row when another attempt stages a page that ends elsewhere', async () => {
    const lanes = new RowLanes();
    const rows = rowsOf(Array.from({ length: 40 }, (_, index) => index));
    lanes.put(rows);
    const load = await lanes.load();
    const reader = await lanes.reader();
    const once = { pageBytes: 1_000_000, chunkParts: 1 };
    // Both begin at the same page; the other one takes three rows, this one would take ten.
    let isFirst = true;
    const late: RowReader = {
      ...reader,
      read: (page, signal) => {
        const stream = reader.read(page, signal);
        return {
          rows: () => stream.rows(),
          async *[Symbol.asyncIterator]() {
            yield* stream;
            if (!isFirst) return;
            isFirst = false;
            await copyRowsLane(lane(lanes, load, reader, { ...once, pageRows: 3 }), never);
          },
        };
      },
    };
    const attempt = (): Promise<LoadOutcomeOfLane> =>
      copyRowsLane(lane(lanes, load, late, { pageBytes: 1_000_000, pageRows: 10 }), never);
    await expect(attempt()).rejects.toMatchObject({ code: 'transfer/lane-overtaken' });
    expect(lanes.staged(load)).toHaveLength(3);
    expect(await attempt()).toMatchObject({ done: true });
    expect(csvOf(lanes.staged(load))).toBe(csvOf(rows));
  });

  it('commits no page with another number of rows than the source counted', async () => {
    const lanes = new RowLanes();
    lanes.put(rowsOf([1, 2, 3]));
    const load = await lanes.load();
    const reader = await lanes.reader();
    const lying: RowReader = {
      ...reader,
      read: (page, signal) => ({ ...reader.read(page, signal), rows: () => 4 }),
    };
    const copy = copyRowsLane(lane(lanes, load, lying), never);
    await expect(copy).rejects.toMatchObject({ code: 'load/counts-differ' });
    expect(lanes.staged(load)).toEqual([]);
  });

  it('stages a read without a key as one page, whole or not at all', async () => {
    const lanes = new RowLanes([{ on: 'page', do: 'fail', at: 0 }]);
    const rows = rowsOf([1, 2, 3, 4]);
    lanes.put(rows, null);
    const load = await lanes.load();
    const order = { ...lane(lanes, load, await lanes.reader()), hasKey: false };
    await expect(copyRowsLane(order, never)).rejects.toMatchObject({ code: 'connection/refused' });
    expect(lanes.staged(load)).toEqual([]);
    expect(await copyRowsLane(order, never)).toMatchObject({ done: true, progress: { rows: 4 } });
    expect(await copyRowsLane(order, never)).toMatchObject({ done: true, progress: { pages: 1 } });
    expect(csvOf(lanes.staged(load))).toBe(csvOf(rows));
  });

  it('lanes that were split stage every row once between them', async () => {
    const lanes = new RowLanes();
    const rows = rowsOf(Array.from({ length: 50 }, (_, index) => index));
    lanes.put(rows);
    const load = await lanes.load();
    const reader = await lanes.reader();
    const cuts = [null, ['100'], ['222'], null];
    await Promise.all(
      [0, 1, 2].map((index) => {
        const range = { after: cuts[index] ?? null, upTo: cuts[index + 1] ?? null };
        return copyRowsLane({ ...lane(lanes, load, reader), ...range, lane: index + 1 }, never);
      }),
    );
    expect(csvOf(lanes.staged(load))).toBe(csvOf(rows));
  });

  it('takes the rows without a cursor once, after the others', async () => {
    const lanes = new RowLanes();
    lanes.database.create('orders', { id: 'bigint', note: 'text' }, ['id']);
    lanes.database.insert('orders', [
      ['1', 'a'],
      ['2', null],
      ['3', 'b'],
    ]);
    const load = await lanes.load();
    const table = { table: { schema: null, name: 'orders' }, sql: null, columns: null, key: null };
    const query = { ...table, cursor: 'note' };
    const shape = await lanes.source.inspect(query, never);
    const window = {
      column: 'note',
      type: 'text',
      low: null,
      seenAtLow: null,
      high: 'z',
      seenAtHigh: null,
    };
    const reader = await lanes.source.open({ query, shape, window, format: plainCsv }, never);
    const order = { ...lane(lanes, load, reader), includeNulls: true };
    expect(await copyRowsLane(order, never)).toMatchObject({ done: true, progress: { rows: 3 } });
    expect(await copyRowsLane(order, never)).toMatchObject({ done: true, progress: { rows: 3 } });
    expect(lanes.staged(load).map(([id]) => id)).toEqual(['1', '3', '2']);
  });

  it('says that the worker stops once the page under way is staged', async () => {
    const lanes = new RowLanes();
    lanes.put(rowsOf(Array.from({ length: 50 }, () => 5)));
    const load = await lanes.load();
    const stop = new AbortController();
    const order: CopyRowsLane = {
      ...lane(lanes, load, await lanes.reader(), { pageRows: 5, pageRowsMax: 5 }),
      draining: stop.signal,
      confirmed: () => {
        stop.abort();
      },
    };
    await expect(copyRowsLane(order, never)).rejects.toMatchObject({
      code: 'transfer/worker-stops',
    });
    expect(lanes.staged(load)).toHaveLength(5);
  });
});
