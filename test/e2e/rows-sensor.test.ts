/**
 * A sensor of rows: new ones of a table start runs that get exactly their window; beside it one whose asset has a mark of its
 * own, so that no row is there twice whatever the sensor does.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PostgresServer, startPostgres } from '../servers/postgres.js';
import {
  pauseSignal,
  pollNowSignal,
  resumeSignal,
  sensorStateQuery,
  setMarkUpdate,
} from '../../workflows/messages.js';
import { hasPostgres, shopYaml } from './rows-world.js';
import { connectionsYaml, startWorld, type World } from './world.js';

const isThere = hasPostgres('debian');

const pipelines = `
assets:
  - name: taken
    source:
      type: POSTGRES
      connection: shop
      configs:
        sql: "SELECT id, changed_at FROM events WHERE changed_at > '{{ trigger.last_cursor | default('-infinity', true) }}' AND changed_at <= '{{ trigger.cursor }}'"
    target: { type: POSTGRES, connection: shop, configs: { table_name: taken, sync_mode: append } }
  - name: kept
    source: { type: POSTGRES, connection: shop, configs: { table_name: items, sync_mode: incremental, cursor_column: changed_at } }
    target: { type: POSTGRES, connection: shop, configs: { table_name: kept } }
jobs:
  - { name: take, selection: [taken] }
  - { name: keep, selection: [kept] }
sensors:
  - name: events_sensor
    type: POSTGRES
    connection: shop
    job: take
    minimum_interval_seconds: 0.2
    default_status: RUNNING
    advance: on_success
    configs: { table_name: events, cursor_column: changed_at }
  - name: items_sensor
    type: POSTGRES
    connection: shop
    job: keep
    minimum_interval_seconds: 0.2
    default_status: RUNNING
    advance: on_success
    configs: { table_name: items, cursor_column: changed_at }
`;

describe.skipIf(!isThere)('a sensor of rows', () => {
  let world: World;
  let server: PostgresServer;
  let worker: ChildProcess;

  beforeAll(async () => {
    server = await startPostgres({ version: 'debian' });
    await server.psql(`
      create table events (id bigint primary key, changed_at timestamptz not null);
      create table taken (like events);
      create table items (like events including all); create table kept (like events)`);
    world = await startWorld('rows-sensor', {
      env: {
        PG_HOST: server.host,
        PG_PORT: String(server.port),
        PG_USER: server.user,
        PG_PASSWORD: server.password,
        PG_DATABASE: server.database,
      },
    });
    await world.yaml('connections/common.yaml', connectionsYaml() + shopYaml);
    await world.yaml('pipelines/sensor.yaml', pipelines);
    worker = world.startWorker();
  }, 90_000);

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const takenRows = (): Promise<string> => server.psql('select count(*) from taken');

  const until = async (expected: string): Promise<void> => {
    for (let waited = 0; waited < 300 && (await takenRows()) !== expected; waited++)
      await sleep(100);
    expect(await takenRows()).toBe(expected);
  };

  it('starts one run for each window of new rows, and takes each row once', async () => {
    await server.psql(`insert into events select g, '2024-01-01' from generate_series(1, 50) g`);
    const id = `${world.taskQueue}/sensor/events_sensor`;
    await world.start('events_sensor', {}, id);
    await until('50');
    await server.psql(
      `insert into events select g, timestamptz '2024-01-02' + g * interval '1 microsecond' from generate_series(51, 60) g`,
    );
    await until('60');
    await sleep(1500);
    expect(await takenRows()).toBe('60');
    const view = (await world.client.workflow.getHandle(id).query('state')) as {
      readonly mark: { readonly time: string };
      readonly runsStarted: number;
    };
    expect(view).toMatchObject({ mark: { time: '2024-01-02 00:00:00.00006+00' }, runsStarted: 2 });
    await world.client.workflow.getHandle(id).terminate();
  }, 120_000);

  describe('whose asset has a mark of its own', () => {
    const sensor = () => world.client.workflow.getHandle(`${world.taskQueue}/sensor/items_sensor`);
    const state = () => sensor().query(sensorStateQuery);

    const ids = (where = 'true'): Promise<string> =>
      server.psql(
        `select coalesce(string_agg(id::text, ' ' order by id), '') from kept where ${where}`,
      );

    const has = async (look: () => Promise<unknown>, expected: unknown): Promise<void> => {
      for (let waited = 0; waited < 600 && (await look()) !== expected; waited++) await sleep(100);
      expect(await look()).toBe(expected);
    };

    const startedRuns = async (): Promise<number> => (await state()).runsStarted;

    it('does not pass over a row that commits late (G2)', async () => {
      await server.psql(`insert into items values (1, '2024-01-01')`);
      await world.start('items_sensor', {}, `${world.taskQueue}/sensor/items_sensor`);
      await has(ids, '1');
      const late = server.psql(
        `begin; insert into items values (2, now()); select pg_sleep(6); commit`,
      );
      const begun = (): Promise<string> =>
        server.psql(
          `select count(*) from pg_stat_activity where query like '%pg_sleep(6)%' and pid <> pg_backend_pid()`,
        );
      await has(begun, '1');
      await server.psql(`insert into items values (3, now())`);
      await sensor().signal(pollNowSignal);
      await sleep(1500);
      const early = await ids();
      // Only while the other is not there does this say something.
      expect(await server.psql('select count(*) from items where id = 2')).toBe('0');
      expect(early).toBe('1');
      await late;
      await has(ids, '1 2 3');
    }, 120_000);

    it('takes rows that share the value of its mark and come later (G2)', async () => {
      await server.psql(`insert into items select 4, max(changed_at) from items`);
      await has(ids, '1 2 3 4');
      await server.psql(
        `insert into items select g, max(changed_at) from items, generate_series(5, 9) g group by g`,
      );
      await has(ids, '1 2 3 4 5 6 7 8 9');
    }, 120_000);

    it('waits while it is paused, and takes what came meanwhile', async () => {
      await sensor().signal(pauseSignal);
      await has(async () => (await state()).paused, true);
      await server.psql(`insert into items values (10, now())`);
      await sleep(1500);
      expect(await ids('id >= 10')).toBe('');
      await sensor().signal(resumeSignal);
      await has(() => ids('id >= 10'), '10');
    }, 120_000);

    it('goes on with the same mark when its worker was killed (G1)', async () => {
      await has(
        async () => (await state()).mark.time,
        await server.psql(`select max(changed_at) from items`),
      );
      const before = await startedRuns();
      worker.kill('SIGKILL');
      await once(worker, 'exit');
      await server.psql(`insert into items values (11, now())`);
      worker = world.startWorker();
      await has(() => ids('id >= 10'), '10 11');
      await has(
        async () => (await state()).mark.time,
        await server.psql(`select max(changed_at) from items`),
      );
      // One run for the one row: nothing that was taken is taken again.
      expect(await startedRuns()).toBe(before + 1);
    }, 120_000);

    it('starts a run again when its mark is set back, and no row is there twice', async () => {
      const before = await startedRuns();
      const args: [{ time: string; reason: string }] = [
        { time: '2024-01-01 00:00:00+00', reason: 'looked wrong' },
      ];
      await sensor().executeUpdate(setMarkUpdate, { args });
      await has(async () => (await startedRuns()) > before, true);
      await has(
        async () => (await state()).mark.time,
        await server.psql(`select max(changed_at) from items`),
      );
      expect((await state()).mark.generation).toBe(2);
      expect(await ids()).toBe('1 2 3 4 5 6 7 8 9 10 11');
      await sensor().terminate();
    }, 120_000);
  });
});
