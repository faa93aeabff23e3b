/**
 * Rows through whole runs: PostgreSQL, an S3 server and worker processes, all real. What arrives is compared with what
 * psql says.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReceipt } from '../../src/core/run/receipt.js';
import { type PostgresServer, startPostgres } from '../servers/postgres.js';
import { hasPostgres, shopYaml } from './rows-world.js';
import { connectionsYaml, startWorld, type World } from './world.js';

const isThere = hasPostgres('debian');

const pipelines = `
assets:
  - name: all_orders
    source: { type: POSTGRES, connection: shop, configs: { table_name: orders } }
    target: { type: S3, connection: lake, configs: { key: full/orders.csv } }
  - name: all_orders_gz
    source: { type: POSTGRES, connection: shop, configs: { table_name: orders } }
    target: { type: S3, connection: lake, configs: { key: full/orders.csv.gz, compress_options: { compress_type: GUNZIP } } }
  - name: new_orders
    source: { type: POSTGRES, connection: shop, configs: { table_name: orders, sync_mode: incremental, cursor_column: changed_at, rows_chunk: 100 } }
    target: { type: S3, connection: lake, configs: { prefix: new } }
  - name: orders_back
    ins: { landed: { key: new_orders } }
    source: { type: S3, connection: lake, configs: { prefix: new } }
    target: { type: POSTGRES, connection: shop, configs: { table_name: copies.orders, sync_mode: incremental, primary_key: id } }
  - name: orders_table
    source: { type: POSTGRES, connection: shop, configs: { table_name: orders } }
    target: { type: POSTGRES, connection: shop, configs: { table_name: copies.refreshed, sync_mode: full-refresh, auto_create_table: true } }
jobs:
  - { name: round_trip, selection: [new_orders, orders_back] }
`;

/** With the smallest pages each three rows are a run of an activity. */
const rows = process.env['TIDEMARK_VARY'] === 'tiny' ? 300 : 5_000;

describe.skipIf(!isThere)('rows through whole runs', () => {
  let world: World;
  let server: PostgresServer;

  const run = async (type: string, input: object = {}): Promise<RunReceipt> =>
    (await world.result(await world.start(type, input))) as RunReceipt;

  beforeAll(async () => {
    server = await startPostgres({ version: 'debian' });
    await server.psql(`
      create table orders (id bigint primary key, note text, amount numeric(12,2), changed_at timestamptz not null);
      insert into orders select g, case when g % 7 = 0 then null when g % 11 = 0 then '' else 'a "quoted", note ' || g end,
        g * 1.01, timestamptz '2024-01-01 00:00:00.000001+00' + g * interval '1 millisecond' from generate_series(1, ${String(rows)}) g;
      create schema copies; create table copies.orders (like public.orders including all)`);
    world = await startWorld('rows', {
      env: {
        PG_HOST: server.host,
        PG_PORT: String(server.port),
        PG_USER: server.user,
        PG_PASSWORD: server.password,
        PG_DATABASE: server.database,
      },
    });
    await world.yaml('connections/common.yaml', connectionsYaml() + shopYaml);
    await world.yaml('pipelines/rows.yaml', pipelines);
    world.startWorker();
  }, 90_000);

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it('a table becomes the very file that psql writes', async () => {
    const receipt = await run('all_orders');
    const expected = await server.psql(`set timezone='UTC'; copy orders to stdout csv header`);
    expect((await readFile(world.object('full/orders.csv'), 'utf8')).trimEnd()).toBe(expected);
    expect(receipt).toMatchObject({ rows, reconciled: true });
    expect(await world.openUploads()).toBe(0);
  }, 60_000);

  it('goes to S3 window by window, and back by key, each row once', async () => {
    const first = await run('round_trip');
    expect(first.reconciled).toBe(true);
    await server.psql(
      `insert into orders select g, 'later', 1, timestamptz '2024-01-02' from generate_series(9001, 9010) g`,
    );
    await server.psql(`update orders set note = 'changed', changed_at = '2024-01-03' where id = 1`);
    const second = await run('round_trip');
    expect(second.assets[0]?.rows?.read).toBe(11);
    const idle = await run('round_trip');
    expect(idle.assets[0]?.rows?.read).toBe(0);
    expect(idle.assets[0]?.window?.high).toBeNull();
    const differences = await server.psql(
      `select count(*) from ((table orders except all table copies.orders) union all (table copies.orders except all table orders)) d`,
    );
    expect(differences).toBe('0');
    expect(
      await server.psql(
        `select count(*) from pg_tables where schemaname = 'tidemark' and tablename like 'stage%'`,
      ),
    ).toBe('0');
  }, 120_000);

  it('a table is replaced by another, made as the source is', async () => {
    for (let times = 0; times < 2; times++) await run('orders_table');
    expect(
      await server.psql(
        `select count(*) from ((table orders except all table copies.refreshed) union all (table copies.refreshed except all table orders)) d`,
      ),
    ).toBe('0');
  }, 150_000);
});
