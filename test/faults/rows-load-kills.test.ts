/**
 * G1, G4, G8 of rows on their way into a table: worker, Temporal and PostgreSQL are killed at moments drawn over the whole of
 * the load, its publish transaction included. The table holds each row of the file once; nothing is left behind.
 *
 * The full size is TIDEMARK_FAULT_ROWS=3000000 TIDEMARK_FAULT_KILLS=20.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Flow } from './flow.js';
import {
  fromEnv,
  isThere,
  mebibyte,
  momentsOf,
  reached,
  type RowsWorld,
  sortedHashOfTable,
  startRowsWorld,
  type Victim,
} from './rows-world.js';

const rows = fromEnv('TIDEMARK_FAULT_ROWS', 400_000);
const kills = fromEnv('TIDEMARK_FAULT_KILLS', 4);
const serverKills = Math.ceil(kills / 4);
const bytesPerSecond = fromEnv('TIDEMARK_FAULT_MBPS', 60) * mebibyte;
/** A page of 8 MiB is committed as a whole; a second one may be on its way to the server. */
const pageBytes = 8.5 * mebibyte;

/** Share of the moments that lie in the publish transaction, after the last byte. */
const publishing = 0.25;
const inserting = 'INSERT INTO "copies"';
const committing = 'COMMIT\u0000';

const rounds: readonly (readonly [Victim, number])[] = [
  ...momentsOf(kills).map((at) => ['worker', at] as const),
  ...momentsOf(serverKills).map((at) => ['temporal', at] as const),
  ...momentsOf(serverKills).map((at) => ['postgres', at] as const),
];

/** A publish may be faster than the undisturbed one was, and end before its moment: then once more, half as late. */
const triesMax = 6;
const nameOf = (round: number, missed: number): string =>
  `in_${String(round + 1)}${missed === 0 ? '' : `_again_${String(missed)}`}`;

const names = [
  'calm',
  ...rounds.flatMap((_, round) =>
    Array.from({ length: triesMax }, (__, missed) => nameOf(round, missed)),
  ),
];

const asset = (name: string): string => `
  - name: ${name}
    source: { type: S3, connection: lake, configs: { key: full/orders.csv } }
    target: { type: POSTGRES, connection: shop, configs: { table_name: copies.${name}, sync_mode: append } }`;

const pipelines = `
assets:
  - name: file
    source: { type: POSTGRES, connection: shop, configs: { table_name: orders } }
    target: { type: S3, connection: lake, configs: { key: full/orders.csv } }${names.map(asset).join('')}
`;

const tables = names.map((name) => `create table copies.${name} (like orders);`).join('\n');

describe.skipIf(!isThere)('rows on their way into a table, with kills', () => {
  let rig: RowsWorld;
  let flow: Flow;
  let expected = '';
  let calmWire = 0;
  let calmPublishMs = 0;

  const hashOf = (table: string): Promise<string> =>
    sortedHashOfTable(rig.server, `select id, note, amount, changed_at from ${table}`);

  beforeAll(async () => {
    rig = await startRowsWorld('row-load-kills', {
      pipelines,
      bytesPerSecond,
      schema: `create schema copies;
        create table orders (id bigint primary key, note text, amount numeric(12,2), changed_at timestamptz not null);
        insert into orders select g, case when g % 7 = 0 then null when g % 11 = 0 then '' else 'a "quoted", note ' || g || repeat(' and more', 10) end,
          g * 1.01, timestamptz '2024-01-01 00:00:00.000001+00' + (g / 3) * interval '7 microseconds' from generate_series(1, ${String(rows)}) g;
        ${tables} vacuum analyze orders`,
    });
    flow = new Flow(() => rig.proxy.facts().bytesToTarget);
    await rig.run('file');
    expected = await hashOf('orders');
  }, 300_000);

  afterAll(async () => {
    flow.end();
    await rig[Symbol.asyncDispose]();
  });

  it('G14: an undisturbed run loads the rows of the file', async () => {
    const before = flow.now();
    const startedMs = performance.now();
    const running = rig.result(await rig.start('calm'));
    await rig.proxy.whenSent(inserting);
    const insertedMs = performance.now();
    await rig.proxy.whenSent(committing);
    calmPublishMs = performance.now() - insertedMs;
    const receipt = await running;
    calmWire = flow.now() - before;
    process.stdout.write(
      `undisturbed: ${String(rows)} rows, ${(calmWire / mebibyte).toFixed(0)} MiB, ${((performance.now() - startedMs) / 1000).toFixed(1)} s, ${(calmPublishMs / 1000).toFixed(1)} s of them to publish\n`,
    );
    expect(receipt).toMatchObject({ reconciled: true, rows });
    expect(await hashOf('copies.calm')).toBe(expected);
  }, 300_000);

  /** Kills at that share of the bytes behind `base`, or of the publish, `haste` times earlier; false when the run ended before. */
  const killAt = async (
    [victim, at]: readonly [Victim, number],
    { base, haste }: { readonly base: number; readonly haste: number },
    run: Promise<unknown>,
  ): Promise<boolean> => {
    const share = at / (1 - publishing);
    const inserted = rig.proxy.whenSent(inserting);
    if (share < 1) await reached(() => flow.now() - base >= share * calmWire, run);
    else {
      await inserted;
      await sleep((((at - 1 + publishing) / publishing) * calmPublishMs) / haste);
    }
    let isOver = false;
    void run.then(() => {
      isOver = true;
    });
    await sleep(0);
    // Looked at before the kill: a server takes a second to come back, and the run may end meanwhile.
    if (isOver) return false;
    await rig.kill(victim);
    return true;
  };

  /** One run with one kill; true when the kill came while it ran. */
  const survives = async (
    round: readonly [Victim, number],
    name: string,
    haste: number,
  ): Promise<boolean> => {
    const [victim, at] = round;
    const base = flow.now();
    const running = rig.result(await rig.start(name));
    const isKilled = await killAt(round, { base, haste }, running);
    const killedMs = performance.now();
    const receipt = await running;
    const twice = Math.max(0, flow.now() - base - calmWire);
    const moment = `${(at * 100).toFixed(0)} %`;
    process.stdout.write(
      isKilled
        ? `${victim} killed at ${moment}: ${(twice / mebibyte).toFixed(1)} MiB or ${((twice / calmWire) * rows).toFixed(0)} rows staged twice, done ${((performance.now() - killedMs) / 1000).toFixed(1)} s later\n`
        : `${victim}: the run ended before ${moment} of the undisturbed one\n`,
    );
    expect(receipt).toMatchObject({ reconciled: true, rows });
    expect(await hashOf(`copies.${name}`)).toBe(expected);
    // A crash of the server empties what was staged (unlogged): then the whole is sent again.
    if (victim !== 'postgres') expect(twice).toBeLessThanOrEqual(2 * pageBytes);
    await rig.expectNothingLeft();
    await rig.server.psql(`drop table copies.${name}`);
    return isKilled;
  };

  it('G1 G4 G8: holds each row once, sends little twice and leaves nothing, whatever is killed when', async () => {
    for (const [index, round] of rounds.entries()) {
      let missed = 0;
      while (!(await survives(round, nameOf(index, missed), 2 ** missed))) {
        missed++;
        expect(missed, 'runs that ended before they were killed').toBeLessThan(triesMax);
      }
    }
  }, 3_000_000);
});
