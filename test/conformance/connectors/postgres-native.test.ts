/** Rows from one PostgreSQL into another major in binary: every value arrives as it is, and other types stay text. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgres } from '../../../src/connectors/postgres/index.js';
import type { RowSource, RowTarget } from '../../../src/connectors/row-connector.js';
import type { RowQuery } from '../../../src/core/plan/rows.js';
import { loadPlan } from '../../../src/core/run/asset-plan.fixture.js';
import { openWindow } from '../../../src/core/run/ledger-changes.js';
import type { PreparedLoad } from '../../../src/core/run/load.js';
import { mustRun } from '../../servers/must-run.js';
import {
  findPostgres,
  howToGetPostgres,
  type PostgresServer,
  startPostgres,
} from '../../servers/postgres.js';
import { patient } from './opening.js';
import { startPlace } from './psql-place.js';
import { openRowSource } from './row-source-suite.js';
import { openRowTarget } from './row-target-suite.js';

const types = `a smallint, b integer, c bigint, d real, e double precision, f numeric, g numeric(12,2), h boolean,
  i text, j character varying(20), k character(5), l uuid, m bytea, n date, o time without time zone, p timetz,
  q timestamp without time zone, r timestamp with time zone, s interval, t json, u jsonb, v timestamp(3), w varchar`;

const values = [
  `(-32768, -2147483648, -9223372036854775808, '-Infinity', 'NaN', 'NaN', -9999999999.99, false, '', '', '', '00000000-0000-0000-0000-000000000000',
   '\\x', '-infinity', '00:00', '24:00:00+15:59', '-infinity', '4713-01-01 00:00:00+00 BC', '-178000000 years', 'null', 'null', '0001-01-01 BC', '')`,
  `(32767, 2147483647, 9223372036854775807, 1.1754944e-38, 5e-324, 123456789012345678901234567890.000123, 0.10, true, E'tab\\t"q",\\\\N\\nü\u{1F30A}', ' x ', 'ab', 'ffffffff-ffff-ffff-ffff-ffffffffffff',
   '\\x00ff0a0d', 'infinity', '23:59:59.999999', '12:00:00.000001-15:59', '294276-12-31 23:59:59.999999', '2024-03-31 01:30:00.123457+00', '1 mon -2 days 03:04:05.000006', '{"a" : 1.10, "a":2}', '{"b":[1,null],"a":1.10}', 'infinity', 'x')`,
  `(${Array.from({ length: 23 }, () => 'NULL').join(', ')})`,
].join(', ');

const query: RowQuery = {
  table: { schema: 'public', name: 'all_types' },
  columns: null,
  sql: null,
  cursor: null,
  key: null,
};

const load = async (target: RowTarget): Promise<PreparedLoad> => {
  const ledger = { project: 'suite', asset: 'native', partition: '' };
  const store = target.ledger('tidemark');
  const { document, window } = openWindow(null, ledger, {
    id: 'w1',
    shapeHash: 'shape',
    low: null,
    high: null,
    assetToken: 0,
    owner: 'run',
    openedAt: '2024-01-01T00:00:00Z',
    names: [],
  });
  await store.write(ledger, document, null, patient());
  const plan = loadPlan({ table: { schema: 'public', name: 'all_types' } });
  return target.prepare({ plan, ledger, window }, null, patient());
};

const isThere =
  mustRun('postgres15', findPostgres('debian') !== undefined, howToGetPostgres.debian) &&
  mustRun('postgres18', findPostgres('embedded') !== undefined, howToGetPostgres.embedded);

describe.skipIf(!isThere)('rows between two PostgreSQL servers in binary', () => {
  const servers: PostgresServer[] = [];
  beforeAll(async () => {
    servers.push(await startPostgres({ version: 'debian' }));
    servers.push(await startPostgres({ version: 'embedded' }));
  }, 60_000);
  afterAll(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]();
  });

  const withPlaces = async (
    [from, to]: readonly [number, number],
    tables: { readonly source: string; readonly target: string },
    body: (io: {
      readonly source: RowSource;
      readonly target: RowTarget;
      readonly psql: readonly ((sql: string) => Promise<string>)[];
    }) => Promise<void>,
  ): Promise<void> => {
    const [left, right] = [servers[from], servers[to]];
    if (left === undefined || right === undefined) throw new Error('two servers are needed');
    await using near = await startPlace(left);
    await using far = await startPlace(right);
    const database = (place: typeof near): string =>
      (place.connection as { readonly database: string }).database;
    const psql = [
      (sql: string) => left.psqlIn(database(near), sql),
      (sql: string) => right.psqlIn(database(far), sql),
    ];
    await psql[0]?.(`create table all_types (${tables.source})`);
    await psql[1]?.(`create table all_types (${tables.target})`);
    await using source = await openRowSource(postgres, near);
    await using target = await openRowTarget(postgres, far);
    await body({ source, target, psql });
  };

  const copy = async (source: RowSource, target: RowTarget): Promise<string | null> => {
    const shape = await source.inspect(query, patient());
    const prepared = await load(target);
    const columns = shape.columns.map(({ name }) => name);
    const name = source.nativeFormat?.(shape.columns) ?? null;
    const same = await target.nativeFormat?.(prepared, columns, patient());
    if (name === null || name !== same) return null;
    const format = { kind: 'native', name } as const;
    await using reader = await source.open({ query, shape, window: null, format }, patient());
    const stream = reader.read({ after: null, upTo: null, header: false }, patient());
    const page = {
      lane: 1,
      number: 1,
      position: () => '"done"',
      crc32: () => '00000000',
      bytes: () => 0,
      columns,
      format,
      expectedRows: () => stream.rows(),
    };
    await target.stage(prepared, page, stream, patient());
    return prepared.staging;
  };

  const everything = (table: string): string =>
    `set timezone = 'UTC'; set intervalstyle = 'postgres'; select x::text from ${table} x order by a nulls last`;

  for (const direction of [
    [0, 1],
    [1, 0],
  ] as const) {
    it(`keeps every value of every type, from ${direction.join(' to ')}`, async () => {
      await withPlaces(direction, { source: types, target: types }, async (io) => {
        const { source, target, psql } = io;
        await psql[0]?.(`insert into all_types values ${values}`);
        const staging = await copy(source, target);
        expect(staging).not.toBeNull();
        const found = await psql[1]?.(everything(`tidemark.${String(staging)}`));
        expect(found).toBe(await psql[0]?.(everything('all_types')));
        expect(found?.split('\n').length).toBeGreaterThanOrEqual(3);
      });
    });
  }

  it('leaves it to text where a type is not the same on both sides, or its bytes are not', async () => {
    const pairs = [
      ['a int, b timestamp', 'a bigint, b timestamp'],
      ['a int, b timestamp', 'a int, b timestamptz'],
      ['a int, b numeric(12,2)', 'a int, b numeric'],
      ['a int, b money', 'a int, b money'],
      ['a int, b int[]', 'a int, b int[]'],
    ] as const;
    for (const [source, target] of pairs) {
      await withPlaces([0, 1], { source, target }, async (io) => {
        expect(await copy(io.source, io.target)).toBeNull();
      });
    }
  });

  it('casts at the source when its table changes under way, since equal sizes hide other values', async () => {
    const tables = { source: 'a bigint', target: 'a bigint' };
    await withPlaces([0, 1], tables, async ({ source, target, psql }) => {
      const inspect = source.inspect.bind(source);
      const changing: RowSource = Object.assign(Object.create(source) as RowSource, {
        inspect: async (...order: Parameters<RowSource['inspect']>) => {
          const shape = await inspect(...order);
          await psql[0]?.('alter table all_types alter a type double precision');
          await psql[0]?.('insert into all_types values (42)');
          return shape;
        },
        nativeFormat: source.nativeFormat?.bind(source),
        open: source.open.bind(source),
      });
      const staging = await copy(changing, target);
      expect(await psql[1]?.(`select a from tidemark.${String(staging)}`)).toBe('42');
    });
  });
});
