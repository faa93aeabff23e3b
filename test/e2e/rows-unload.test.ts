/**
 * Tables of PostgreSQL become files on S3, SFTP and a folder, in whole runs. What arrives is compared with what psql writes,
 * byte by byte.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPostgres, startRowsWorld, type RowsWorld } from './rows-world.js';

const places = ['s3', 'sftp', 'disk'] as const;
type Place = (typeof places)[number];
const formats = ['csv', 'jsonl', 'csv.gz', 'jsonl.gz'] as const;
type Format = (typeof formats)[number];

const cases = places.flatMap((place) => formats.map((format) => [place, format] as const));
const nameOf = (place: Place, format: Format): string => `${place}_${format.replace('.', '_')}`;

const targets: Readonly<Record<Place, (key: string, options?: string) => string>> = {
  s3: (key, options = '') =>
    `{ type: S3, connection: lake, configs: { key: out/${key}${options} } }`,
  sftp: (key, options = '') =>
    `{ type: SFTP, connection: partner, configs: { path: /out, key: ${key}${options} } }`,
  disk: (key, options = '') =>
    `{ type: LOCAL, connection: disk, configs: { path: out, key: ${key}${options} } }`,
};

const asset = (name: string, source: string, target: string): string => `
  - name: ${name}
    source: { type: POSTGRES, connection: shop, configs: { ${source} } }
    target: ${target}`;

const typed = (format: Format): string =>
  format.startsWith('jsonl') ? ', object_type: JSONL' : '';

const pipelines = `
assets:${cases.map(([place, format]) => asset(nameOf(place, format), 'table_name: orders', targets[place](`orders.${format}`, typed(format)))).join('')}
${asset('marks', 'table_name: orders', targets.s3('marks.txt', ', csv_options: { delimiter: ";", quoting: ALL, lineterminator: "\\r\\n", null_string: "<null>" }'))}
${asset('bare', 'table_name: orders', targets.s3('bare.txt', ', csv_options: { delimiter: "|", has_headers: false }'))}
${asset('some_columns', 'table_name: public.orders, columns: [note, id]', targets.s3('some.csv'))}
${asset('by_query', `sql: "with o as (select * from orders) select id, amount from o where amount > '{{ 100 }}' order by id desc", primary_key: id`, targets.s3('query.csv'))}
${asset('keyless', 'sql: "select note, count(*) as n from orders group by note"', targets.s3('keyless.csv'))}
${asset('no_key', 'table_name: no_key', targets.s3('no_key.csv'))}
${asset('by_prefix', 'table_name: orders', '{ type: S3, connection: lake, configs: { prefix: named } }')}
${asset('lanes', 'table_name: orders, lanes: 3', '{ type: S3, connection: lake, configs: { prefix: lanes } }')}
${asset('nothing_csv', 'table_name: nothing', targets.s3('nothing.csv'))}
${asset('nothing_jsonl', 'table_name: nothing', targets.disk('nothing.jsonl', ', object_type: JSONL'))}
${asset('wide', 'table_name: wide', targets.s3('wide.csv'))}
${asset('wide_gz', 'table_name: wide', targets.s3('wide.csv.gz'))}
`;

const isTiny = process.env['TIDEMARK_VARY'] === 'tiny';
const orders = isTiny ? 60 : 3000;
/** Of half a kilobyte that does not compress below half: more than two parts of S3's least size, plain and compressed. */
const wide = isTiny ? 300 : 40_000;

const tables = `
  create table orders (id bigint primary key, note text, amount numeric(12,2), at timestamptz not null, tags text[]);
  insert into orders select g, case g % 5 when 0 then null when 1 then '' when 2 then 'a "b", c' when 3 then E'two\\nlines' else 'ö' || g end,
    g * 1.01, timestamptz '2024-01-01 00:00:00.000001+00' + g * interval '1 microsecond', array['x', null, 'y z'] from generate_series(1, ${String(orders)}) g;
  create table no_key as select id, note from orders;
  create table nothing (id int primary key, note text);
  create table wide as select g as id, (select string_agg(md5(g::text || i), '') from generate_series(1, 16) i) as text from generate_series(1, ${String(wide)}) g;
  alter table wide add primary key (id);
`;

describe.skipIf(!hasPostgres('debian'))('from tables to files, in whole runs', () => {
  let rows: RowsWorld;

  beforeAll(async () => {
    rows = await startRowsWorld('unload', { version: 'debian', pipelines, sql: tables });
  }, 90_000);

  afterAll(() => rows[Symbol.asyncDispose]());

  const pathOf = (place: Place, key: string): string =>
    ({
      s3: () => rows.world.object(`out/${key}`),
      sftp: () => join(rows.world.sftpRoot, 'out', key),
      disk: () => join(rows.disk, 'out', key),
    })[place]();

  const textOf = async (place: Place, key: string): Promise<string> => {
    const bytes = await readFile(pathOf(place, key));
    return (key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  };

  const copied = async (select: string, options: string): Promise<string> =>
    `${await rows.server.psql(`set timezone = 'UTC'; copy (${select}) to stdout with (format csv${options})`)}\n`;

  const lines = async (): Promise<string> =>
    `${await rows.server.psql(`set timezone = 'UTC'; select row_to_json(o) from orders o order by id`)}\n`;

  it.each(cases)('%s, %s: the very bytes of psql', async (place, format) => {
    const receipt = await rows.run(nameOf(place, format));
    expect(receipt).toMatchObject({ rows: orders, reconciled: true });
    const wanted = format.startsWith('csv')
      ? await copied('select * from orders order by id', ', header')
      : await lines();
    expect(await textOf(place, `orders.${format}`)).toBe(wanted);
  });

  it('the options of CSV are those of the file', async () => {
    await rows.run('marks');
    const marks = await copied(
      'select * from orders order by id',
      `, header, delimiter ';', force_quote *, null '<null>'`,
    );
    // Ends of records, and no line end between quotes; psql writes header names without quotes, too.
    const text = await textOf('s3', 'marks.txt');
    expect(text.split('\r\n').length - 1).toBe(orders + 1);
    expect(text.replaceAll('\r\n', '\n')).toBe(marks);
    await rows.run('bare');
    expect(await textOf('s3', 'bare.txt')).toBe(
      await copied('select * from orders order by id', `, delimiter '|'`),
    );
  });

  it('columns and queries give what they select', async () => {
    await rows.run('some_columns');
    expect(await textOf('s3', 'some.csv')).toBe(
      await copied('select note, id from orders order by id', ', header'),
    );
    await rows.run('by_query');
    expect(await textOf('s3', 'query.csv')).toBe(
      await copied('select id, amount from orders where amount > 100 order by id', ', header'),
    );
  });

  it.each([
    ['keyless', 'keyless.csv', 'select note, count(*) as n from orders group by note'],
    ['no_key', 'no_key.csv', 'select * from no_key'],
  ])('%s: what has no key is read whole', async (name, key, select) => {
    const receipt = await rows.run(name);
    expect(receipt.reconciled).toBe(true);
    const wanted = await copied(select, ', header');
    const sorted = (text: string): readonly string[] => text.split('\n').sort();
    expect(sorted(await textOf('s3', key))).toEqual(sorted(wanted));
  });

  it('a prefix alone gives the name of the asset, and lanes an object each', async () => {
    await rows.run('by_prefix');
    expect(await rows.world.head('named/by_prefix.csv')).not.toBeNull();
    const receipt = await rows.run('lanes');
    const keys = receipt.assets[0]?.result.keys ?? [];
    expect(keys).toEqual(['lanes/lanes_0000.csv', 'lanes/lanes_0001.csv', 'lanes/lanes_0002.csv']);
    const texts = await Promise.all(keys.map((key) => readFile(rows.world.object(key), 'utf8')));
    const [header = ''] = (await copied('select * from orders limit 0', ', header')).split('\n');
    expect(texts.map((text) => text.startsWith(`${header}\n`))).toEqual([true, true, true]);
    expect(texts.map((text) => text.slice(header.length + 1)).join('')).toBe(
      await copied('select * from orders order by id', ''),
    );
  });

  it('an empty table gives a header, and of JSON lines an empty file', async () => {
    expect(await rows.run('nothing_csv')).toMatchObject({ rows: 0, reconciled: true });
    expect(await textOf('s3', 'nothing.csv')).toBe('id,note\n');
    expect(await rows.run('nothing_jsonl')).toMatchObject({ rows: 0, reconciled: true });
    expect(await textOf('disk', 'nothing.jsonl')).toBe('');
  });

  it.each(['wide', 'wide_gz'])('%s: parts of a legal size, members end to end', async (name) => {
    const receipt = await rows.run(name);
    expect(receipt).toMatchObject({ rows: wide, reconciled: true });
    const key = name === 'wide' ? 'wide.csv' : 'wide.csv.gz';
    expect(await textOf('s3', key)).toBe(
      await copied('select * from wide order by id', ', header'),
    );
    // The server refuses parts below 5 MiB but for the last; an entity tag ends with their number.
    if (!isTiny) expect((await rows.world.head(`out/${key}`))?.etag).toMatch(/-[2-9]"$/);
    expect(await rows.world.openUploads()).toBe(0);
  });
});
