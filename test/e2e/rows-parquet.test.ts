/**
 * Tables of PostgreSQL become Parquet on S3, SFTP and a folder, in whole runs. DuckDB reads what arrives, psql says what
 * should: the multisets of rows are compared as texts.
 */
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parquetRows, parquetTypes } from '../servers/parquet-reader.js';
import { hasPostgres, startRowsWorld, type RowsWorld } from './rows-world.js';

const read = (options: string): string =>
  `    source: { type: POSTGRES, connection: shop, configs: { ${options} } }`;
const lake = (place: string, more = ''): string =>
  `    target: { type: S3, connection: lake, configs: { ${place}, object_type: PARQUET${more} } }`;
const plain = (name: string, options = `table_name: ${name}`, more = ''): string =>
  `  - name: ${name}\n${read(options)}\n${lake(`key: out/${name}.parquet`, more)}`;

/** Values that Parquet's types do not hold: type of the column, and the value. */
const unfit = {
  infinite_date: ['date', 'infinity'],
  infinite_time: ['timestamp', '-infinity'],
  infinite_instant: ['timestamptz', 'infinity'],
  old_date: ['date', '0044-03-15 BC'],
  old_instant: ['timestamptz', '0044-03-15 00:00:00+00 BC'],
  far_time: ['timestamp', '294276-12-31 23:59:59'],
  far_instant: ['timestamptz', '294276-12-31 23:59:59+00'],
  no_number: ['numeric(12,2)', 'NaN'],
} as const;
const unfitNames = Object.keys(unfit) as readonly (keyof typeof unfit)[];

const codecs = ['snappy', 'gzip', 'zstd', 'brotli', 'none'] as const;
const window = 'sync_mode: incremental, cursor_column: changed';

const pipelines = `
assets:
${plain('typed')}
${plain('orders')}
  - name: on_sftp
${read('table_name: orders')}
    target: { type: SFTP, connection: partner, configs: { path: /out, key: orders.parquet, object_type: PARQUET } }
  - name: on_disk
${read('table_name: orders')}
    target: { type: LOCAL, connection: disk, configs: { path: out, key: orders.parquet, object_type: PARQUET } }
  - name: lanes
${read('table_name: orders, lanes: 3')}
${lake('prefix: lanes')}
${codecs.map((codec) => plain(`as_${codec}`, 'table_name: orders', `, parquet_options: { compression: ${codec} }`)).join('\n')}
${plain('keyless', 'sql: "select note, count(*) as n from orders group by note"')}
${plain('nothing')}
${plain('wide')}
${unfitNames.map((name) => plain(name)).join('\n')}
${plain('loose')}
${plain('cast', 'sql: "select id, v::numeric(38,10) as v, v::text as whole from loose"')}
${plain('twice', 'sql: "select 1 as \\"a\\", 2 as \\"A\\""')}
${plain('paged', 'table_name: orders, rows_chunk: 10')}
  - name: windows
${read(`table_name: changes, ${window}`)}
${lake('prefix: windows')}
  - name: regions
${read(`sql: "select id, region, changed from changes where region = '{{ partition_key }}'", primary_key: id`)}
${lake("key: 'regions/{{ partition_key }}.parquet'")}
    partitions_def: { type: static, values: [eu, us] }
jobs: [{ name: regions_job, selection: [regions] }]
`;

const orders = 3000;
const wide = 30_000;

const tables = `
  create type mood as enum ('sad', 'very happy');
  create domain price as numeric(8,3);
  create table typed (id bigint primary key, si smallint, i integer, n numeric(12,2), whole numeric(38), long numeric(38,10), small numeric(5,5),
    p price, r real, d double precision, b boolean, t text, vc varchar(20), c char(5), u uuid, m mood, by bytea, da date, ts timestamp,
    ts3 timestamp(3), tz timestamptz, ti time, iv interval, j json, jb jsonb, ia integer[], inet inet);
  insert into typed values
    (9223372036854775807, -32768, 2147483647, 9999999999.99, 99999999999999999999999999999999999999, -1234567890123456789012345678.0123456789, 0.12345,
     1.5, 0.1, 0.1, true, 'plain', 'v', 'ab', '00000000-0000-0000-0000-00000000000a', 'very happy', '\\x00ff0a22', '2024-02-29', '2024-01-01 00:00:00.123456',
     '1999-12-31 23:59:59.999', '2024-01-01 00:00:00.123456+02', '24:00:00', '1 year 2 mons 3 days 04:05:06.789', E'{"b": 1,\\n "a" : [1,  2]}', '{"a":"ü"}', '{1,NULL,3}', '10.0.0.1/24'),
    (-9223372036854775808, 32767, -2147483648, -0.01, -1, 0.0000000001, -0.00001, -99999.999, 'NaN', 'Infinity', false, '', '', '', null, 'sad', '', '0001-01-01',
     '0001-01-01 00:00:00.000001', null, '0001-01-01 00:00:00.000001+00', '00:00:00', '-1 days', 'null', '[]', '{}', '::1'),
    (2, 0, 0, 0, 0, 0, 0, 0, 1e-40, 5e-324, null, E'line\\nbreak\\r\\n"quoted", \\\\. tab\\t', E'\\\\N', 'é', null, null, '\\x5c2e', '9999-12-31', '9999-12-31 23:59:59.999999',
     null, '9999-12-31 23:59:59.999999+00', null, '00:00:00', '1', '1e400', null, null),
    (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
    (4, 1, 1, 1, 1, 1, 0.5, 1, '-0', '-0', true, E'\\\\N', E'\\\\.', '"', null, null, '\\x', '100000-02-01', '200000-01-01 00:00:00', null, '1969-12-31 23:59:59.999999+00', null, null, null, null, null, null),
    (5, 1, 1, 1, 1, 1, 0.5, 1, 3.4e38, 1.7976931348623157e308, true, '🌊 ünï ''q'' ; --', 'NULL', 'null', null, null, '\\x2c', '1582-10-10', '1900-02-28 23:59:59.5', null, '2024-10-27 00:30:00+00', null, null, null, null, null, null);
  insert into typed (id, r, d) select g, sqrt(g)::real * 10.0 ^ (g % 60 - 30), sqrt(g) * 10.0 ^ (g % 300) from generate_series(10, 2000) g;
  create table orders (id bigint primary key, note text, amount numeric(12,2), at timestamptz not null);
  insert into orders select g, case g % 5 when 0 then null when 1 then '' when 2 then 'a "b", c' when 3 then E'two\\nlines' else 'ö' || g end,
    g * 1.01, timestamptz '2024-01-01 00:00:00.000001+00' + g * interval '1 microsecond' from generate_series(1, ${String(orders)}) g;
  create table nothing (id int primary key, note text);
  create table wide as select g as id, (select string_agg(md5(g::text || i) || case when (g + i) % 3 = 0 then E'\\n"' when (g * i) % 7 = 0 then E'",\\r\\n\\\\' else '' end, '') from generate_series(1, 100) i) as t from generate_series(1, ${String(wide)}) g;
  alter table wide add primary key (id);
  ${unfitNames.map((name) => `create table ${name} (id int primary key, v ${unfit[name][0]}); insert into ${name} values (1, null), (2, '${unfit[name][1]}');`).join('\n')}
  create table loose (id int primary key, v numeric); insert into loose values (1, 1.5), (2, null), (3, 12345678901234567890.0000000001);
  create table changes (id int primary key, region text, changed timestamptz not null);
  insert into changes select g, case g % 2 when 0 then 'eu' else 'us' end, timestamptz '2024-01-01' + g / 10 * interval '1 second' from generate_series(1, 500) g;
`;

/** Of files: what psql calls the same values. */
const typedText = `SELECT id::VARCHAR, si::VARCHAR, i::VARCHAR, n::VARCHAR, whole::VARCHAR, long::VARCHAR, replace(small::VARCHAR, '-.', '-0.').regexp_replace('^\\.', '0.'), p::VARCHAR,
  b::VARCHAR, t, vc, c, u, m, '\\x' || lower(hex("by")), da::VARCHAR, ts::VARCHAR, ts3::VARCHAR, tz::VARCHAR, ti, iv, j, jb, ia, inet FROM FILES`;
const typedSql = `select json_build_array(id::text, si::text, i::text, n::text, whole::text, long::text, small::text, p::text,
  b::text, t, vc, c, u::text, m::text, by::text, da::text, ts::text, ts3::text, tz::text, ti::text, iv::text, j::text, jb::text, ia::text, inet) from typed`;

describe.skipIf(!hasPostgres('debian'))('from tables to Parquet, in whole runs', () => {
  let rows: RowsWorld;

  beforeAll(async () => {
    rows = await startRowsWorld('parquet', { version: 'debian', pipelines, sql: tables });
  }, 120_000);

  afterAll(() => rows[Symbol.asyncDispose]());

  const object = (key: string): string => rows.world.object(key);

  /** Rows of a SELECT of one column of JSON. */
  const psqlRows = async (select: string): Promise<readonly string[]> => {
    const text = await rows.server.psql(
      `set timezone = 'UTC'; set extra_float_digits = 3; copy (${select}) to stdout with (format csv, quote E'\\x01', delimiter E'\\x02')`,
    );
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.stringify(JSON.parse(line)))
      .sort();
  };

  const ordersSql = 'select json_build_array(id::text, note, amount::text, at::text) from orders';
  const ordersText = 'SELECT id::VARCHAR, note, amount::VARCHAR, "at"::VARCHAR FROM FILES';

  const expectNothing = async (key: string): Promise<void> => {
    expect(await rows.world.head(key)).toBeNull();
    expect(await rows.world.openUploads()).toBe(0);
  };

  it('G15: every type is kept, as its own or as text, and NULL and the empty text stay apart', async () => {
    const receipt = await rows.run('typed');
    const count = Number(await rows.server.psql('select count(*) from typed'));
    expect(receipt).toMatchObject({ rows: count, reconciled: true });
    expect(receipt.assets[0]?.rows).toMatchObject({ read: count, written: count });
    const path = object('out/typed.parquet');
    expect(await parquetTypes(path)).toEqual({
      ...{ id: 'BIGINT', si: 'SMALLINT', i: 'INTEGER', n: 'DECIMAL(12,2)', whole: 'DECIMAL(38,0)' },
      ...{ long: 'DECIMAL(38,10)', small: 'DECIMAL(5,5)', p: 'DECIMAL(8,3)', r: 'FLOAT' },
      ...{ d: 'DOUBLE', b: 'BOOLEAN', t: 'VARCHAR', vc: 'VARCHAR', c: 'VARCHAR', u: 'VARCHAR' },
      ...{ m: 'VARCHAR', by: 'BLOB', da: 'DATE', ts: 'TIMESTAMP', ts3: 'TIMESTAMP' },
      ...{ tz: 'TIMESTAMP WITH TIME ZONE', ti: 'VARCHAR', iv: 'VARCHAR', j: 'VARCHAR' },
      ...{ jb: 'VARCHAR', ia: 'VARCHAR', inet: 'VARCHAR' },
    });
    expect(await parquetRows([path], typedText)).toEqual(await psqlRows(typedSql));
  });

  it('G15: floating point numbers keep every bit', async () => {
    const bits = `SELECT id::VARCHAR, r, d FROM FILES`;
    const spelled = (text: string | null): number | null =>
      text === null ? null : Number(text.replace('Infinity', '1e999'));
    const wanted = (
      await psqlRows('select json_build_array(id::text, r::text, d::text) from typed')
    )
      .map((line) => JSON.parse(line) as [string, string | null, string | null])
      .map(([id, r, d]) => [id, r === null ? null : Math.fround(spelled(r) ?? 0), spelled(d)]);
    const reader = await parquetRows(
      [object('out/typed.parquet')],
      bits.replace(', r, d', ', r::VARCHAR, d::VARCHAR'),
    );
    const found = reader
      .map((line) => JSON.parse(line) as [string, string | null, string | null])
      .map(([id, ...both]) => [
        id,
        ...both.map((text, index) => {
          const number = text === null ? null : spelled(text.replace('inf', 'Infinity'));
          return number === null || index === 1 ? number : Math.fround(number);
        }),
      ]);
    const byId = (a: unknown[], b: unknown[]): number => (String(a[0]) < String(b[0]) ? -1 : 1);
    expect(found.sort(byId)).toEqual(wanted.sort(byId));
  });

  it.each<readonly [string, () => string]>([
    ['orders', () => object('out/orders.parquet')],
    ['on_sftp', () => join(rows.world.sftpRoot, 'out', 'orders.parquet')],
    ['on_disk', () => join(rows.disk, 'out', 'orders.parquet')],
    ...codecs.map((codec) => [`as_${codec}`, () => object(`out/as_${codec}.parquet`)] as const),
  ])('%s: the rows of psql', async (name, path) => {
    expect(await rows.run(name)).toMatchObject({ rows: orders, reconciled: true });
    expect(await parquetRows([path()], ordersText)).toEqual(await psqlRows(ordersSql));
    if (!name.startsWith('as_')) return;
    const [used] = await parquetRows(
      [path()],
      `SELECT DISTINCT lower(compression) FROM parquet_metadata('${path()}')`,
    );
    expect(used).toBe(JSON.stringify([name === 'as_none' ? 'uncompressed' : name.slice(3)]));
  });

  it('lanes are a file each, and hold every row once', async () => {
    const receipt = await rows.run('lanes');
    const keys = receipt.assets[0]?.result.keys ?? [];
    expect(keys).toEqual([0, 1, 2].map((lane) => `lanes/lanes_000${String(lane)}.parquet`));
    expect(await parquetRows(keys.map(object), ordersText)).toEqual(await psqlRows(ordersSql));
  });

  it('a query without a key, and a table without a row', async () => {
    await rows.run('keyless');
    expect(
      await parquetRows([object('out/keyless.parquet')], 'SELECT note, n::VARCHAR FROM FILES'),
    ).toEqual(
      await psqlRows('select json_build_array(note, count(*)::text) from orders group by note'),
    );
    expect(await rows.run('nothing')).toMatchObject({ rows: 0, reconciled: true });
    const path = object('out/nothing.parquet');
    expect(await parquetTypes(path)).toEqual({ id: 'INTEGER', note: 'VARCHAR' });
    expect(await parquetRows([path], 'SELECT * FROM FILES')).toEqual([]);
  });

  it('wide rows with line ends and quotes, more than the engine holds at once, in several parts', async () => {
    expect(await rows.run('wide')).toMatchObject({ rows: wide, reconciled: true });
    expect(
      await parquetRows([object('out/wide.parquet')], 'SELECT id::VARCHAR, md5(t) FROM FILES'),
    ).toEqual(await psqlRows('select json_build_array(id::text, md5(t)) from wide'));
    expect((await rows.world.head('out/wide.parquet'))?.etag).toMatch(/-\d+"$/);
  });

  it.each(unfitNames)('%s: ends the file with the column and without the value', async (name) => {
    const { codes, text } = await rows.fails(name);
    expect(codes).toContain('format/bad-parquet');
    expect(text).toContain('a value of column "v" does not fit');
    expect(text).not.toContain(unfit[name][1]);
    await expectNothing(`out/${name}.parquet`);
  });

  it('a number without a precision is refused before it is read, and a cast takes it exactly', async () => {
    const refused = await rows.fails('loose');
    expect(refused.codes).toContain('format/no-parquet-type');
    expect(refused.text).toContain('column "v" is numeric;');
    await expectNothing('out/loose.parquet');
    await rows.run('cast');
    expect(
      await parquetRows(
        [object('out/cast.parquet')],
        'SELECT id::VARCHAR, v::VARCHAR, whole FROM FILES',
      ),
    ).toEqual(
      await psqlRows(
        'select json_build_array(id::text, v::numeric(38,10)::text, v::text) from loose',
      ),
    );
  });

  it('what Parquet cannot have is refused by name', async () => {
    expect((await rows.fails('twice')).text).toContain('"a" and "A"');
    expect((await rows.fails('paged')).text).toContain('rows_chunk has no effect');
  });

  it('windows are files of their own, hold every row once, and an idle one writes nothing', async () => {
    const names = async (): Promise<readonly string[]> =>
      (await readdir(object('windows'))).filter((name) => name.endsWith('.parquet'));
    expect((await rows.run('windows')).rows).toBe(500);
    expect((await rows.run('windows')).rows).toBe(0);
    expect(await names()).toHaveLength(1);
    await rows.server.psql(
      `insert into changes select g, 'eu', timestamptz '2024-02-01' + g * interval '1 second' from generate_series(501, 600) g; insert into changes values (601, 'us', '2024-01-01 00:00:50+00')`,
    );
    const receipt = await rows.run('windows');
    expect(receipt.assets[0]?.rows).toMatchObject({ read: 101, written: 101 });
    const paths = (await names()).map((name) => object(`windows/${name}`));
    expect(paths).toHaveLength(2);
    expect(
      await parquetRows(paths, 'SELECT id::VARCHAR, region, changed::VARCHAR FROM FILES'),
    ).toEqual(
      await psqlRows('select json_build_array(id::text, region, changed::text) from changes'),
    );
  });

  it('a partition is a file of its rows', async () => {
    expect(await rows.run('regions_job', { partition: 'eu' })).toMatchObject({ reconciled: true });
    expect(
      await parquetRows([object('regions/eu.parquet')], 'SELECT id::VARCHAR, region FROM FILES'),
    ).toEqual(
      await psqlRows(`select json_build_array(id::text, region) from changes where region = 'eu'`),
    );
    expect(await rows.world.head('regions/us.parquet')).toBeNull();
  });

  it('G8: no file of the spool is left', async () => {
    const left = (await readdir(tmpdir())).filter((name) =>
      name.startsWith(`tidemark-spool-${String(process.pid)}-`),
    );
    expect(left).toEqual([]);
  });
});
