import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { PageRange, RowReader } from '../connectors/row-connector.js';
import type { Row } from '../connectors/memorytable/store.js';
import type { UploadHandle } from '../core/plan/file.js';
import { plainCsv, type RowSizes } from '../core/plan/rows.js';
import type { LaneCheckpoint } from '../core/run/lane.js';
import { acceptCheckpoint, partsDigestChain } from './lane-checkpoint.js';
import { MemoryBudget } from './memory-budget.js';
import { noParts } from './part-builder.js';
import { crcOf, csvOf, never, query, RowLanes, rowsOf, sizesOf } from './row-lanes.fixture.js';
import { type UnloadLane, unloadLane, type UnloadOutcome } from './unload-rows.js';

const budgetBytes = 1024 * 1024;

interface Prepared {
  readonly lanes: RowLanes;
  readonly upload: UploadHandle;
  readonly confirmed: LaneCheckpoint[];
  readonly reads: { rows: number };
  run(lane?: Partial<UnloadLane>, signal?: AbortSignal): Promise<UnloadOutcome>;
}

const prepare = async (
  lanes: RowLanes,
  sizes: Partial<RowSizes> = {},
  facts: Partial<UnloadLane> = {},
): Promise<Prepared> => {
  const upload = await lanes.upload();
  const confirmed: LaneCheckpoint[] = [];
  const reads = { rows: 0 };
  const format = facts.format ?? ({ rows: plainCsv, compression: 'none' } as const);
  const base: UnloadLane = {
    reader: await lanes.reader(format.rows),
    hasKey: true,
    after: null,
    upTo: null,
    checkpoint: null,
    includeNulls: false,
    target: lanes.files,
    upload,
    format,
    sizes: sizesOf(sizes),
    maxParts: 1000,
    budget: new MemoryBudget(budgetBytes),
    progress: lanes.progress,
    draining: never,
    rowsRead: (rows) => {
      reads.rows += rows;
    },
    confirmed: (checkpoint) => void confirmed.push(checkpoint),
    ...facts,
  };
  return {
    lanes,
    upload,
    confirmed,
    reads,
    run: (lane = {}, signal = never) => unloadLane({ ...base, ...lane }, signal),
  };
};

const expectWhole = (
  { lanes, upload }: Prepared,
  { checkpoint, done }: UnloadOutcome,
  expected: string,
): void => {
  expect(done).toBe(true);
  const object = lanes.object(upload, checkpoint.parts);
  expect(String(object)).toBe(expected);
  expect(checkpoint.bytes).toBe(object.length);
  expect(checkpoint.crc32).toBe(crcOf(object));
  const parts = lanes.listed(upload).filter(({ number }) => number <= checkpoint.parts);
  expect(checkpoint.digest).toBe(partsDigestChain([...parts].sort((a, b) => a.number - b.number)));
};

const gzipCsv = { rows: plainCsv, compression: 'gzip' } as const;
const withHeader = { rows: { ...plainCsv, header: true }, compression: 'none' } as const;

describe('unloadLane', () => {
  it('writes every row once, in parts that close at the first page end at or over the part size', async () => {
    const lanes = new RowLanes();
    const rows = rowsOf(Array.from({ length: 100 }, () => 15));
    lanes.put(rows);
    const prepared = await prepare(lanes);
    const outcome = await prepared.run();
    expectWhole(prepared, outcome, csvOf(rows));
    expect(outcome.checkpoint.rows).toBe(100);
    const sizes = lanes.listed(prepared.upload).map(({ size }) => size);
    expect(sizes.length).toBeGreaterThan(2);
    for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThanOrEqual(500);
    for (const size of sizes) expect(size).toBeLessThanOrEqual(500 + 400);
  });

  it('goes on after any failure of a read, a probe or a write, with exactly the same bytes', async () => {
    const failures = fc.oneof(
      fc.record({ on: fc.constantFrom('page', 'probe'), at: fc.nat(12) }),
      fc.record({ on: fc.constant('write'), at: fc.nat(3000) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(60), { maxLength: 80 }),
        fc.record({
          pageRows: fc.integer({ min: 1, max: 30 }),
          pageBytes: fc.integer({ min: 70, max: 600 }),
          partBytes: fc.integer({ min: 1, max: 900 }),
        }),
        fc.array(failures, { maxLength: 4 }),
        fc.integer({ min: 1, max: 4 }),
        async (widths, sizes, faults, maxParts) => {
          const reads = faults.filter(({ on }) => on !== 'write');
          const writes = faults.filter(({ on }) => on === 'write');
          const lanes = new RowLanes(
            reads.map((fault) => ({ ...fault, do: 'fail' })),
            writes.map((fault) => ({ ...fault, do: fault.at % 2 === 0 ? 'fail' : 'duplicate' })),
          );
          const rows = rowsOf(widths);
          lanes.put(rows);
          const prepared = await prepare(lanes, sizes, { maxParts });
          let last: UnloadOutcome | null = null;
          for (let attempts = 0; last?.done !== true; attempts++) {
            expect(attempts).toBeLessThan(200);
            const told = prepared.confirmed.at(-1) ?? null;
            const durable = last?.checkpoint ?? null;
            const checkpoint = acceptCheckpoint([told, durable], lanes.listed(prepared.upload));
            expect(checkpoint?.parts ?? 0).toBeGreaterThanOrEqual(durable?.parts ?? 0);
            last = await prepared.run({ checkpoint }).catch(() => last);
          }
          expectWhole(prepared, last, csvOf(rows));
          expect(last.checkpoint.rows).toBe(rows.length);
          expect(last.checkpoint.rawBytes).toBe(csvOf(rows).length);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('goes on after a kill right behind any confirmed part, the last one too', async () => {
    for (let kill = 1; kill < 12; kill++) {
      const lanes = new RowLanes();
      const rows = rowsOf(Array.from({ length: 41 }, () => 15));
      lanes.put(rows);
      const prepared = await prepare(lanes, { partBytes: 100 });
      let parts = 0;
      const confirmed: UnloadLane['confirmed'] = (checkpoint) => {
        prepared.confirmed.push(checkpoint);
        if (++parts === kill) throw new Error('killed');
      };
      const run = async (): Promise<UnloadOutcome> => {
        const told = prepared.confirmed.at(-1) ?? null;
        const checkpoint = acceptCheckpoint([told], lanes.listed(prepared.upload));
        return prepared.run({ checkpoint, confirmed });
      };
      const outcome = await run().catch(run);
      expectWhole(prepared, outcome, csvOf(rows));
      expect(outcome.checkpoint.rows).toBe(41);
    }
  });

  it('confirms parts in their order, and none behind one that failed', async () => {
    for (const fails of [false, true]) {
      const lanes = new RowLanes();
      const rows = rowsOf(Array.from({ length: 100 }, () => 15));
      lanes.put(rows);
      const prepared = await prepare(lanes);
      let written = 0;
      const target: UnloadLane['target'] = {
        ...lanes.files,
        writePart: async (upload, part, body, io) => {
          while (part.number === 1 && written < 2) await sleep(1);
          if (part.number === 1 && fails) throw new Error('part 1 is lost');
          const record = await lanes.files.writePart(upload, part, body, io);
          written++;
          return record;
        },
      };
      const run = prepared.run({ target });
      if (fails) await expect(run).rejects.toThrow('part 1 is lost');
      else expectWhole(prepared, await run, csvOf(rows));
      const numbers = prepared.confirmed.map(({ parts }) => parts);
      expect(numbers).toEqual(fails ? [] : numbers.map((_, index) => index + 1));
    }
  });

  it('doubles its parts at every thousandth, in the middle of a chunk', async () => {
    const lanes = new RowLanes();
    lanes.put(rowsOf(Array.from({ length: 150 }, () => 15)));
    const prepared = await prepare(lanes);
    const checkpoint = { ...noParts, parts: 998, digest: 'of 998 parts' };
    await prepared.run({ checkpoint });
    const sizes = [...lanes.listed(prepared.upload)].map(({ number, size }) => [number, size]);
    const sizeOf = new Map(sizes as [number, number][]);
    expect(sizeOf.get(1000)).toBeLessThan(500 + 400);
    expect(sizeOf.get(1001)).toBeGreaterThanOrEqual(1000);
  });

  it('puts rows without a cursor behind the last page, and writes them again after a failure in them', async () => {
    const nulls = Array.from({ length: 60 }, (_, index): Row => [String(1000 + index), null]);
    const rows = Array.from({ length: 50 }, (_, index): Row => [String(index + 1), 'b']);
    for (const failAt of [2, 5, 8, 100]) {
      const lanes = new RowLanes([{ on: 'page', do: 'fail', at: failAt }]);
      lanes.put([...nulls, ...rows]);
      const asked = { ...query, cursor: 'note' };
      const shape = await lanes.source.inspect(asked, never);
      const range = { column: 'note', type: 'text', low: null, seenAtLow: null };
      const window = { ...range, high: 'z', seenAtHigh: null };
      const order = { query: asked, shape, window, format: plainCsv };
      const reader = await lanes.source.open(order, never);
      const facts = { reader, includeNulls: true };
      const prepared = await prepare(lanes, { pageRowsMax: 9, partBytes: 60 }, facts);
      const run = (): Promise<UnloadOutcome> => {
        const told = prepared.confirmed.at(-1) ?? null;
        const listed = lanes.listed(prepared.upload);
        return prepared.run({ checkpoint: acceptCheckpoint([told], listed) });
      };
      const outcome = await run().catch(run);
      const expected = csvOf(rows) + nulls.map(([id]) => `${String(id)},\n`).join('');
      expectWhole(prepared, outcome, expected);
      expect(outcome.checkpoint.rows).toBe(110);
    }
  });

  it('compresses into members of whole pages, and goes on between parts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(60), { maxLength: 80 }),
        fc.record({
          pageRows: fc.integer({ min: 1, max: 30 }),
          pageBytes: fc.integer({ min: 70, max: 300 }),
          partBytes: fc.integer({ min: 1, max: 200 }),
        }),
        fc.nat(12),
        fc.integer({ min: 1, max: 4 }),
        async (widths, sizes, at, maxParts) => {
          const lanes = new RowLanes([{ on: 'page', do: 'fail', at }]);
          const rows = rowsOf(widths);
          lanes.put(rows);
          const prepared = await prepare(lanes, sizes, { maxParts, format: gzipCsv });
          let last: UnloadOutcome | null = null;
          for (let attempts = 0; last?.done !== true; attempts++) {
            expect(attempts).toBeLessThan(200);
            const told = prepared.confirmed.at(-1) ?? null;
            const candidates = [told, last?.checkpoint ?? null];
            const checkpoint = acceptCheckpoint(candidates, lanes.listed(prepared.upload));
            last = await prepared.run({ checkpoint }).catch(() => last);
          }
          const object = lanes.object(prepared.upload, last.checkpoint.parts);
          expect(String(gunzipSync(object))).toBe(csvOf(rows));
          expect(last.checkpoint.crc32).toBe(crcOf(object));
          expect(last.checkpoint.rows).toBe(rows.length);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('keeps members in their order when a later one is compressed first', async () => {
    const lanes = new RowLanes();
    const slow = (): string => randomBytes(400_000).toString('hex');
    const rows: Row[] = ['1', '2', '3'].map((id) => [id, slow()]);
    rows.push(['4', 'small']);
    lanes.put(rows);
    const sizes = { pageRows: 1, pageRowsMax: 1, pageBytes: 1_000_000, partBytes: 10_000_000 };
    const budget = new MemoryBudget(64 * 1024 * 1024);
    const prepared = await prepare(lanes, sizes, { format: gzipCsv, budget });
    const { checkpoint } = await prepared.run();
    const object = lanes.object(prepared.upload, checkpoint.parts);
    expect(String(gunzipSync(object)) === csvOf(rows)).toBe(true);
  });

  it('writes the header once, also of no rows and after a page that was read again', async () => {
    for (const widths of [[], [5], Array.from({ length: 60 }, () => 40)]) {
      const lanes = new RowLanes();
      const rows = rowsOf(widths);
      lanes.put(rows);
      const prepared = await prepare(lanes, { pageRows: 50 }, { format: withHeader });
      const first = await prepared.run({ maxParts: 1 });
      const outcome = first.done ? first : await prepared.run({ checkpoint: first.checkpoint });
      expectWhole(prepared, outcome, `id,note\n${csvOf(rows)}`);
    }
  });

  it('gives no parts of no bytes, and a valid gzip file of none', async () => {
    const lanes = new RowLanes();
    lanes.put([]);
    const plain = await prepare(lanes);
    expect(await plain.run()).toMatchObject({ done: true, checkpoint: { parts: 0, bytes: 0 } });
    const gzip = await prepare(lanes, {}, { format: gzipCsv });
    const { checkpoint } = await gzip.run();
    expect(String(gunzipSync(lanes.object(gzip.upload, checkpoint.parts)))).toBe('');
  });

  it('reads a page that grows too large again with fewer rows, without writing a row twice', async () => {
    const lanes = new RowLanes();
    const rows = rowsOf(Array.from({ length: 200 }, (_, index) => (index < 150 ? 1 : 250)));
    lanes.put(rows);
    const prepared = await prepare(lanes, { pageBytes: 300, partBytes: 1000 });
    const outcome = await prepared.run();
    expectWhole(prepared, outcome, csvOf(rows));
    expect(prepared.reads.rows).toBe(200);
    expect(lanes.progress.readBytes).toBeGreaterThan(csvOf(rows).length);
  });

  it('refuses one row that is larger than a page may be', async () => {
    const lanes = new RowLanes();
    lanes.put(rowsOf([3, 3, 500, 3]));
    const prepared = await prepare(lanes, { pageBytes: 200 });
    await expect(prepared.run()).rejects.toMatchObject({ code: 'rows/row-too-large' });
  });

  it('never has a page with more rows than the user allows', async () => {
    const lanes = new RowLanes();
    lanes.put(rowsOf(Array.from({ length: 50 }, () => 1)));
    const asked: number[] = [];
    const prepared = await prepare(lanes, { pageRows: 3, pageRowsMax: 3, pageBytes: 10_000 });
    const reader = await lanes.reader();
    const pageEnd: typeof reader.pageEnd = (after, upTo, rows, signal) => {
      asked.push(rows);
      return reader.pageEnd(after, upTo, rows, signal);
    };
    await prepared.run({ reader: { ...reader, pageEnd } });
    expect(new Set(asked)).toEqual(new Set([3]));
  });

  /** A reader whose pages end only when the page behind them has begun. */
  const linked = async (lanes: RowLanes, ended: string[]): Promise<RowReader> => {
    const reader = await lanes.reader();
    const begun = new Map<string, () => void>();
    const nameOf = (page: PageRange): string => String(page.after?.[0] ?? 'start');
    const waits = (page: PageRange): Promise<void> =>
      page.upTo === null
        ? Promise.resolve()
        : new Promise((resolve) => begun.set(String(page.upTo?.[0]), resolve));
    return {
      ...reader,
      read: (page, signal) => {
        const follower = waits(page);
        begun.get(nameOf(page))?.();
        const stream = reader.read(page, signal);
        async function* pieces(): AsyncGenerator<Buffer> {
          try {
            yield* stream;
            await follower;
          } finally {
            ended.push(nameOf(page));
          }
        }
        return { [Symbol.asyncIterator]: pieces, rows: () => stream.rows() };
      },
    };
  };

  it('begins the statement of the next page while this one flows', async () => {
    const lanes = new RowLanes();
    const rows = rowsOf(Array.from({ length: 40 }, () => 10));
    lanes.put(rows);
    const prepared = await prepare(lanes);
    const outcome = await prepared.run({ reader: await linked(lanes, []) });
    expectWhole(prepared, outcome, csvOf(rows));
    expect(prepared.reads.rows).toBe(40);
  });

  it('ends the statement of a page that its chunk does not read any more', async () => {
    const lanes = new RowLanes();
    lanes.put(rowsOf(Array.from({ length: 200 }, () => 10)));
    const prepared = await prepare(lanes);
    const ended: string[] = [];
    const { checkpoint } = await prepared.run({ reader: await linked(lanes, ended), maxParts: 1 });
    expect(checkpoint.done).toBe(false);
    await vi.waitFor(() => expect(ended).toContain(checkpoint.upper?.[0]));
    expect(prepared.reads.rows).toBe(checkpoint.rows);
  });

  it('takes a read without a key through, and starts again at its beginning after a failure', async () => {
    const lanes = new RowLanes([{ on: 'page', do: 'fail', at: 0 }]);
    const rows = rowsOf(Array.from({ length: 90 }, () => 30));
    lanes.put(rows, null);
    const prepared = await prepare(lanes, {}, { hasKey: false });
    await expect(prepared.run()).rejects.toMatchObject({ code: 'connection/refused' });
    expect(prepared.confirmed).toEqual([]);
    const expected = rows.map((row) => `${row.join(',')}\n`).join('');
    expectWhole(prepared, await prepared.run(), expected);
  });

  it('finishes the part under way when the worker stops, then says so', async () => {
    const lanes = new RowLanes();
    const rows = rowsOf(Array.from({ length: 100 }, () => 15));
    lanes.put(rows);
    const prepared = await prepare(lanes);
    const stop = new AbortController();
    const confirmed: UnloadLane['confirmed'] = (checkpoint) => {
      prepared.confirmed.push(checkpoint);
      stop.abort();
    };
    const stopped = prepared.run({ draining: stop.signal, confirmed });
    await expect(stopped).rejects.toMatchObject({ code: 'transfer/worker-stops' });
    const checkpoint = prepared.confirmed.at(-1) ?? null;
    expect(checkpoint?.parts).toBeLessThan(4);
    expect(acceptCheckpoint([checkpoint], lanes.listed(prepared.upload))).toEqual(checkpoint);
    expectWhole(prepared, await prepared.run({ checkpoint }), csvOf(rows));
  });

  it('ends with a cancel and leaves nothing leased, whatever it was doing', async () => {
    for (const [on, format] of [
      ['probe', withHeader],
      ['page', gzipCsv],
      ['write', withHeader],
    ] as const) {
      const stall = { on, do: 'stall', at: on === 'write' ? 600 : 2 };
      const lanes = on === 'write' ? new RowLanes([], [stall]) : new RowLanes([stall]);
      lanes.put(rowsOf(Array.from({ length: 300 }, () => 30)));
      const budget = new MemoryBudget(budgetBytes);
      const prepared = await prepare(lanes, {}, { format, budget });
      const cancel = new AbortController();
      const run = prepared.run({}, cancel.signal);
      setTimeout(() => {
        cancel.abort(new Error('cancelled'));
      }, 30);
      await expect(run).rejects.toThrow('cancelled');
      expect(budget.usedBytes).toBe(0);
    }
  });

  it('many lanes share a budget of little more than one, and none waits for another for ever', async () => {
    const budget = new MemoryBudget(4000);
    let most = 0;
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        const lanes = new RowLanes();
        const rows = rowsOf(Array.from({ length: 60 + index }, () => 20));
        lanes.put(rows);
        const format = index % 2 === 0 ? gzipCsv : { rows: plainCsv, compression: 'none' as const };
        const prepared = await prepare(lanes, { pageBytes: 150 }, { budget, format });
        const outcome = await prepared.run({
          rowsRead: () => {
            most = Math.max(most, budget.heldBytes);
          },
        });
        return outcome.checkpoint.rows - rows.length;
      }),
    );
    expect(outcomes).toEqual([0, 0, 0, 0, 0, 0]);
    expect(most).toBeLessThanOrEqual(4000);
    expect(budget.usedBytes).toBe(0);
  });
});
