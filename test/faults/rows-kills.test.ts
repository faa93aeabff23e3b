/**
 * G1, G4, G8 of rows: worker, Temporal and PostgreSQL are killed at moments drawn over the whole of a large table on its way
 * to an object. The object is that of an undisturbed run, byte for byte; what was read twice stays within the promise; nothing
 * is left behind.
 *
 * The full size is TIDEMARK_FAULT_ROWS=3000000 TIDEMARK_FAULT_KILLS=20.
 */
import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Of } from '../e2e/world.js';
import { Flow } from './flow.js';
import {
  fromEnv,
  isThere,
  mebibyte,
  momentsOf,
  reached,
  type RowsWorld,
  sortedHashOfFiles,
  sortedHashOfTable,
  startRowsWorld,
  type Victim,
} from './rows-world.js';

const rows = fromEnv('TIDEMARK_FAULT_ROWS', 600_000);
const kills = fromEnv('TIDEMARK_FAULT_KILLS', 4);
const serverKills = Math.ceil(kills / 4);
const bytesPerSecond = fromEnv('TIDEMARK_FAULT_MBPS', 60) * mebibyte;
/** Buffers of a worker in these tests; what is in them when it dies is read again. */
const budgetBytes = 64 * mebibyte;
/** 32 parts of 8 MiB and what closes them. */
const chunkBytes = 32 * 16 * mebibyte;

const rounds: readonly (readonly [Victim, number])[] = [
  ...momentsOf(kills).map((at) => ['worker', at] as const),
  ...momentsOf(serverKills).map((at) => ['temporal', at] as const),
  ...momentsOf(serverKills).map((at) => ['postgres', at] as const),
];

const asset = (name: string): string => `
  - name: ${name}
    source: { type: POSTGRES, connection: shop, configs: { table_name: orders, sync_mode: incremental, cursor_column: changed_at } }
    target: { type: S3, connection: lake, configs: { prefix: ${name} } }`;

const pipelines = `assets:${['calm', ...rounds.map((_, index) => `out_${String(index + 1)}`)].map(asset).join('')}\n`;

describe.skipIf(!isThere)('rows on their way to an object, with kills', () => {
  let rig: RowsWorld;
  let flow: Flow;
  let calmHash = '';
  let calmBytes = 0;
  let calmWire = 0;

  const objectOf = (receiptKeys: readonly string[]): string => {
    expect(receiptKeys).toHaveLength(1);
    return rig.world.object(receiptKeys[0] ?? '');
  };

  beforeAll(async () => {
    rig = await startRowsWorld('row-kills', {
      pipelines,
      bytesPerSecond,
      schema: `create table orders (id bigint primary key, note text, amount numeric(12,2), changed_at timestamptz not null);
        insert into orders select g, case when g % 7 = 0 then null when g % 11 = 0 then '' else 'a "quoted", note ' || g || repeat(' and more', 10) end,
          g * 1.01, timestamptz '2024-01-01 00:00:00.000001+00' + (g / 3) * interval '7 microseconds' from generate_series(1, ${String(rows)}) g;
        create index on orders (changed_at, id); vacuum analyze orders`,
    });
    flow = new Flow(() => rig.proxy.facts().bytesToClient);
  }, 300_000);

  afterAll(async () => {
    flow.end();
    await rig[Symbol.asyncDispose]();
  });

  it('G14: an undisturbed run writes the rows that psql reads', async () => {
    const before = flow.now();
    const startedMs = performance.now();
    const receipt = await rig.run('calm');
    calmWire = flow.now() - before;
    const path = objectOf(receipt.result.keys);
    calmHash = await sha256Of(path);
    calmBytes = (await stat(path)).size;
    process.stdout.write(
      `undisturbed: ${String(rows)} rows, ${(calmBytes / mebibyte).toFixed(0)} MiB in one object, ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`,
    );
    expect(receipt).toMatchObject({ reconciled: true, retries: 0, rows: { read: rows } });
    const query = 'select id, note, amount, changed_at from orders';
    expect(await sortedHashOfFiles([path])).toBe(await sortedHashOfTable(rig.server, query));
  }, 300_000);

  it('G1 G4 G8: gets the same object, reads little twice and leaves nothing, whatever is killed when', async () => {
    for (const [index, [victim, at]] of rounds.entries()) {
      const name = `out_${String(index + 1)}`;
      const base = flow.now();
      const id = await rig.start(name);
      const running = rig.result(id);
      const isKilled = await reached(() => flow.now() - base >= at * calmWire, running);
      const killedMs = performance.now();
      const lastSecond = flow.within(1200);
      await rig.kill(victim);
      const receipt = await running;
      const [found] = receipt.assets;
      const twice = Math.max(0, flow.now() - base - calmWire);
      const toldTwice = found?.bytes.read_twice ?? 0;
      process.stdout.write(
        `${victim} killed at ${(at * 100).toFixed(0)} %: ${(twice / mebibyte).toFixed(1)} MiB or ${((twice / calmWire) * rows).toFixed(0)} rows read twice (receipt: ${(toldTwice / mebibyte).toFixed(1)} MiB), done ${((performance.now() - killedMs) / 1000).toFixed(1)} s later\n`,
      );
      expect(isKilled, 'it was killed while it ran').toBe(true);
      expect(receipt.reconciled).toBe(true);
      expect(await sha256Of(objectOf(found?.result.keys ?? []))).toBe(calmHash);
      if (victim === 'worker') expect(twice).toBeLessThanOrEqual(budgetBytes + lastSecond);
      expect(twice).toBeLessThanOrEqual(chunkBytes + budgetBytes);
      await rig.expectNothingLeft([name]);
      expect((await rig.objectLedger(name))?.windows).toBe(1);
    }
  }, 3_000_000);
});
