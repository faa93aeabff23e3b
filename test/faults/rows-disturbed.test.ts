/**
 * G6, G7, G8, G13 of rows, in both directions: a worker that stands still while another one finishes and then wakes up, a
 * cancel, and a server that forgets what was staged while its loader goes on.
 */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Of } from '../e2e/world.js';
import { isThere, mebibyte, type RowsWorld, startRowsWorld } from './rows-world.js';

const rows = 250_000;

const loads = ['frozen', 'frozen_publish', 'cancelled', 'crashed'];

const load = (name: string): string => `
  - name: in_${name}
    source: { type: S3, connection: lake, configs: { key: full/calm.csv } }
    target: { type: POSTGRES, connection: shop, configs: { table_name: copies.${name}, sync_mode: append } }`;

const unload = (name: string): string => `
  - name: out_${name}
    source: { type: POSTGRES, connection: shop, configs: { table_name: orders, sync_mode: incremental, cursor_column: changed_at } }
    target: { type: S3, connection: lake, configs: { prefix: ${name} } }`;

const pipelines = `
assets:
  - name: calm
    source: { type: POSTGRES, connection: shop, configs: { table_name: orders } }
    target: { type: S3, connection: lake, configs: { key: full/calm.csv } }
  - name: endless
    source: { type: POSTGRES, connection: shop, configs: { sql: "select id, pg_sleep(0.1)::text as note from orders", primary_key: id } }
    target: { type: S3, connection: lake, configs: { key: endless.csv } }${loads.map(load).join('')}${['frozen', 'cancelled'].map(unload).join('')}
`;

/** A publish takes its time: the server sleeps once for each statement that inserts. */
const slowly = (table: string, seconds: number): string => `
  create function slow_${table}() returns trigger language plpgsql as 'begin perform pg_sleep(${String(seconds)}); return null; end';
  create trigger slow after insert on copies.${table} for each statement execute function slow_${table}();`;

const ours = `application_name like 'tidemark%' and pid <> pg_backend_pid()`;

describe.skipIf(!isThere)('rows that are disturbed', () => {
  let rig: RowsWorld;
  let parts = 0;
  let calmHash = '';

  const expectLoaded = async (name: string): Promise<void> => {
    expect(
      await rig.server.psql(
        `select count(*) from ((table orders except all table copies.${name}) union all (table copies.${name} except all table orders)) d`,
      ),
    ).toBe('0');
    await rig.expectNothingLeft();
  };

  const until = async (isReached: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await isReached())) await sleep(2);
  };

  const statementsOfOurs = (): Promise<string> =>
    rig.server.psql(`select count(*) from pg_stat_activity where ${ours} and state <> 'idle'`);

  beforeAll(async () => {
    rig = await startRowsWorld('row-disturbed', {
      isSupervised: false,
      bytesPerSecond: 6 * mebibyte,
      pipelines,
      onS3Request: ({ operation }) => {
        if (operation === 'UploadPart') parts++;
      },
      schema: `create schema copies;
        create table orders (id bigint primary key, note text, changed_at timestamptz not null);
        insert into orders select g, 'row ' || g || repeat('.', 200), timestamptz '2024-01-01' + g * interval '1 millisecond' from generate_series(1, ${String(rows)}) g;
        create index on orders (changed_at, id); vacuum analyze orders;
        ${loads.map((name) => `create table copies.${name} (like orders);`).join(' ')}
        ${slowly('frozen_publish', 12)}`,
    });
    const worker = rig.world.startWorker();
    await rig.run('calm');
    calmHash = await sha256Of(rig.world.object('full/calm.csv'));
    worker.kill('SIGKILL');
  }, 120_000);

  afterAll(() => rig[Symbol.asyncDispose]());

  it('G7: a worker that stands still while another finishes, and then wakes up, doubles and overwrites nothing', async () => {
    const frozen = rig.world.startWorker();
    const inserting = rig.proxy.whenSent('INSERT INTO "copies"');
    const assets = ['in_frozen_publish', 'in_frozen', 'out_frozen'];
    const publishing = rig.result(await rig.start('in_frozen_publish'));
    await inserting;
    // The server works on that statement for seconds; meanwhile the other two come into the middle of their bytes.
    parts = 0;
    const moving = [
      rig.result(await rig.start('in_frozen')),
      rig.result(await rig.start('out_frozen')),
    ];
    await rig.proxy.whenSent('COPY "tidemark"');
    await until(() => parts >= 2);
    process.kill(frozen.pid ?? 0, 'SIGSTOP');
    const other = rig.world.startWorker();
    const receipts = await Promise.all([publishing, ...moving]);
    process.kill(frozen.pid ?? 0, 'SIGCONT');
    // Long enough for what it had under way, and for what it would still do.
    await sleep(4000);
    frozen.kill('SIGKILL');
    other.kill('SIGKILL');
    for (const [index, receipt] of receipts.entries()) {
      expect(receipt, assets[index]).toMatchObject({ reconciled: true, rows });
    }
    expect(receipts[1]?.assets[0]?.retries, 'in_frozen was in the middle').toBeGreaterThan(0);
    expect(receipts[2]?.assets[0]?.retries, 'out_frozen was in the middle').toBeGreaterThan(0);
    const { published, open } = (await rig.objectLedger('out_frozen')) ?? {};
    expect(open).toBeNull();
    expect(published).toHaveLength(1);
    const object = rig.world.object(published?.[0]?.names[0] ?? '');
    expect(await sha256Of(object)).toBe(calmHash);
    await expectLoaded('frozen');
    await expectLoaded('frozen_publish');
    await rig.expectNothingLeft(['out_frozen']);
  }, 300_000);

  describe('with one worker', () => {
    let worker: ChildProcess | null = null;

    beforeAll(() => {
      worker = rig.world.startWorker();
    });

    it.each([
      ['out_cancelled', () => until(() => parts >= 2)],
      ['in_cancelled', () => rig.proxy.whenSent('COPY "tidemark"')],
      ['endless', () => rig.proxy.whenSent('OFFSET')],
    ])(
      'G8 G13: a cancel of %s ends its statements within 5 s and leaves nothing',
      async (asset, moment) => {
        parts = 0;
        const reachedMoment = moment();
        const id = await rig.start(asset);
        await reachedMoment;
        await sleep(300);
        await until(async () => (await statementsOfOurs()) !== '0');
        const cancelledMs = performance.now();
        await rig.world.client.workflow.getHandle(id).cancel();
        await until(async () => (await statementsOfOurs()) === '0');
        const tookMs = performance.now() - cancelledMs;
        process.stdout.write(
          `${asset}: no statement ${(tookMs / 1000).toFixed(1)} s after the cancel\n`,
        );
        expect(tookMs).toBeLessThan(5000);
        expect(await rig.failure(id)).toMatch(/cancel/i);
        await rig.expectNothingLeft(asset === 'out_cancelled' ? [asset] : []);
      },
      120_000,
    );

    it('G1: the rows of a window that was cancelled are all in the next one', async () => {
      expect((await rig.objectLedger('out_cancelled'))?.mark).toBeNull();
      const receipt = await rig.run('out_cancelled');
      expect(receipt).toMatchObject({ reconciled: true, rows: { written: rows } });
      expect(await sha256Of(rig.world.object(receipt.result.keys[0] ?? ''))).toBe(calmHash);
      await rig.expectNothingLeft(['out_cancelled']);
    }, 60_000);

    it('G1 G6: a server that forgets what was staged under a running load loses no row', async () => {
      const base = rig.proxy.facts().bytesToTarget;
      const running = rig.result(await rig.start('in_crashed'));
      await until(() => rig.proxy.facts().bytesToTarget - base > 10 * mebibyte);
      // What a crash does to unlogged tables, but no connection tells the loader of it.
      await rig.server.psql(
        `do $$ declare t text; begin for t in select tablename from pg_tables where tablename like 'stage%' loop execute 'truncate tidemark.' || t; end loop; truncate tidemark.page; end $$`,
      );
      const forgotten = rig.proxy.facts().bytesToTarget;
      await until(() => rig.proxy.facts().bytesToTarget - forgotten > 10 * mebibyte);
      // Whoever comes next knows only what stands there now.
      worker?.kill('SIGKILL');
      worker = rig.world.startWorker();
      const receipt = await running;
      expect(receipt).toMatchObject({ reconciled: true, rows });
      await expectLoaded('crashed');
    }, 120_000);
  });
});
