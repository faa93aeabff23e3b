import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row } from '../connectors/memorytable/store.js';
import { plainCsv } from '../core/plan/rows.js';
import { csv } from '../formats/csv/index.js';
import { jsonl } from '../formats/jsonl/index.js';
import { type LoadFileLane, loadFileLane } from './load-file.js';
import { MemoryBudget } from './memory-budget.js';
import { crcOf, csvOf, lines, never, RowLanes, rowsOf, sizesOf } from './row-lanes.fixture.js';
import type { LoadOutcomeOfLane } from './staged-lane.js';

const base = async (
  lanes: RowLanes,
  bytes: Buffer,
  facts: Partial<LoadFileLane> = {},
): Promise<LoadFileLane> => ({
  reader: await lanes.file(bytes),
  path: 'in.csv',
  fileBytes: bytes.length,
  budget: new MemoryBudget(4096),
  progress: lanes.progress,
  lane: 1,
  format: { rows: { ...plainCsv, header: true }, compression: 'none' },
  declaration: lines,
  target: lanes.target,
  load: await lanes.load(),
  sizes: sizesOf(),
  draining: never,
  rowsRead: () => undefined,
  until: () => false,
  confirmed: () => undefined,
  ...facts,
});

const gzip = { rows: { ...plainCsv, header: true }, compression: 'gzip' } as const;
const plain = { ...gzip, compression: 'none' } as const;

describe('loadFileLane', () => {
  it('stages every record once, plain or gzip, whatever fails and wherever pages are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(80), { maxLength: 80 }),
        fc.record({
          pageBytes: fc.integer({ min: 1, max: 900 }),
          chunkParts: fc.integer({ min: 1, max: 5 }),
        }),
        fc.record({
          stage: fc.nat(8),
          isLost: fc.boolean(),
          isGzip: fc.boolean(),
          endsOpen: fc.boolean(),
          budget: fc.integer({ min: 16, max: 4096 }),
        }),
        async (widths, sizes, facts) => {
          const fault = { on: 'stage', do: facts.isLost ? 'lose-answer' : 'fail', at: facts.stage };
          const lanes = new RowLanes([fault]);
          const rows = rowsOf(widths);
          const data = csvOf(rows);
          const text = `id,note\n${facts.endsOpen ? data.replace(/\n$/, '') : data}`;
          const bytes = facts.isGzip ? gzipSync(text) : Buffer.from(text);
          const order = await base(lanes, bytes, {
            sizes: sizesOf(sizes),
            format: facts.isGzip ? gzip : plain,
            budget: new MemoryBudget(facts.budget),
          });
          let last: LoadOutcomeOfLane | null = null;
          for (let attempts = 0; last?.done !== true; attempts++) {
            expect(attempts).toBeLessThan(200);
            last = await loadFileLane(order, never).catch(() => null);
          }
          expect(csvOf(lanes.staged(order.load))).toBe(data);
          const body = Buffer.from(text.slice('id,note\n'.length));
          expect(last.progress).toMatchObject({ rows: rows.length, bytes: body.length });
          expect(last.progress.crc32).toBe(crcOf(body));
          expect(order.budget.usedBytes).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('never cuts a record of CSV or JSON lines, whatever its values hold', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', '', 'x,y', 'a\nb', '"q"', 'é\r\n', '🌊'), { maxLength: 40 }),
        fc.integer({ min: 1, max: 60 }),
        fc.boolean(),
        async (notes, pageBytes, isCsv) => {
          const lanes = new RowLanes();
          const rows = notes.map((note, index): Row => [String(index), note]);
          const text = isCsv
            ? rows.map(([id, note]) => `${String(id)},"${String(note).replaceAll('"', '""')}"\n`)
            : rows.map(([id, note]) => `{"id":${String(id)},"note":${JSON.stringify(note)}}\n`);
          const bytes = Buffer.from((isCsv ? 'id,note\n' : '') + text.join(''));
          const format = isCsv
            ? plain
            : ({ rows: { kind: 'jsonl' }, compression: 'none' } as const);
          const order = await base(lanes, bytes, {
            sizes: sizesOf({ pageBytes }),
            format,
            declaration: isCsv ? csv : jsonl,
          });
          expect(await loadFileLane(order, never)).toMatchObject({
            done: true,
            progress: { rows: rows.length },
          });
          expect(lanes.staged(order.load)).toEqual(rows);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('goes on at the byte behind the last page without reading what lies before', async () => {
    const lanes = new RowLanes();
    const rows = rowsOf(Array.from({ length: 400 }, () => 20));
    const bytes = Buffer.from(`id,note\n${csvOf(rows)}`);
    const order = await base(lanes, bytes, {
      sizes: sizesOf({ pageBytes: 5000 }),
      budget: new MemoryBudget(1024),
    });
    const first = await loadFileLane({ ...order, until: () => true }, never);
    expect(first).toMatchObject({ done: false, progress: { pages: 1 } });
    const before = lanes.progress.readBytes;
    expect(await loadFileLane(order, never)).toMatchObject({ done: true });
    expect(lanes.progress.readBytes - before).toBeLessThan(bytes.length - 5000 + 7 * 256);
    expect(csvOf(lanes.staged(order.load))).toBe(csvOf(rows));
  });

  it('hands out bytes that stay what they are until the page is staged', async () => {
    const lanes = new RowLanes();
    const text = `id,note\n${csvOf(rowsOf(Array.from({ length: 300 }, () => 20)))}`;
    const order = await base(lanes, Buffer.from(text), {
      sizes: sizesOf({ pageBytes: 1_000_000 }),
      budget: new MemoryBudget(1024),
    });
    let kept = '';
    const target: typeof order.target = {
      ...lanes.target,
      stage: async (_load, _page, body) => {
        const pieces: Buffer[] = [];
        for await (const piece of body) pieces.push(piece);
        kept = Buffer.concat(pieces).toString();
        return { rows: 300, wasThere: false };
      },
    };
    await loadFileLane({ ...order, target }, never);
    expect(kept).toBe(text.slice('id,note\n'.length));
  });

  it('stages nothing of a file that has only a header, or no byte', async () => {
    for (const text of ['id,note\n', '']) {
      const lanes = new RowLanes();
      const order = await base(lanes, Buffer.from(text), {
        declaration: {
          ...lines,
          head: (...head) => (text === '' ? { columns: [], bytes: 0 } : lines.head(...head)),
        },
      });
      expect(await loadFileLane(order, never)).toMatchObject({
        done: true,
        progress: { pages: 0 },
      });
    }
  });

  it('reads several ranges at once where the budget has the buffers', async () => {
    const lanes = new RowLanes();
    const bytes = Buffer.from(`id,note\n${csvOf(rowsOf(Array.from({ length: 400 }, () => 20)))}`);
    const order = await base(lanes, bytes);
    let now = 0;
    let most = 0;
    const { reader } = order;
    const watched: typeof reader = {
      ...reader,
      read: async (...read) => {
        most = Math.max(most, ++now);
        await reader.read(...read);
        now--;
      },
    };
    await loadFileLane({ ...order, reader: watched }, never);
    expect(most).toBe(4);
  });

  it('refuses a gzip file that ends early, and commits nothing of its last page', async () => {
    const lanes = new RowLanes();
    const text = `id,note\n${csvOf(rowsOf(Array.from({ length: 50 }, (_, index) => index)))}`;
    const whole = gzipSync(text);
    const bytes = whole.subarray(0, whole.length - 20);
    const order = await base(lanes, bytes, {
      format: gzip,
      sizes: sizesOf({ pageBytes: 100_000 }),
    });
    await expect(loadFileLane(order, never)).rejects.toMatchObject({
      code: 'format/bad-gzip',
    });
    expect(lanes.staged(order.load)).toEqual([]);
  });

  it('ends with a cancel and leaves nothing leased', async () => {
    const lanes = new RowLanes([{ on: 'stage', do: 'stall', at: 1 }]);
    const bytes = Buffer.from(`id,note\n${csvOf(rowsOf(Array.from({ length: 400 }, () => 20)))}`);
    for (const format of [plain, gzip]) {
      const body = format === gzip ? gzipSync(bytes) : bytes;
      const order = await base(lanes, body, { format });
      lanes.database.asked.set('stage', 0);
      const cancel = new AbortController();
      setTimeout(() => {
        cancel.abort(new Error('cancelled'));
      }, 30);
      await expect(loadFileLane(order, cancel.signal)).rejects.toThrow('cancelled');
      expect(order.budget.usedBytes).toBe(0);
    }
  });
});
