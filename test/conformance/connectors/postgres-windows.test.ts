/** Windows on PostgreSQL, and what disturbs a read: open transactions, cancels, ended sessions and servers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RowSource } from '../../../src/connectors/row-connector.js';
import { plainCsv, type Mark, type RowQuery } from '../../../src/core/plan/rows.js';
import { startPostgres, type PostgresKind, type PostgresServer } from '../../servers/postgres.js';
import { codeOf, patient } from './opening.js';
import { literal, sourcePlace } from './postgres-place.js';

import {
  collect,
  whole,
  tableQuery,
  sqlQuery,
  readPages,
  rangeOf,
  eventually,
} from './postgres-reads.js';

const kinds: readonly PostgresKind[] = ['debian', 'embedded'];

describe.each(kinds)('PostgreSQL (%s)', (kind) => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ version: kind, settings: { max_prepared_transactions: '5' } });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  describe('what only PostgreSQL has', () => {
    let place: Awaited<ReturnType<typeof sourcePlace>>;
    let schema: string;
    let source: RowSource;
    beforeEach(async () => {
      place = await sourcePlace(server);
      ({ schema, source } = place);
    });
    afterEach(() => place[Symbol.asyncDispose]());

    describe('windows', () => {
      const plan = { column: 'at', initial: null, settleMs: 1000, nulls: 'skip' } as const;
      const boundOf = async (
        query: RowQuery,
        low: Mark | null,
        settleMs: number = plan.settleMs,
      ) => {
        const shape = await source.inspect(query, patient());
        return source.bound(
          query,
          shape,
          { low, plan: { ...plan, column: query.cursor ?? '', settleMs } },
          patient(),
        );
      };
      const window = async (query: RowQuery, low: Mark | null, settleMs?: number) => {
        const { high } = await boundOf(query, low, settleMs);
        if (high === null) return null;
        const text = await readPages(source, query, 3, rangeOf(low, high));
        return {
          high,
          ids: text
            .split('\n')
            .slice(0, -1)
            .map((line) => Number(line.split(',')[0])),
        };
      };

      it('end below a sequence value that an open transaction took, with or without writing', async () => {
        await server.psql(`CREATE TABLE ${schema}.t (id bigserial PRIMARY KEY, v text)`);
        const query = tableQuery(schema, 't', { cursor: 'id' });
        for (const writes of [false, true]) {
          const low = (await window(query, null))?.high ?? null;
          const client = await place.session();
          await client.query('BEGIN');
          const taken = await client.query<{ id: string }>(
            `SELECT nextval('${schema}.t_id_seq') AS id`,
          );
          const id = taken.rows[0]?.id ?? '';
          if (writes) await client.query(`INSERT INTO ${schema}.t VALUES (${id}, 'late')`);
          await server.psql(`INSERT INTO ${schema}.t (v) VALUES ('early')`);
          const held = await boundOf(query, low, 200);
          expect([held.high, held.waiting]).toEqual([null, 1]);
          if (!writes) await client.query(`INSERT INTO ${schema}.t VALUES (${id}, 'late')`);
          await client.query('COMMIT');
          const next = await window(query, low);
          expect(next?.ids).toEqual([Number(id), Number(id) + 1]);
          expect(await window(query, next?.high ?? null)).toBeNull();
        }
      });

      it('wait for a transaction that ends in time', async () => {
        await server.psql(`CREATE TABLE ${schema}.t (id bigserial PRIMARY KEY, v text)`);
        const query = tableQuery(schema, 't', { cursor: 'id' });
        const client = await place.session();
        await client.query(`BEGIN; INSERT INTO ${schema}.t (v) VALUES ('late')`);
        await server.psql(`INSERT INTO ${schema}.t (v) VALUES ('early')`);
        const waiting = window(query, null, 10_000);
        await sleep(300);
        await client.query('COMMIT');
        expect((await waiting)?.ids).toEqual([1, 2]);
      });

      it('tell microseconds apart', async () => {
        await server.psql(`CREATE TABLE ${schema}.t (id int PRIMARY KEY, at timestamptz);
          INSERT INTO ${schema}.t VALUES (1, '2024-01-01 00:00:00.000001+00'), (2, '2024-01-01 00:00:00.000002+00')`);
        const query = tableQuery(schema, 't', { cursor: 'at' });
        const first = await window(query, null);
        expect(first?.high.value).toBe('2024-01-01 00:00:00.000002+00');
        await server.psql(
          `INSERT INTO ${schema}.t VALUES (3, '2024-01-01 00:00:00.000003+00'), (4, '2024-01-01 00:00:00.000001+00')`,
        );
        expect((await window(query, first?.high ?? null))?.ids).toEqual([3]);
      });

      it.each(['timestamptz', 'timestamp', 'date'])(
        'leave a row of the year 2099 waiting: %s',
        async (type) => {
          await server.psql(`CREATE TABLE ${schema}.t (id int PRIMARY KEY, at ${type});
          INSERT INTO ${schema}.t VALUES (1, '2024-01-01'), (2, '2099-01-01'), (3, 'infinity'), (4, '2024-01-02')`);
          const query = tableQuery(schema, 't', { cursor: 'at' });
          const bound = await boundOf(query, null);
          expect(bound.waiting).toBe(2);
          const first = await window(query, null);
          expect(first?.ids).toEqual([1, 4]);
          expect(await window(query, first?.high ?? null)).toBeNull();
        },
      );

      it('cut a date at today, and a timestamp at the clock of the zone of the connection', async () => {
        await server.psql(`CREATE TABLE ${schema}.t (id int PRIMARY KEY, d date, ts timestamp);
          INSERT INTO ${schema}.t SELECT g, (now() AT TIME ZONE 'Asia/Tokyo')::date + g, now() AT TIME ZONE 'Asia/Tokyo' + g * interval '1 hour' - interval '1 minute'
          FROM generate_series(-3, 3) g`);
        await source[Symbol.asyncDispose]();
        source = await place.open({ time_zone: 'Asia/Tokyo' });
        const days = await window(tableQuery(schema, 't', { cursor: 'd' }), null);
        expect(days?.ids).toEqual([-3, -2, -1]);
        const hours = await window(tableQuery(schema, 't', { cursor: 'ts' }), null);
        expect(hours?.ids).toEqual([-3, -2, -1, 0]);
      });

      it('hold back for prepared transactions', async () => {
        await server.psql(
          `CREATE TABLE ${schema}.t (id int PRIMARY KEY, at timestamptz DEFAULT now())`,
        );
        await server.psql(`INSERT INTO ${schema}.t VALUES (1, now() - interval '1 hour')`);
        const client = await place.session();
        await client.query(`BEGIN; INSERT INTO ${schema}.t VALUES (2)`);
        await sleep(100);
        await client.query(`PREPARE TRANSACTION '${schema}'`);
        await server.psql(`INSERT INTO ${schema}.t VALUES (3)`);
        const query = tableQuery(schema, 't', { cursor: 'at' });
        await sleep(1200);
        const first = await window(query, null);
        expect(first?.ids).toEqual([1]);
        await server.psql(`COMMIT PREPARED '${schema}'`);
        expect((await window(query, first?.high ?? null))?.ids).toEqual([2, 3]);
      });

      it('settle where the role may not see other sessions', async () => {
        await server.psql(`CREATE TABLE ${schema}.t (id int PRIMARY KEY, at timestamptz);
          INSERT INTO ${schema}.t VALUES (1, now() - interval '1 hour'), (2, now() - interval '5 seconds');
          CREATE ROLE ${schema} LOGIN PASSWORD ${literal(server.password)}; GRANT USAGE ON SCHEMA ${schema} TO ${schema}; GRANT SELECT ON ${schema}.t TO ${schema}`);
        await source[Symbol.asyncDispose]();
        source = await place.open({ user: schema });
        const query = tableQuery(schema, 't', { cursor: 'at' });
        const bound = await boundOf(query, null, 30_000);
        expect(bound.ceiling).toContain('pg_read_all_stats');
        expect(bound.waiting).toBe(1);
        expect((await window(query, null, 30_000))?.ids).toEqual([1]);
        await server.psql(`GRANT pg_read_all_stats TO ${schema}`);
        expect((await window(query, null, 30_000))?.ids).toEqual([1, 2]);
        await source[Symbol.asyncDispose]();
        await server.psql(`DROP OWNED BY ${schema}; DROP ROLE ${schema}`);
      });

      it('are not held back by reads of ours, and count every NULL', async () => {
        await server.psql(`CREATE TABLE ${schema}.t (id int PRIMARY KEY, at timestamptz);
          INSERT INTO ${schema}.t SELECT g, NULL FROM generate_series(1, 2500) g;
          INSERT INTO ${schema}.t SELECT 10000 + g, '2024-01-01' FROM generate_series(1, 3000) g`);
        const all = sqlQuery([`SELECT id, repeat('x', 9000) AS v FROM ${schema}.t`]);
        const shape = await source.inspect(all, patient());
        await using reader = await source.open(
          { query: all, shape, window: null, format: plainCsv },
          patient(),
        );
        const reading = reader.read(whole, patient())[Symbol.asyncIterator]();
        await reading.next();
        await sleep(1100);
        await server.psql(`INSERT INTO ${schema}.t VALUES (0, now())`);
        await sleep(1100);
        const bound = await boundOf(tableQuery(schema, 't', { cursor: 'at' }), null);
        expect(bound.waiting).toBe(0);
        expect(bound.nullCursors).toBe(2500);
        await reading.return?.();
      });

      it('have no memory of single rows where there is no key, and take ties not twice', async () => {
        await server.psql(
          `CREATE TABLE ${schema}.t (id int, at timestamptz); INSERT INTO ${schema}.t VALUES (1, '2024-01-01'), (2, '2024-01-01')`,
        );
        const query = tableQuery(schema, 't', { cursor: 'at' });
        const first = await boundOf(query, null);
        expect(first.high?.seen).toBeNull();
        expect((await boundOf(query, first.high)).high).toBeNull();
      });

      it('go over uuid and text cursors, with ties remembered', async () => {
        await server.psql(
          `CREATE TABLE ${schema}.t (id int PRIMARY KEY, at uuid); INSERT INTO ${schema}.t SELECT g, md5((g / 2)::text)::uuid FROM generate_series(1, 20) g`,
        );
        const query = tableQuery(schema, 't', { cursor: 'at' });
        const first = await window(query, null);
        expect([...(first?.ids ?? [])].sort((a, b) => a - b)).toEqual(
          Array.from({ length: 20 }, (_, index) => index + 1),
        );
        await server.psql(
          `INSERT INTO ${schema}.t SELECT 100, max(at::text)::uuid FROM ${schema}.t`,
        );
        const second = await window(query, first?.high ?? null);
        expect([second?.ids, second?.high.value]).toEqual([[100], first?.high.value]);
      });

      it('are not poisoned by NaN or infinite numbers', async () => {
        await server.psql(
          `CREATE TABLE ${schema}.t (id int PRIMARY KEY, at numeric); INSERT INTO ${schema}.t VALUES (1, 1), (2, 'NaN'), (3, 'Infinity'), (4, 2.5)`,
        );
        const query = tableQuery(schema, 't', { cursor: 'at' });
        const first = await window(query, null);
        expect([first?.ids, first?.high.value]).toEqual([[1, 4], '2.5']);
      });
    });

    describe('disturbances', () => {
      const slow = sqlQuery(['SELECT g, pg_sleep(0.02) FROM generate_series(1, 5000) g']);
      const isRunning = async (): Promise<boolean> =>
        (await server.psql(
          `SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(0.02)%' AND pid <> pg_backend_pid()`,
        )) !== '0';

      it('a cancel ends the statement on the server within two seconds', async () => {
        const shape = await source.inspect(sqlQuery(['SELECT 1 AS g, 2 AS pg_sleep']), patient());
        await using reader = await source.open(
          { query: slow, shape, window: null, format: plainCsv },
          patient(),
        );
        for (const way of ['read', 'count'] as const) {
          const controller = new AbortController();
          const work =
            way === 'read'
              ? collect(reader.read(whole, controller.signal))
              : source.count(
                  sqlQuery(['SELECT pg_sleep(0.02) FROM generate_series(1, 5000)']),
                  controller.signal,
                );
          const ended = work.then(
            () => 'done',
            (error: unknown) => error,
          );
          expect(await eventually(isRunning, 5000)).toBe(true);
          const reason = new Error('enough');
          const at = performance.now();
          controller.abort(reason);
          expect(await ended).toBe(reason);
          expect(performance.now() - at).toBeLessThan(1500);
          expect(await eventually(async () => !(await isRunning()), 2000)).toBe(true);
        }
        expect(await source.count(sqlQuery(['SELECT 1']), patient())).toBe(1);
      });

      it('a reader that is left in the middle takes its session with it', async () => {
        await server.psql(
          `CREATE TABLE ${schema}.t AS SELECT g AS id, repeat('x', 2000) AS v FROM generate_series(1, 20000) g`,
        );
        const query = tableQuery(schema, 't');
        const shape = await source.inspect(query, patient());
        await using reader = await source.open(
          { query, shape, window: null, format: plainCsv },
          patient(),
        );
        for await (const _ of reader.read(whole, patient())) break;
        expect(await source.count(query, patient())).toBe(20_000);
      });

      it('an ended session is an error that may be tried again, and the next call works', async () => {
        const shape = await source.inspect(sqlQuery(['SELECT 1 AS g, 2 AS pg_sleep']), patient());
        await using reader = await source.open(
          { query: slow, shape, window: null, format: plainCsv },
          patient(),
        );
        const failed = collect(reader.read(whole, patient())).then(
          () => null,
          (error: unknown) => error,
        );
        expect(await eventually(isRunning, 5000)).toBe(true);
        const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tidemark%'`;
        await server.psql(end);
        expect(await failed).toMatchObject({ kind: { recovery: 'retry' } });
        expect(await source.count(sqlQuery(['SELECT 1']), patient())).toBe(1);
        // Also the sessions that only wait in the pool.
        await server.psql(end);
        await sleep(200);
        expect(await source.count(sqlQuery(['SELECT 1']), patient())).toBe(1);
      });

      it('a server that restarts is an error that may be tried again', async () => {
        expect(await source.count(sqlQuery(['SELECT 1']), patient())).toBe(1);
        await server.kill();
        const refused = source.count(sqlQuery(['SELECT 1']), patient());
        await expect(refused).rejects.toMatchObject({ kind: { recovery: 'retry' } });
        const again = source.count(sqlQuery(['SELECT 1']), patient());
        await expect(again).rejects.toMatchObject({
          code: 'postgres/unreachable',
          kind: { recovery: 'retry' },
        });
        await server.restart();
        expect(await source.count(sqlQuery(['SELECT 1']), patient())).toBe(1);
      });

      it('a wrong password, database or right is never tried again', async () => {
        const attempt = async (facts: Record<string, unknown>, query = sqlQuery(['SELECT 1'])) => {
          await using other = await place.open(facts);
          return await codeOf(other.count(query, patient()));
        };
        expect(await attempt({ password: `${server.password}x` })).toBe('postgres/login-refused');
        expect(await attempt({ database: 'no_such_database' })).toBe('postgres/login-refused');
        await server.psql(
          `CREATE TABLE ${schema}.t (id int); CREATE ROLE ${schema} LOGIN PASSWORD ${literal(server.password)}; GRANT USAGE ON SCHEMA ${schema} TO ${schema}`,
        );
        expect(await attempt({ user: schema }, tableQuery(schema, 't'))).toBe('postgres/denied');
        await server.psql(`DROP OWNED BY ${schema}; DROP ROLE ${schema}`);
        expect(await attempt({ sslmode: 'require' })).toBe('postgres/untrusted-server');
      });

      it('an abort is heard while the connection is being made', async () => {
        const { createServer } = await import('node:net');
        const silent = createServer(() => undefined);
        await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
        const { port } = silent.address() as { port: number };
        await using other = await place.open({ port, sslmode: 'disable' });
        const controller = new AbortController();
        const at = performance.now();
        const ended = other
          .count(sqlQuery(['SELECT 1']), controller.signal)
          .catch((error: unknown) => error);
        setTimeout(() => {
          controller.abort(new Error('enough'));
        }, 100);
        expect(String(await ended)).toContain('enough');
        expect(performance.now() - at).toBeLessThan(1200);
        silent.close();
      });
    });
  });
});
