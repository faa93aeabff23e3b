/** Files of the gallery that move rows, run on the dev stack: tables are read by the driver, files by other programs. */
import { writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parquetRows, parquetTypes } from '../servers/parquet-reader.js';
import {
  galleryFiles,
  items,
  orders,
  startGallery,
  suiteOf,
  type GalleryWorld,
} from './gallery-world.js';

const european = "sku;label;stock\n1;'a;b';10\n2;NULL;NULL\n3;'NULL';30\n4;'';40\n";
const events =
  '{"note":"a","id":1,"tags":["x","y"],"doc":{"k":1.5}}\n{"id":2,"note":"","tags":[],"doc":null}\n{"id":3}\n';
const stock = (rows: number): string =>
  `sku,pieces\n${Array.from({ length: rows }, (_, at) => `${String(at)},${String(at * 2)}\n`).join('')}`;
const salt = 'a grain of salt';

const tables = `
  create table marts.appended (id bigint, note text);
  create table marts.totals (region text, total numeric);
  create table marts.refreshed (what text);
  create table marts.events (id int, note text, tags text[], doc jsonb);
  create table marts.european (sku int, label text, stock int);
  create table marts.headless (id int, note text);
  create table marts.renamed (nr int, label text, price numeric);
  create table marts.grown (id int);
  create table marts.lenient (id int, note text default 'kept');
  create table marts.stock (sku int, pieces int);
  create table sales.visits (id bigint primary key, ended_at timestamptz);
  insert into sales.visits values (1, '2025-01-01'), (2, null), (3, '2025-01-02');
  create table marts.visits (like sales.visits including all);`;

/** Rows that only one of two tables has. */
const differences = (one: string, other: string): string =>
  `select count(*) from ((table ${one} except all table ${other}) union all (table ${other} except all table ${one})) d`;

let gallery: GalleryWorld;
const sql = (query: string): Promise<string> => gallery.world.sql(query);
/** Every row of a table as PostgreSQL writes it, in order. */
const rowsOf = (table: string): Promise<string> =>
  sql(`select string_agg(t::text, ' ' order by t::text) from ${table} t`);
const copyCsv = (query: string): Promise<string> =>
  sql(`select string_agg(l, e'\\n' order by n) || e'\\n' from (${query}) q(n, l)`);
const ordersCsv = async (): Promise<string> =>
  `id,region,note,amount,changed_at\n${await copyCsv(
    `select id, concat_ws(',', id::text, region, '') || case when note is null then '' when note = '' then '""' else note end || ',' || amount || ',' || replace(changed_at::text, '+00', '+00') from sales.orders`,
  )}`;

beforeAll(async () => {
  process.env['ORDER_SALT'] = salt;
  gallery = await startGallery(tables);
  const { put } = gallery.world;
  await put('european/stock.csv.gz', gzipSync(european));
  await put('headless/rows.csv', '1,first\n2,\n');
  await put('jsonl/events.jsonl', events);
  await put('stock/stock.csv', stock(20));
}, 120_000);

afterAll(() => gallery?.[Symbol.asyncDispose]());

it('a table becomes Parquet with its types', async () => {
  expect(await gallery.run('table-to-parquet.yaml')).toMatchObject({ rows: orders });
  const file = gallery.onDisk('orders.parquet');
  writeFileSync(file, await gallery.object('tables/orders.parquet'));
  expect(await parquetTypes(file)).toMatchObject({ id: 'BIGINT', amount: 'DECIMAL(10,2)' });
  const sums = 'SELECT count(*)::VARCHAR, sum(amount)::VARCHAR, count(note)::VARCHAR FROM FILES';
  const [told = '[]'] = await parquetRows([file], sums);
  const expected = await sql(
    'select json_build_array(count(*)::text, sum(amount)::text, count(note)::text)::text from sales.orders',
  );
  expect(JSON.parse(told)).toEqual(JSON.parse(expected));
});

it('a table and a query become files', async () => {
  expect(await gallery.run('table-to-csv.yaml')).toMatchObject({ rows: orders });
  expect(await gallery.text('tables/orders.csv')).toBe(await ordersCsv());
  const { rows } = await gallery.run('query-to-jsonl.yaml');
  const packed = gallery.sftp('reports/large_orders.jsonl.gz');
  const lines = gunzipSync(packed).toString().trim().split('\n');
  expect(String(lines.length)).toBe(
    await sql('select count(*) from sales.orders where amount >= 50'),
  );
  expect(rows).toBe(lines.length);
  await gallery.run('table-to-disk.yaml');
  expect(gallery.disk('tables/orders.txt').split('\n')[0]).toBe(
    '"1"|"north"|""|"1.25"|"2025-01-01 00:10:00+00"',
  );
});

it('a table goes to SFTP packed, and to S3 in lanes', async () => {
  const runs = ['table-to-sftp.yaml', 'table-in-lanes.yaml'];
  const receipts = await Promise.all(runs.map((file) => gallery.run(file)));
  expect(receipts.map(({ rows }) => rows)).toEqual([orders, orders]);
  const whole = await ordersCsv();
  expect(gunzipSync(gallery.sftp('tables/orders.csv.gz')).toString()).toBe(whole);
  const lanes = await gallery.keys('lanes/');
  expect(lanes).toEqual(['lanes/orders_in_lanes_0000.csv', 'lanes/orders_in_lanes_0001.csv']);
  const texts = await Promise.all(lanes.map(gallery.text));
  const [header = '', ...rows] = whole.trim().split('\n');
  const found = texts.map((text) => text.trim().split('\n'));
  expect(found.map(([first]) => first)).toEqual([header, header]);
  expect(found.flatMap(([, ...rest]) => rest).sort()).toEqual(rows.sort());
});

it('a query stands in a file, and holds a secret that nobody sees', async () => {
  const receipts = await Promise.all(
    ['sql-file.yaml', 'secret-in-sql.yaml'].map((file) => gallery.run(file)),
  );
  expect(receipts.map(({ rows }) => rows)).toEqual([2, orders]);
  expect(await gallery.text('summaries/regions.csv')).toBe(
    `region,orders,amount\n${await copyCsv(`select region, region || ',' || count(*) || ',' || sum(amount) from sales.orders group by region`)}`,
  );
  const [, ...pseudonyms] = (await gallery.text('pseudonyms/orders.csv')).trim().split('\n');
  const expected = await sql(
    `select string_agg(l, ' ' order by l collate "C") from (select md5(id || '${salt}') || ',' || amount as l from sales.orders) q`,
  );
  expect(pseudonyms.sort().join(' ')).toBe(expected);
  const id = ['--workflow-id', 'gallery/asset/pseudonyms', '--output', 'json'];
  const history = await gallery.world.temporal('workflow', 'show', ...id);
  const payloads = [...history.matchAll(/"data": "([^"]*)"/g)].map(([, data = '']) => data);
  const told = payloads.map((data) => Buffer.from(data, 'base64').toString()).join('\n');
  expect(told).toContain('ORDER_SALT');
  expect(told + history).not.toContain(salt);
});

it('only what is new is taken', async () => {
  const [table = '', query = '', replica = ''] = [
    'incremental.yaml',
    'last-cursor.yaml',
    'replica.yaml',
  ];
  const read = async (): Promise<readonly number[]> => {
    const receipts = await Promise.all([table, query, replica].map((file) => gallery.run(file)));
    return receipts.map(({ rows }) => rows);
  };
  expect(await read()).toEqual([orders, orders, orders]);
  expect(await gallery.run(table)).toMatchObject({ rows: 0 });
  expect(await gallery.keys('orders_new/')).toHaveLength(1);
  await sql(
    `insert into sales.orders values (9001, 'north', 'late', 1, timestamptz '2025-02-01');
     update sales.orders set note = 'changed', changed_at = timestamptz '2025-02-02' where id = 7`,
  );
  expect(await read()).toEqual([2, 2, 2]);
  expect(await gallery.keys('orders_new/')).toHaveLength(2);
  expect(await sql('select count(*) from marts.regions')).toBe(String(orders + 1));
  expect(await sql(differences('sales.orders', 'marts.replica'))).toBe('0');
});

it('rows without a cursor are read with each window and stand in the target once', async () => {
  expect(await gallery.run('null-cursors.yaml')).toMatchObject({ rows: 3 });
  await sql(`insert into sales.visits values (4, '2025-01-03'), (5, null)`);
  expect(await gallery.run('null-cursors.yaml')).toMatchObject({ rows: 3 });
  expect(await sql(differences('sales.visits', 'marts.visits'))).toBe('0');
});

it('files are appended and upserted', async () => {
  expect(await gallery.run('files-append.yaml')).toMatchObject({ rows: 8 });
  await Promise.all([gallery.run('files-append.yaml'), gallery.run('files-upsert.yaml')]);
  expect(await sql("select count(*) || ' ' || sum(id) from marts.appended")).toBe('8 36');
  await gallery.putObject('seed/items.csv', items.replace('2.25', '9.75'));
  await gallery.run('files-upsert.yaml');
  await gallery.putObject('seed/items.csv', items);
  expect(
    await sql("select string_agg(id || ':' || amount, ' ' order by id) from marts.items"),
  ).toBe('1:1.50 2:9.75 3:3.00');
});

it('files of a folder, JSON lines, and packed CSV of another making are loaded', async () => {
  const runs = ['load-local.yaml', 'load-jsonl.yaml', 'load-csv-options.yaml'];
  const receipts = await Promise.all(runs.map((file) => gallery.run(file)));
  expect(receipts.map(({ rows }) => rows)).toEqual([3, 3, 4]);
  expect(await rowsOf('marts.from_disk')).toBe('(1,"a, b",1.50) (2,,2.25) (3,"say ""x""",3.00)');
  expect(await rowsOf('marts.events')).toBe('(1,a,"{x,y}","{""k"": 1.5}") (2,"",{},) (3,,,)');
  expect(await rowsOf('marts.european')).toBe('(1,a;b,10) (2,,) (3,NULL,30) (4,"",40)');
  expect(await gallery.run('load-local.yaml')).toMatchObject({ rows: 0 });
});

it('columns are matched by position, added, or left out', async () => {
  const runs = ['load-by-position.yaml', 'load-other-columns.yaml'];
  const receipts = await Promise.all(runs.map((file) => gallery.run(file)));
  expect(receipts.map(({ rows }) => rows)).toEqual([5, 6]);
  const loaded = '(1,"a, b",1.50) (2,,2.25) (3,"say ""x""",3.00)';
  expect(await rowsOf('marts.headless')).toBe('(1,first) (2,)');
  expect(await rowsOf('marts.renamed')).toBe(loaded);
  expect(await rowsOf('marts.grown')).toBe(loaded);
  expect(await rowsOf('marts.lenient')).toBe('(1,kept) (2,kept) (3,kept)');
});

it('files that were loaded are loaded again where that is asked for', async () => {
  expect(await gallery.run('load-again.yaml')).toMatchObject({ rows: 3 });
  await sql('delete from marts.again where id = 2');
  expect(await gallery.run('load-again.yaml')).toMatchObject({ rows: 3 });
  expect(await rowsOf('marts.again')).toBe('(1,"a, b",1.50) (2,,2.25) (3,"say ""x""",3.00)');
});

it('a source that lost its rows does not empty a table', async () => {
  expect(await gallery.run('seat-belt.yaml')).toMatchObject({ rows: 20 });
  await gallery.world.put('stock/stock.csv', stock(10));
  const refused = await gallery.attempt('seat-belt.yaml');
  expect(refused.code).toBe(1);
  expect(refused.out + refused.err).toContain('load/too-few-rows');
  expect(await sql('select count(*) from marts.stock')).toBe('20');
  await gallery.world.put('stock/stock.csv', stock(19));
  expect(await gallery.run('seat-belt.yaml')).toMatchObject({ rows: 19 });
  expect(await sql('select count(*) from marts.stock')).toBe('19');
});

it('tables are replaced, with statements of one’s own and values that are bound', async () => {
  const runs = ['full-refresh.yaml', 'own-sql.yaml', 'bound-values.yaml'];
  const both = [await Promise.all(runs.map((file) => gallery.run(file)))];
  both.push(await Promise.all(runs.map((file) => gallery.run(file))));
  const north = `from sales.orders where region = 'north' and amount >= 300`;
  const large = Number(await sql(`select count(*) ${north}`));
  expect(large).toBeGreaterThan(0);
  for (const receipts of both)
    expect(receipts.map(({ rows }) => rows)).toEqual([orders + 1, 2, large]);
  expect(await sql(differences('sales.orders', 'marts.orders'))).toBe('0');
  expect(
    await sql(
      'select (select sum(total) from marts.totals) = (select sum(amount) from sales.orders)',
    ),
  ).toBe('true');
  expect(
    await sql(
      `select count(*) from (table marts.large except all select id, region, amount ${north}) d`,
    ),
  ).toBe('0');
  expect(await rowsOf('marts.refreshed')).toBe(`("the north's") ("the north's") (totals) (totals)`);
});

it('a table is truncated, and marks stand in a schema of choice', async () => {
  const runs = ['full-refresh-truncate.yaml', 'ledger-schema.yaml'];
  const all = Number(await sql('select count(*) from sales.orders'));
  for (const read of [all, 0]) {
    const receipts = await Promise.all(runs.map((file) => gallery.run(file)));
    expect(receipts.map(({ rows }) => rows)).toEqual([all, read]);
    expect(await sql(differences('sales.orders', 'marts.orders_again'))).toBe('0');
    expect(await sql(differences('sales.orders', 'marts.orders_noted'))).toBe('0');
  }
  const noted = `where asset = 'orders_noted'`;
  expect(await sql(`select count(*) > 0 from bookkeeping.ledger ${noted}`)).toBe('true');
  expect(await sql(`select count(*) from tidemark.ledger ${noted}`)).toBe('0');
});

it('every file of the gallery that moves rows was run', () => {
  expect([...gallery.ran].sort()).toEqual(galleryFiles.filter((file) => suiteOf(file) === 'rows'));
});
