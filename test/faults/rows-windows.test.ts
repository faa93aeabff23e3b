/**
 * G1, G2, G3, G17: windows on a real server. Ties, latecomers, a row from the future, microseconds, and a Temporal server that
 * loses everything: each row arrives once, at a target of objects and at a table.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AssetReceipt } from '../../src/core/run/receipt.js';
import { isThere, reached, type RowsWorld, runId, startRowsWorld } from './rows-world.js';

const tied = 10_000;
const many = 150_000;

const pair = (name: string, table: string, more = ''): string => `
  - name: ${name}_s3
    source: { type: POSTGRES, connection: shop, configs: { table_name: ${table}, sync_mode: incremental, cursor_column: changed_at${more} } }
    target: { type: S3, connection: lake, configs: { prefix: ${name} } }
  - name: ${name}_pg
    source: { type: POSTGRES, connection: shop, configs: { table_name: ${table}, sync_mode: incremental, cursor_column: changed_at${more} } }
    target: { type: POSTGRES, connection: shop, configs: { table_name: copies.${name} } }`;

const pipelines = `assets:${pair('tie', 'ties', ', rows_chunk: 100')}${pair('exact', 'exacts')}${pair('lost', 'losses')}${pair('torn', 'torns')}
`;

const row = 'id bigint primary key, note text, changed_at timestamptz not null';

const schema = `create schema copies;
  ${['ties', 'exacts', 'losses', 'torns'].map((name) => `create table ${name} (${row}); create index on ${name} (changed_at, id);`).join('\n')}
  ${['tie', 'exact', 'lost', 'torn'].map((name) => `create table copies.${name} (id bigint, note text, changed_at timestamptz);`).join('\n')}
  insert into ties select g, 'tied', '2024-05-05 05:05:05.050505+00' from generate_series(1, ${String(tied)}) g;
  insert into losses select g, 'row ' || g, timestamptz '2024-01-01' + g * interval '1 millisecond' from generate_series(1, ${String(many)}) g;
  insert into torns select g, 'row ' || g || repeat('.', 100), timestamptz '2024-01-01' + g * interval '1 millisecond' from generate_series(1, ${String(many)}) g`;

describe.skipIf(!isThere)('windows of rows', () => {
  let rig: RowsWorld;
  const objects: Record<string, string[]> = {};

  const keep = (asset: string, receipt: AssetReceipt | undefined): number => {
    (objects[asset] ??= []).push(...(receipt?.result.keys ?? []));
    expect(receipt?.reconciled).toBe(true);
    return receipt?.rows?.read ?? -1;
  };

  /** Rows that the window held; what was read twice does not count. */
  const take = async (asset: string): Promise<number> => {
    const receipt = await rig.run(asset);
    keep(asset, receipt);
    return receipt.rows?.written ?? -1;
  };

  /** Ids in all objects of an asset, with how often each is there. */
  const idsInObjects = async (asset: string): Promise<Map<string, number>> => {
    const ids = new Map<string, number>();
    for (const key of new Set(objects[asset])) {
      const lines = (await readFile(rig.world.object(key), 'utf8')).trimEnd().split('\n').slice(1);
      for (const line of lines) {
        const id = line.slice(0, line.indexOf(','));
        ids.set(id, (ids.get(id) ?? 0) + 1);
      }
    }
    return ids;
  };

  /** Each row of `table` (but those) is once at both targets, and nothing else is. */
  const expectEachOnce = async (name: string, table: string, but = 'false'): Promise<void> => {
    const wanted = `(select id, note, changed_at from ${table} where not (${but}))`;
    expect(
      await rig.server.psql(
        `select count(*) from ((select * from ${wanted} w except all table copies.${name}) union all (table copies.${name} except all select * from ${wanted} w)) d`,
      ),
      'differences of the table',
    ).toBe('0');
    const ids = await idsInObjects(`${name}_s3`);
    const known = (await rig.server.psql(`select id from ${wanted} w order by id`)).split('\n');
    expect(
      [...ids.values()].filter((times) => times !== 1),
      'ids not once in objects',
    ).toEqual([]);
    expect([...ids.keys()].sort()).toEqual(known.sort());
  };

  beforeAll(async () => {
    rig = await startRowsWorld('row-windows', { pipelines, schema, delayMs: 1 });
  }, 120_000);

  afterAll(() => rig[Symbol.asyncDispose]());

  /** The newest second is never taken: what a window leaves out for its sake comes with the next. */
  const guard = (): Promise<void> => sleep(1_500);

  /** Runs, and kills the worker in the middle of its pages. */
  const takeWithKill = async (asset: string): Promise<number> => {
    const running = rig.result(await rig.start(asset));
    for (let page = 0; page < 20; page++) await rig.proxy.whenSent('COPY (SELECT');
    await rig.kill('worker');
    const [receipt] = (await running).assets;
    keep(asset, receipt);
    expect(receipt?.retries).toBeGreaterThan(0);
    return receipt?.rows?.written ?? -1;
  };

  it('G2: takes ties, latecomers and rows from the future once each, in pages of 100 rows and with kills', async () => {
    expect(await takeWithKill('tie_s3')).toBe(tied);
    expect(await takeWithKill('tie_pg')).toBe(tied);
    await rig.server.psql(
      `insert into ties select g, 'tied later', '2024-05-05 05:05:05.050505+00' from generate_series(${String(tied + 1)}, ${String(tied + 50)}) g`,
    );
    expect(await take('tie_s3')).toBe(50);
    expect(await take('tie_pg')).toBe(50);
    const { host, port, user, password, database } = rig.server;
    const late = new pg.Client({ host, port, user, password, database });
    await late.connect();
    await late.query('begin');
    await late.query(`insert into ties values (20001, 'commits late', now())`);
    await rig.server.psql(`insert into ties values (20002, 'commits at once', now())`);
    await rig.server.psql(`insert into ties values (20003, 'from the future', '2099-01-01')`);
    const early = await rig.run('tie_s3');
    expect(early.rows?.read, 'nothing above an open transaction').toBe(0);
    expect(await take('tie_pg')).toBe(0);
    await late.query('commit');
    await late.end();
    await guard();
    expect(await take('tie_s3')).toBe(2);
    expect(await take('tie_pg')).toBe(2);
    await expectEachOnce('tie', 'ties', 'id = 20003');
    await rig.server.psql(`insert into ties values (20004, 'of today', now())`);
    await guard();
    expect(await take('tie_s3')).toBe(1);
    expect(await take('tie_pg')).toBe(1);
    await rig.server.psql(`update ties set changed_at = now() where id = 20003`);
    await guard();
    expect(await take('tie_s3')).toBe(1);
    expect(await take('tie_pg')).toBe(1);
    await expectEachOnce('tie', 'ties');
    await rig.expectNothingLeft(['tie_s3']);
  }, 300_000);

  it('G3: tells microseconds apart, and an idle run reads no row', async () => {
    for (const micros of ['123456', '123457']) {
      await rig.server.psql(
        `insert into exacts values (${micros}, 'exact', '2024-03-01 12:00:00.${micros}+00')`,
      );
      expect(await take('exact_s3')).toBe(1);
      expect(await take('exact_pg')).toBe(1);
    }
    for (const asset of ['exact_s3', 'exact_pg']) {
      const idle = await rig.run(asset);
      expect(idle.rows?.read).toBe(0);
      expect(idle.result.keys).toEqual([]);
    }
    expect((await rig.objectLedger('exact_s3'))?.mark?.value).toBe('2024-03-01 12:00:00.123457+00');
    await expectEachOnce('exact', 'exacts');
  }, 120_000);

  it('G17: goes on from the right mark when Temporal has lost everything between two runs', async () => {
    expect(await take('lost_s3')).toBe(many);
    expect(await take('lost_pg')).toBe(many);
    await rig.server.psql(
      `insert into losses select g, 'row ' || g, timestamptz '2024-06-01' + g * interval '1 microsecond' from generate_series(${String(many + 1)}, ${String(many + 500)}) g`,
    );
    await rig.temporal.loseEverything();
    expect(await take('lost_s3')).toBe(500);
    expect(await take('lost_pg')).toBe(500);
    await expectEachOnce('lost', 'losses');
    await rig.expectNothingLeft(['lost_s3']);
  }, 180_000);

  const isOpen = async (asset: string): Promise<boolean> =>
    asset.endsWith('s3')
      ? (await rig.objectLedger(asset))?.open !== null
      : (await rig.server.psql(
          `select document->'open' <> 'null' from tidemark.ledger where asset = '${asset}'`,
        )) === 't';

  it('G17 G8: goes on from the right mark when Temporal loses everything in the middle of a run', async () => {
    for (const asset of ['torn_s3', 'torn_pg']) {
      const base = rig.proxy.facts().bytesToClient;
      await rig.start(asset, {}, runId(rig.world));
      // 140 bytes a row.
      await reached(
        () => rig.proxy.facts().bytesToClient - base > many * 70,
        new Promise(() => undefined),
      );
      expect(await isOpen(asset), 'it is in the middle').toBe(true);
      await rig.temporal.loseEverything();
      expect(await take(asset)).toBe(many);
    }
    await expectEachOnce('torn', 'torns');
    await rig.expectNothingLeft(['torn_s3']);
  }, 180_000);
});
