/** Files of the gallery that move files, run on the dev stack: what stands at the target is read by other programs. */
import { existsSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  csv,
  galleryFiles,
  items,
  startGallery,
  suiteOf,
  unzipped,
  zipOf,
  type GalleryWorld,
} from './gallery-world.js';

const big = `id,text\n${Array.from({ length: 60_000 }, (_, at) => `${String(at)},${'x'.repeat(180)}\n`).join('')}`;
const european = "sku;label;stock\n1;'a;b';10\n2;NULL;NULL\n3;'NULL';30\n4;'';40\n";
const prices = [
  { id: 1, name: 'a, b', price: 1.5 },
  { id: 2, name: null, price: 2 },
];
const events =
  '{"id":1,"note":"a","tags":["x","y"],"doc":{"k":1.5}}\n{"id":2,"note":"","tags":[],"doc":null}\n';

const jsonLines = (text: string): readonly unknown[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

let gallery: GalleryWorld;

const changedBefore = (path: string, seconds: number): void => {
  const time = Date.now() / 1000 - seconds;
  utimesSync(join(gallery.world.sftpRoot, path), time, time);
};

beforeAll(async () => {
  gallery = await startGallery();
  const { put } = gallery.world;
  await put('outbox/a.bin', 'moved bytes');
  await put('packed/plain.csv.gz', gzipSync(items));
  await put('packed/many.zip', zipOf('inner.csv', items));
  await put('big/big.csv', big);
  await put('busy/finished.csv', items);
  await put('busy/growing.csv', items);
  await put('european/stock.csv', european);
  await put('json/prices.json', JSON.stringify(prices));
  await put('jsonl/events.jsonl', events);
  changedBefore('busy/finished.csv', 3600);
  // However long the tests before take.
  changedBefore('busy/growing.csv', -3600);
}, 120_000);

afterAll(() => gallery?.[Symbol.asyncDispose]());

it('files go from SFTP to S3 once', async () => {
  expect(await gallery.run('sftp-to-s3.yaml')).toMatchObject({ files: 3 });
  expect(await gallery.text('sftp_files/sub/deep.csv')).toBe(csv(20, 22));
  const [again] = (await gallery.run('sftp-to-s3.yaml')).assets;
  expect(again).toMatchObject({ files: { copied: 0 } });
});

it('objects go from S3 to SFTP, within S3, and to a folder and back', async () => {
  const runs = ['s3-to-sftp.yaml', 's3-to-s3.yaml', 'local-to-s3.yaml'];
  const receipts = await Promise.all(runs.map((file) => gallery.run(file)));
  expect(receipts.map(({ files }) => files)).toEqual([1, 1, 2]);
  expect(gallery.sftp('from_s3/items.csv').toString()).toBe(items);
  expect(await gallery.text('within/items.csv')).toBe(items);
  expect(await gallery.text('from_disk/local.csv')).toBe(items);
  expect(gallery.disk('out/local.csv')).toBe(items);
});

it('files go from SFTP to SFTP, and between SFTP and a folder', async () => {
  const runs = ['sftp-to-sftp.yaml', 'local-to-sftp.yaml', 'sftp-to-local.yaml'];
  const receipts = await Promise.all(runs.map((file) => gallery.run(file)));
  expect(receipts.map(({ files, bytes }) => [files, bytes])).toEqual([
    [3, [csv(1, 4), csv(4, 9), csv(20, 22)].join('').length],
    [1, items.length],
    [2, [csv(1, 4), csv(4, 9)].join('').length],
  ]);
  expect(gallery.sftp('mirror/orders_2.csv').toString()).toBe(csv(4, 9));
  expect(gallery.sftp('mirror/sub/deep.csv').toString()).toBe(csv(20, 22));
  expect(gallery.sftp('from_disk/csv/local.csv').toString()).toBe(items);
  expect(gallery.disk('from_partner/orders_1.csv')).toBe(csv(1, 4));
  expect(existsSync(gallery.onDisk('from_partner/sub'))).toBe(false);
});

it('a file gets another name: a dated one, or exactly the one that is written', async () => {
  const runs = ['local-to-local.yaml', 'one-file.yaml'];
  const receipts = await Promise.all(runs.map((file) => gallery.run(file)));
  expect(receipts.map(({ files }) => files)).toEqual([1, 1]);
  expect(gallery.disk('archive/local_20250131.csv')).toBe(items);
  expect(await gallery.keys('latest/')).toEqual(['latest/orders.csv']);
  expect(await gallery.text('latest/orders.csv')).toBe(csv(1, 4));
});

it('a file that somebody still writes is left for the next run', async () => {
  expect(await gallery.run('still-written.yaml')).toMatchObject({ files: 1 });
  expect(await gallery.keys('finished/')).toEqual(['finished/finished.csv']);
  changedBefore('busy/growing.csv', 3600);
  expect(await gallery.run('still-written.yaml')).toMatchObject({ files: 1 });
  expect(await gallery.text('finished/growing.csv')).toBe(items);
});

it('a limited line brings the same bytes', async () => {
  expect(await gallery.run('limited-line.yaml')).toMatchObject({ files: 2 });
  expect(await gallery.keys('slowly/')).toEqual(['slowly/orders_1.csv', 'slowly/orders_2.csv']);
  expect(await gallery.text('slowly/orders_1.csv')).toBe(
    gallery.sftp('out/orders_1.csv').toString(),
  );
});

it('variables and a connection that is chosen have their effect', async () => {
  const runs = ['variables.yaml', 'chosen-connection.yaml'];
  const receipts = await Promise.all(runs.map((file) => gallery.run(file)));
  expect(receipts.map(({ files }) => files)).toEqual([1, 2]);
  expect(await gallery.text('sandbox/sales/items.csv')).toBe(items);
  expect(await gallery.keys('chosen/')).toEqual([
    'chosen/second_lake/orders_1.csv',
    'chosen/second_lake/orders_2.csv',
  ]);
});

it('a folder is listed, and files say where they go', async () => {
  const { assets } = await gallery.run('list-only.yaml');
  expect(assets[0]).toMatchObject({ files: { scanned: 2 } });
  await gallery.run('key-from-name.yaml');
  expect(await gallery.keys('keyed/')).toEqual([
    'keyed/part=1/orders.csv',
    'keyed/part=2/orders.csv',
  ]);
});

it('files that are moved are gone', async () => {
  await gallery.run('move.yaml');
  expect(await gallery.text('moved/a.bin')).toBe('moved bytes');
  expect(existsSync(join(gallery.world.sftpRoot, 'outbox/a.bin'))).toBe(false);
});

it('packed files are unpacked, and others packed', async () => {
  await Promise.all([gallery.run('unpack.yaml'), gallery.run('pack.yaml')]);
  expect(await gallery.text('gunzipped/plain.csv')).toBe(items);
  expect(await gallery.text('unzipped/many/inner.csv')).toBe(items);
  expect(gunzipSync(await gallery.object('gzipped/items.csv.gz')).toString()).toBe(items);
  expect(unzipped(await gallery.object('zipped/items.csv.zip'))).toBe(items);
});

it('CSV becomes JSON lines and JSON, and comes back', async () => {
  await gallery.run('convert.yaml');
  const records = [
    { id: '1', name: 'a, b', amount: '1.50' },
    { id: '2', name: null, amount: '2.25' },
    { id: '3', name: 'say "x"', amount: '3.00' },
  ];
  expect(jsonLines(await gallery.text('as_jsonl/items.jsonl'))).toEqual(records);
  expect(JSON.parse(await gallery.text('as_json/items.json'))).toEqual(records);
  expect(await gallery.text('back_to_csv/items.csv')).toBe(
    items
      .replace('id,name,amount', 'id;name;amount')
      .replace('1,"a, b",', '1;a, b;')
      .replace('2,,', '2;;')
      .replace('3,"say ""x""",', '3;"say ""x""";'),
  );
});

it('CSV gets other separators and line ends, and keeps NULL and the empty text apart', async () => {
  const [receipt] = (await gallery.run('convert-csv.yaml')).assets;
  expect(receipt?.files).toMatchObject({ copied: 1 });
  expect(await gallery.text('as_csv/stock.csv')).toBe(
    'sku,label,stock\r\n1,a;b,10\r\n2,,\r\n3,NULL,30\r\n4,"",40\r\n',
  );
});

it('a JSON array becomes CSV and JSON lines of chosen keys', async () => {
  expect(await gallery.run('convert-json.yaml')).toMatchObject({ files: 2 });
  expect(await gallery.text('json_as_csv/prices.csv')).toBe('name,id\n"a, b",1\n,2\n');
  expect(jsonLines(await gallery.text('json_as_jsonl/prices.jsonl'))).toEqual([
    { id: 1, price: 1.5 },
    { id: 2, price: 2 },
  ]);
});

it('packed CSV becomes packed JSON lines in one step', async () => {
  expect(await gallery.run('convert-packed.yaml')).toMatchObject({ files: 1 });
  expect(await gallery.keys('packed_jsonl/')).toEqual(['packed_jsonl/plain.jsonl.gz']);
  const lines = gunzipSync(await gallery.object('packed_jsonl/plain.jsonl.gz')).toString();
  expect(jsonLines(lines)[0]).toEqual({ id: '1', name: 'a, b', amount: '1.50' });
  expect(jsonLines(lines)).toHaveLength(3);
});

it('CSV and JSON lines become Parquet and come back', async () => {
  await Promise.all([gallery.run('parquet.yaml'), gallery.run('parquet-jsonl.yaml')]);
  const magic = async (key: string) => (await gallery.object(key)).subarray(0, 4).toString();
  expect(await magic('as_parquet/items.parquet')).toBe('PAR1');
  expect(await magic('events_parquet/events.parquet')).toBe('PAR1');
  expect((await gallery.text('from_parquet/items.csv')).split('\n').slice(1, 3)).toEqual([
    '1,"a, b",1.50',
    '2,,2.25',
  ]);
  expect(jsonLines(await gallery.text('events_jsonl/events.jsonl'))).toEqual([
    { id: 1, note: 'a', tags: '["x","y"]', doc: '{"k":1.5}' },
    { id: 2, note: '', tags: '[]', doc: null },
  ]);
});

it('a large file is cut at the ends of records', async () => {
  await gallery.run('multi-file.yaml');
  const parts = await gallery.keys('pieces/');
  expect(parts.length).toBeGreaterThan(1);
  const texts = await Promise.all(parts.map(gallery.text));
  expect(texts.every((part) => part.startsWith('id,text\n'))).toBe(true);
  expect(`id,text\n${texts.map((part) => part.slice('id,text\n'.length)).join('')}`).toBe(big);
});

it('every file of the gallery that moves files was run', () => {
  expect([...gallery.ran].sort()).toEqual(galleryFiles.filter((file) => suiteOf(file) === 'files'));
});
