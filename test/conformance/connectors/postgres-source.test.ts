/**
 * PostgreSQL as a source of rows, on two majors: what only this server has. What was read is compared with what psql says.
 */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgres } from '../../../src/connectors/postgres/index.js';
import type { RowSource } from '../../../src/connectors/row-connector.js';
import { plainCsv, type CsvFormat } from '../../../src/core/plan/rows.js';
import { startPostgres, type PostgresKind, type PostgresServer } from '../../servers/postgres.js';
import { codeOf, patient } from './opening.js';
import { literal, quoted, sourcePlace } from './postgres-place.js';
import {
  collect,
  tableQuery,
  sqlQuery,
  readAll,
  readPages,
  rangeOf,
  everyType,
  pins,
  csvFormats,
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

    describe('bytes', () => {
      it.each(csvFormats)('are those of psql for every type: %s', async (_, format, options) => {
        await server.psql(everyType(schema));
        const query = tableQuery(schema, 'every_type');
        const read = await readAll(source, query, {
          format: { ...plainCsv, ...format },
          header: format.header === true,
        });
        const wanted = await server.psql(
          `${pins} COPY (SELECT * FROM ${schema}.every_type ORDER BY id) TO STDOUT WITH (${options})`,
        );
        expect(read.bytes.toString()).toBe(`${wanted}\n`);
        expect(read.rows).toBe(5);
      });

      it('put quotes around what is no number', async () => {
        await server.psql(`CREATE TABLE ${schema}.t (id int PRIMARY KEY, n numeric(9,2), t text, d date);
          INSERT INTO ${schema}.t VALUES (1, 2.50, 'a', '2024-01-01'), (2, NULL, NULL, NULL)`);
        const { bytes } = await readAll(source, tableQuery(schema, 't'), {
          format: { ...plainCsv, quoting: 'nonnumeric' },
        });
        expect(bytes.toString()).toBe('1,2.50,"a","2024-01-01"\n2,,,\n');
      });

      it('do not depend on the defaults of the role', async () => {
        await server.psql(`${everyType(schema)};
          CREATE ROLE ${schema} LOGIN SUPERUSER PASSWORD ${literal(server.password)};
          ALTER ROLE ${schema} SET DateStyle = 'German'; ALTER ROLE ${schema} SET IntervalStyle = 'iso_8601';
          ALTER ROLE ${schema} SET bytea_output = 'escape'; ALTER ROLE ${schema} SET TimeZone = 'Asia/Tokyo';
          ALTER ROLE ${schema} SET extra_float_digits = 0; ALTER ROLE ${schema} SET standard_conforming_strings = off;
          ALTER ROLE ${schema} SET client_encoding = 'LATIN1'`);
        await using other = await place.open({ user: schema });
        const read = await readAll(other, tableQuery(schema, 'every_type'));
        const wanted = await server.psql(
          `${pins} COPY (SELECT * FROM ${schema}.every_type ORDER BY id) TO STDOUT CSV`,
        );
        expect(read.bytes.toString()).toBe(`${wanted}\n`);
        const hostile = await readAll(
          other,
          sqlQuery([`SELECT `, { value: `\\' OR 1=1 --`, as: 'text' }, ' AS v']),
        );
        expect(hostile.bytes.toString()).toBe(`\\' OR 1=1 --\n`);
        await other[Symbol.asyncDispose]();
        await server.psql(`DROP ROLE ${schema}`);
      });

      it('are JSON lines that mean what row_to_json says, whatever stands in them', async () => {
        await server.psql(
          `${everyType(schema)}; UPDATE ${schema}.every_type SET j = NULL WHERE j::text = 'null'`,
        );
        const query = tableQuery(schema, 'every_type');
        const { bytes, rows } = await readAll(source, query, { format: { kind: 'jsonl' } });
        const lines = bytes.toString().split('\n').slice(0, -1);
        expect([lines.length, rows]).toEqual([5, 5]);
        const wanted = await server.psql(
          `${pins} SELECT json_agg(row_to_json(e.*) ORDER BY id) FROM ${schema}.every_type AS e`,
        );
        expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(JSON.parse(wanted));
        expect(lines[0]).toContain('12345678901234567890.12345678901234567890');
      });

      it.each([
        ['doubled quotes', {}],
        ['escaped quotes', { escape: '\\' }],
        ['escaped quotes of another kind', { quote: "'", escape: '\\' }],
      ] as const)('end lines with CRLF outside of quotes only: %s', async (_, marks) => {
        await server.psql(`CREATE TABLE ${schema}.t (id int PRIMARY KEY, t text, u text);
          INSERT INTO ${schema}.t VALUES (1, E'a\\nb', E'"'), (2, E'"\\n', E'\\\\'), (3, E'\\\\"\\n"\\r\\n', ''), (4, E'''\\n', E'\\\\''')`);
        const format: CsvFormat = { ...plainCsv, ...marks };
        const plain = await readAll(source, tableQuery(schema, 't'), { format });
        const ended = await readAll(source, tableQuery(schema, 't'), {
          format: { ...format, lineTerminator: '\r\n' },
        });
        // Read back by the server itself: the same rows, and exactly one CR more for each row.
        expect(ended.bytes.length).toBe(plain.bytes.length + 4);
        const client = await place.session();
        await client.query('CREATE TEMP TABLE back (id text, t text, u text)');
        const { from } = await import('pg-copy-streams');
        const sink = client.query(
          from(
            `COPY back FROM STDIN WITH (FORMAT csv, QUOTE ${literal(format.quote)}, ESCAPE ${literal(format.escape)})`,
          ),
        );
        sink.end(ended.bytes);
        await new Promise((resolve, reject) => sink.on('finish', resolve).on('error', reject));
        const back = await client.query<{ same: boolean }>(
          `SELECT bool_and(b.t = t.t AND b.u IS NOT DISTINCT FROM t.u) AND count(*) = 4 AS same
           FROM back b JOIN ${schema}.t ON t.id::text = b.id`,
        );
        expect(back.rows[0]?.same).toBe(true);
      });

      it('are counted by the server, page after page', async () => {
        await server.psql(`CREATE TABLE ${schema}.t AS SELECT g AS id, repeat('x', g % 400) AS t FROM generate_series(1, 4000) g;
          ALTER TABLE ${schema}.t ADD PRIMARY KEY (id)`);
        const query = tableQuery(schema, 't');
        const shape = await source.inspect(query, patient());
        await using reader = await source.open(
          { query, shape, window: null, format: plainCsv },
          patient(),
        );
        for (let page = 0; page < 200; page++) {
          const [from, to] = [String(page * 20), String(page * 20 + 20)];
          const read = await collect(
            reader.read({ after: [from], upTo: [to], header: false }, patient()),
          );
          expect(read.rows).toBe(20);
        }
      });
    });

    describe('pages', () => {
      it('give exactly the rows of psql, over keys of any kind and size of page', async () => {
        const keys = [
          ['id int', 'g::int'],
          ['a text, b int', `chr(65 + g % 5) || repeat('é', g % 3), g`],
          ['u uuid', 'md5(g::text)::uuid'],
          [
            't timestamptz, n numeric(20,6)',
            `timestamptz '2024-01-01' + (g % 4) * interval '1 microsecond', g / 7.0`,
          ],
          ['c varchar(9), d date', `chr(97 + g % 3), date '2024-01-01' + g`],
          ['by bytea', `decode(md5(g::text), 'hex')`],
        ] as const;
        let number = 0;
        await fc.assert(
          fc.asyncProperty(
            fc.constantFrom(...keys),
            fc.integer({ min: 0, max: 30 }),
            fc.constantFrom(1, 2, 3, 7),
            async ([columns, values], rows, pageRows) => {
              const table = `t${String(++number)}`;
              const names = columns.split(', ').map((column) => column.split(' ')[0] ?? '');
              await server.psql(`CREATE TABLE ${schema}.${table} (${columns}, note text, PRIMARY KEY (${names.join(', ')}));
                INSERT INTO ${schema}.${table} SELECT ${values}, 'n' || g FROM generate_series(1, ${String(rows)}) g`);
              const read = await readPages(source, tableQuery(schema, table), pageRows);
              const wanted = await server.psql(
                `${pins} COPY (SELECT * FROM ${schema}.${table} ORDER BY ${names.join(', ')}) TO STDOUT CSV`,
              );
              expect(read).toBe(wanted === '' ? '' : `${wanted}\n`);
            },
          ),
          { numRuns: 25 },
        );
      });

      it('keep ties of a declared key that is not unique together', async () => {
        await server.psql(`CREATE TABLE ${schema}.t (k int, v int);
          INSERT INTO ${schema}.t SELECT g % 3, g FROM generate_series(1, 20) g`);
        const query = tableQuery(schema, 't', { key: ['k'] });
        const read = await readPages(source, query, 2);
        const ids = read
          .split('\n')
          .slice(0, -1)
          .map((line) => Number(line.split(',')[1]));
        expect([...ids].sort((a, b) => a - b)).toEqual(
          Array.from({ length: 20 }, (_, index) => index + 1),
        );
      });

      it('follow a key whose columns are an enum or a domain', async () => {
        await server.psql(`CREATE TYPE ${schema}.size AS ENUM ('small', 'large', 'huge');
          CREATE DOMAIN ${schema}.ref AS bigint;
          CREATE TABLE ${schema}.t (s ${schema}.size, r ${schema}.ref, PRIMARY KEY (s, r));
          INSERT INTO ${schema}.t SELECT s::${schema}.size, g FROM generate_series(8, 12) g, unnest(ARRAY['small','large','huge']) s`);
        const read = await readPages(source, tableQuery(schema, 't'), 2);
        const wanted = await server.psql(
          `COPY (SELECT * FROM ${schema}.t ORDER BY s, r) TO STDOUT CSV`,
        );
        expect(read).toBe(`${wanted}\n`);
        const shape = await source.inspect(tableQuery(schema, 't'), patient());
        expect(shape.key).toEqual(['s', 'r']);
      });

      it('survive names that break statements', async () => {
        const [table, key, note] = [`we"ird '; DROP --`, `k"e'y\\`, 'größe 🌊 $1'];
        await server.psql(`CREATE TABLE ${schema}.${quoted(table)} (${quoted(key)} text PRIMARY KEY, ${quoted(note)} text);
          INSERT INTO ${schema}.${quoted(table)} VALUES ('''; --', 'a'), ('\\''', 'b'), ('$$', 'c'), ('', 'd'), ('🌊', 'e'), (E'\\n', 'f')`);
        const read = await readPages(source, tableQuery(schema, table), 1);
        const wanted = await server.psql(
          `COPY (SELECT * FROM ${schema}.${quoted(table)} ORDER BY 1) TO STDOUT CSV`,
        );
        expect(read).toBe(`${wanted}\n`);
      });
    });

    describe('shapes', () => {
      it('know types with their modifiers, what may be NULL, and the primary key', async () => {
        await server.psql(
          `CREATE TABLE ${schema}.t (b int, a int, n numeric(12,2) NOT NULL, at timestamp(3), v varchar(7), PRIMARY KEY (a, b))`,
        );
        const shape = await source.inspect(tableQuery(schema, 't', { cursor: 'at' }), patient());
        expect(shape.columns).toEqual([
          { name: 'b', type: 'integer', family: 'integer', nullable: false },
          { name: 'a', type: 'integer', family: 'integer', nullable: false },
          { name: 'n', type: 'numeric(12,2)', family: 'decimal', nullable: false },
          {
            name: 'at',
            type: 'timestamp(3) without time zone',
            family: 'timestamp',
            nullable: true,
          },
          { name: 'v', type: 'character varying(7)', family: 'text', nullable: true },
        ]);
        expect([shape.key, shape.keyFrom]).toEqual([['a', 'b'], 'primary key']);
        expect(shape.cursor?.family).toBe('timestamp');
      });

      it('take a unique index only where it is whole, immediate and never NULL', async () => {
        await server.psql(`CREATE TABLE ${schema}.t (a int, b int NOT NULL, c int NOT NULL, d float8 NOT NULL);
          CREATE UNIQUE INDEX ON ${schema}.t (a); CREATE UNIQUE INDEX ON ${schema}.t (b) WHERE b > 0;
          CREATE UNIQUE INDEX ON ${schema}.t (abs(c)); CREATE UNIQUE INDEX ON ${schema}.t (d);
          ALTER TABLE ${schema}.t ADD UNIQUE (b, c) DEFERRABLE`);
        expect((await source.inspect(tableQuery(schema, 't'), patient())).key).toBeNull();
        await server.psql(`CREATE UNIQUE INDEX good ON ${schema}.t (c, b)`);
        const shape = await source.inspect(tableQuery(schema, 't'), patient());
        expect([shape.key, shape.keyFrom]).toEqual([['c', 'b'], 'unique index good']);
      });

      it('have a declared key of a query or view only where no row lacks it', async () => {
        await server.psql(`CREATE TABLE ${schema}.t (a int, b text); INSERT INTO ${schema}.t VALUES (1, 'x'), (2, NULL);
          CREATE VIEW ${schema}.v AS SELECT * FROM ${schema}.t`);
        const sql = [`SELECT a, b FROM ${schema}.t`];
        expect((await source.inspect(sqlQuery(sql), patient())).key).toBeNull();
        expect((await source.inspect(tableQuery(schema, 'v'), patient())).key).toBeNull();
        const declared = await source.inspect(sqlQuery(sql, { key: ['a'] }), patient());
        expect([declared.key, declared.keyFrom]).toEqual([['a'], 'declared']);
        const nullKey = await source.inspect(sqlQuery(sql, { key: ['b'] }), patient());
        expect(nullKey.key).toBeNull();
        expect(nullKey.keyFrom).toContain('NULL');
      });

      it('refuse columns that are not there, and name those that are', async () => {
        await server.psql(`CREATE TABLE ${schema}.t (a int, b float8, j json)`);
        const refused = source.inspect(
          sqlQuery([`SELECT a FROM ${schema}.t`], { key: ['id'] }),
          patient(),
        );
        await expect(refused).rejects.toMatchObject({ code: 'postgres/unknown-column' });
        await expect(refused).rejects.toThrow(/\ba\b/);
        for (const cursor of ['b', 'j'])
          expect(await codeOf(source.inspect(tableQuery(schema, 't', { cursor }), patient()))).toBe(
            'postgres/bad-cursor',
          );
        expect(
          await codeOf(source.inspect(tableQuery(schema, 't', { columns: ['nope'] }), patient())),
        ).toBe('postgres/unknown-column');
      });

      it('say what is wrong with a statement by its SQLSTATE, without the values in it', async () => {
        const cases = [
          ['SELEC 1', 'postgres/bad-sql'],
          ['SELECT nope FROM pg_class', 'postgres/unknown-column'],
          ['SELECT * FROM nope', 'postgres/not-found'],
          ['SELECT * FROM no_schema.nope', 'postgres/not-found'],
        ] as const;
        for (const [sql, code] of cases)
          expect(await codeOf(source.inspect(sqlQuery([sql]), patient()))).toBe(code);
        const query = sqlQuery([`SELECT ('secret' || g)::int AS v FROM generate_series(1, 1) g`]);
        const failed = readAll(source, query);
        await expect(failed).rejects.toMatchObject({ code: 'postgres/bad-data' });
        const error: unknown = await failed.catch((caught: unknown) => caught);
        expect(JSON.stringify({ message: String(error), ...(error as object) })).not.toContain(
          'secret',
        );
      });
    });

    describe('statements', () => {
      it('may begin with WITH and end in a comment or a semicolon', async () => {
        for (const sql of [
          'WITH a AS (SELECT 1 AS x) SELECT x FROM a;',
          'SELECT 1 AS x -- end',
          'SELECT 1 AS x; /* end */ ',
          'VALUES (1)',
          `(SELECT ';' AS x)`,
        ]) {
          const { rows } = await readAll(source, sqlQuery([sql]));
          expect(rows).toBe(1);
        }
      });

      it.each([
        ['SELECT 1', true],
        ['select 1;', true],
        ['/* a */ -- b\n with x as (select 1) select * from x', true],
        [`SELECT ';', $$;$$, $a$ ; $b$ $a$, E'\\';', ";"`, true],
        ['SELECT 1 /* ; /* nested ; */ ; */', true],
        ['SELECT $1, a$b$c FROM t', true],
        ['TABLE t', true],
        ['SELECT 1; SELECT 2', false],
        [`SELECT 'a\\'; DROP TABLE x; --'`, false],
        ['DELETE FROM t', false],
        ['-- SELECT\nUPDATE t SET a = 1', false],
        ['', false],
      ] as const)('are judged without a server: %s', (sql, isFine) => {
        const found = postgres.rowSource?.checkSql?.([sql]);
        expect(found === null).toBe(isFine);
      });

      it('carry values that were bound, whatever is in them', async () => {
        const hostile = [
          `'`,
          `\\`,
          `\\'`,
          `'; DROP TABLE x; --`,
          '$$',
          'ü🌊',
          'a\nb',
          '?',
          '$1',
          '%s',
        ];
        for (const value of hostile) {
          const { bytes } = await readAll(
            source,
            sqlQuery(['SELECT ', { value, as: 'text' }, '::text AS v']),
            {
              format: { kind: 'jsonl' },
            },
          );
          expect(JSON.parse(bytes.toString())).toEqual({ v: value });
        }
        const nul = source.inspect(sqlQuery(['SELECT ', { value: 'a\0b', as: 'text' }]), patient());
        expect(await codeOf(nul)).toBe('postgres/bad-data');
      });

      it('compare instants with either kind of timestamp in the zone of the connection', async () => {
        await server.psql(`CREATE TABLE ${schema}.t (id int PRIMARY KEY, tz timestamptz, ts timestamp);
          INSERT INTO ${schema}.t SELECT g, tz, tz AT TIME ZONE 'Europe/Berlin' FROM
            (SELECT g, timestamptz '2024-07-01 00:00:00+00' + g * interval '1 hour' AS tz FROM generate_series(-3, 3) g) x`);
        await using berlin = await place.open({ time_zone: 'Europe/Berlin' });
        const instant = { value: '2024-07-01T00:00:00Z', as: 'instant' } as const;
        for (const column of ['tz', 'ts']) {
          const query = sqlQuery([
            `SELECT id FROM ${schema}.t WHERE ${column} >= `,
            instant,
            ' ORDER BY id',
          ]);
          expect((await readAll(berlin, query)).bytes.toString()).toBe('0\n1\n2\n3\n');
        }
      });

      it('see the marks of their window', async () => {
        await server.psql(`CREATE TABLE ${schema}.t (id int PRIMARY KEY, v text);
          INSERT INTO ${schema}.t SELECT g, 'v' || g FROM generate_series(1, 9) g`);
        const query = sqlQuery(
          [
            `SELECT id, v FROM ${schema}.t WHERE id > `,
            { mark: 'last_cursor' },
            ' AND id <= ',
            { mark: 'now' },
          ],
          { key: ['id'], cursor: 'id' },
        );
        const plan = { column: 'id', initial: null, settleMs: 500, nulls: 'fail' } as const;
        const shape = await source.inspect(query, patient());
        const first = await source.bound(query, shape, { low: null, plan }, patient());
        expect(first.high?.value).toBe('9');
        await server.psql(`INSERT INTO ${schema}.t VALUES (10, 'v10'), (11, 'v11')`);
        const second = await source.bound(query, shape, { low: first.high, plan }, patient());
        if (second.high === null) throw new Error('nothing is new');
        const window = rangeOf(first.high, second.high);
        expect((await readAll(source, query, { window })).bytes.toString()).toBe(
          '10,v10\n11,v11\n',
        );
      });
    });

    it('explains the statement of the first page, without secrets', async () => {
      await server.psql(`CREATE TABLE ${schema}.t (id int PRIMARY KEY, at timestamptz)`);
      const query = tableQuery(schema, 't', { cursor: 'at' });
      const shape = await source.inspect(query, patient());
      const sql = source.explain({ query, shape, window: null, format: plainCsv });
      expect(sql).toMatch(/^COPY \(SELECT/);
      expect(sql).not.toContain(server.password);
    });
  });
});
