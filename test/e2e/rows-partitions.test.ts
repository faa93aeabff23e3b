/**
 * Partitions of tables in whole runs: PostgreSQL to S3 by month and back, backfilled, scheduled, and known again by a Temporal
 * that remembers nothing. What is right is said by psql.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackfillReceipt } from '../../src/core/run/backfill-run.js';
import { type OwnTemporal, startOwnTemporal } from '../servers/own-temporal.js';
import { hasPostgres, startRowsWorld, type RowsWorld } from './rows-world.js';

const months =
  'partitions_def: { type: monthly, start_date: "2024-01-01", end_date: "2024-07-01", fmt: "%Y-%m", timezone: Europe/Berlin }';

const pipelines = `
assets:
  - name: orders_by_month
    source:
      type: POSTGRES
      connection: shop
      configs:
        sql: >-
          SELECT id, note, at FROM orders
          WHERE at >= '{{ partition_start }}' AND at < '{{ partition_end }}'
        primary_key: id
    target: { type: S3, connection: lake, configs: { key: 'orders/{{ partition_key }}.csv' } }
    ${months}
  - name: orders_back
    ins: { landed: { key: orders_by_month } }
    source: { type: S3, connection: lake, configs: { key: 'orders/{{ partition_key }}.csv' } }
    target: { type: POSTGRES, connection: shop, configs: { table_name: copies.orders, sync_mode: full-refresh, partition_column: at, max_shrink: any } }
    ${months}
  - name: changes_by_region
    source:
      type: POSTGRES
      connection: shop
      configs:
        sql: "SELECT id, region, changed FROM changes WHERE region = '{{ partition_key }}'"
        primary_key: id
        sync_mode: incremental
        cursor_column: changed
    target: { type: S3, connection: lake, configs: { prefix: 'changes/{{ partition_key }}' } }
    partitions_def: { type: static, values: [eu, us] }
jobs:
  - { name: months_job, selection: [orders_by_month, orders_back] }
  - { name: regions_job, selection: [changes_by_region] }
`;

/** Rows around every border of a month in Berlin, in winter and in summer. */
const sql = `
  create table orders (id bigint primary key, note text, at timestamptz not null);
  insert into orders select g, 'note ' || g, timestamptz '2024-01-01 00:00+01' + g * interval '2 hours' from generate_series(0, 12 * 182 - 1) g;
  create schema copies; create table copies.orders (like public.orders including all);
  create table changes (id bigint primary key, region text, changed bigint not null);
  insert into changes select g, case when g % 3 = 0 then 'us' else 'eu' end, g from generate_series(1, 90) g`;

describe.skipIf(!hasPostgres('debian'))('partitions of tables', () => {
  let temporal: OwnTemporal;
  let rows: RowsWorld;
  beforeAll(async () => {
    temporal = await startOwnTemporal();
    rows = await startRowsWorld('partitions', { version: 'debian', pipelines, sql, temporal });
  }, 120_000);
  afterAll(async () => {
    await rows[Symbol.asyncDispose]();
    await temporal[Symbol.asyncDispose]();
  });

  const backfill = async (type: string, range: object): Promise<BackfillReceipt> => {
    const { world } = rows;
    const id = await world.start(type, { partition_range: range });
    return (await world.result(id)) as BackfillReceipt;
  };

  it('one month is one object, cut at midnight of the zone', async () => {
    const receipt = await rows.run('months_job', { partition: '2024-04' });
    expect(receipt).toMatchObject({ partition: '2024-04', reconciled: true });
    const berlin = `at >= timestamptz '2024-04-01 00:00+02' and at < timestamptz '2024-05-01 00:00+02'`;
    const count = await rows.server.psql(`select count(*) from orders where ${berlin}`);
    expect(receipt.assets.map((asset) => String(asset.rows?.read))).toEqual([count, count]);
    expect(
      await rows.differences(`select * from orders where ${berlin}`, 'table copies.orders'),
    ).toBe('0');
  }, 60_000);

  it('a backfill makes the other months, and the copy is the table, row by row', async () => {
    const range = { from: '2024-01', to: '2024-06', missing: true, parallel: 3 };
    const receipt = await backfill('months_job', range);
    expect(receipt.partitions).toEqual({ done: 5, made_before: 1, failed: 0 });
    expect(await rows.differences('table orders', 'table copies.orders')).toBe('0');
    expect(await rows.stagings()).toBe('0');
  }, 120_000);

  it('a month that is run again replaces its rows and leaves the others, whatever it finds', async () => {
    await rows.server
      .psql(`update orders set note = 'changed' where at >= timestamptz '2024-03-01 00:00+01' and at < timestamptz '2024-03-02 00:00+01';
      delete from orders where id % 50 = 7 and at >= timestamptz '2024-03-01 00:00+01' and at < timestamptz '2024-04-01 00:00+02'`);
    await rows.run('months_job', { partition: '2024-03' });
    expect(await rows.differences('table orders', 'table copies.orders')).toBe('0');
  }, 60_000);

  it('each partition has a mark of its own', async () => {
    const regions = async (): Promise<number> =>
      (await backfill('regions_job', { keys: ['eu', 'us'] })).rows;
    expect(await regions()).toBe(90);
    expect(await regions()).toBe(0);
    await rows.server.psql(`insert into changes values (91, 'us', 91)`);
    expect(await regions()).toBe(1);
  }, 90_000);

  it('a Temporal that remembers no run finds in the ledgers what was made (G17)', async () => {
    const { client, taskQueue } = rows.world;
    const asset = client.workflow.getHandle(`${taskQueue}/asset/orders_by_month/2024-04`);
    expect((await asset.describe()).status.name).toBe('COMPLETED');
    await temporal.loseEverything();
    await expect(asset.describe()).rejects.toThrow('not found');
    const receipt = await backfill('months_job', { from: '2024-01', to: '2024-06', missing: true });
    expect(receipt.partitions).toEqual({ done: 0, made_before: 6, failed: 0 });
  }, 120_000);
});
