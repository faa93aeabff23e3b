/**
 * Every file of the gallery: its form, what `explain` says of its job (golden), and a run on the dev stack whose receipt is
 * compared, with what stands at the target read by programs that know nothing of Tidemark.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReceipt } from '../../src/core/run/receipt.js';
import { parquetRows, parquetTypes } from '../servers/parquet-reader.js';
import {
  exampleProject,
  type ExampleWorld,
  runTidemark,
  startExampleWorld,
} from './example-world.js';

const gallery = join(exampleProject, 'gallery');
const goldens = join(import.meta.dirname, 'gallery-explain');
const files = readdirSync(join(gallery, 'pipelines')).sort();

const textOf = (file: string): string => readFileSync(join(gallery, 'pipelines', file), 'utf8');
/** Names of the jobs of a file; one that has none is not explained. */
const jobsOf = (file: string): readonly string[] => {
  const jobs = /^jobs:[\s\S]*/m.exec(textOf(file))?.[0] ?? '';
  return [...jobs.matchAll(/(?:\{| {2}-) name: (\w+)/g)].map(([, name]) => name ?? '');
};

const orders = 300;
const csv = (from: number, to: number): string =>
  `id,note\n${Array.from({ length: to - from }, (_, at) => `${String(from + at)},note ${String(at)}\n`).join('')}`;
const items = 'id,name,amount\n1,"a, b",1.50\n2,,2.25\n3,"say ""x""",3.00\n';
const big = `id,text\n${Array.from({ length: 60_000 }, (_, at) => `${String(at)},${'x'.repeat(180)}\n`).join('')}`;

const schema = `
  create schema sales; create schema marts;
  create table sales.orders (id bigint primary key, region text, note text, amount numeric(10,2), changed_at timestamptz not null);
  insert into sales.orders select g, case when g % 3 = 0 then 'south' else 'north' end, case g % 4 when 0 then null when 1 then '' else 'note ' || g end,
    g * 1.25, timestamptz '2025-01-01' + g * interval '10 minutes' from generate_series(1, ${String(orders)}) g;
  create table marts.appended (id bigint, note text);
  create table marts.totals (region text, total numeric);
  create table marts.refreshed (what text);`;

const zipOf = (name: string, content: string): Buffer =>
  execFileSync(
    'python3',
    [
      '-c',
      'import sys,zipfile,io\nb=io.BytesIO()\nz=zipfile.ZipFile(b,"w",zipfile.ZIP_DEFLATED)\nz.writestr(sys.argv[1],sys.stdin.read())\nz.close()\nsys.stdout.buffer.write(b.getvalue())',
      name,
    ],
    { input: content },
  );

const unzipped = (archive: Buffer): string =>
  execFileSync(
    'python3',
    [
      '-c',
      'import sys,zipfile,io\nz=zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))\nsys.stdout.write(z.read(z.namelist()[0]).decode())',
    ],
    { input: archive, encoding: 'utf8' },
  );

describe('the files of the gallery', () => {
  it('are linted without a finding but variables that only a running stack sets', async () => {
    const { out } = await runTidemark(['lint', '--format', 'json'], gallery);
    const { diagnostics } = JSON.parse(out) as {
      readonly diagnostics: readonly { readonly code: string }[];
    };
    expect(diagnostics.filter(({ code }) => code !== 'template/unset-environment')).toEqual([]);
  });

  it.each(files)('%s begins with a title, says what it shows and how it is run', (file) => {
    expect(textOf(file)).toMatch(/^# [A-Z].*\.\n#\n# Shows: .+\n# Run: {3}tidemark [a-z]+ .+\n/);
  });

  it.each(files.flatMap(jobsOf))('what explain says of %s is the expected', async (job) => {
    const { out, err, code } = await runTidemark(['explain', job], gallery, {
      ...process.env,
      ...unset,
    });
    expect(code, err).toBe(0);
    const golden = join(goldens, `${job}.txt`);
    if (process.env['UPDATE_GOLDEN'] === '1') {
      mkdirSync(goldens, { recursive: true });
      writeFileSync(golden, out);
    }
    expect(existsSync(golden), `${golden} is not there; UPDATE_GOLDEN=1 writes it`).toBe(true);
    expect(out).toBe(readFileSync(golden, 'utf8'));
  });
});

/** So that what explain says does not depend on a running stack. */
const unset = Object.fromEntries(
  [
    'SFTP_HOST',
    'SFTP_PORT',
    'SFTP_USERNAME',
    'SFTP_PASSWORD',
    'SFTP_HOST_KEY',
    'S3_ENDPOINT',
    'S3_REGION',
  ]
    .concat(['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY', 'S3_BUCKET'])
    .concat(['PG_HOST', 'PG_PORT', 'PG_USER', 'PG_PASSWORD', 'PG_DATABASE'])
    .map((name) => [name, name.endsWith('PORT') ? '1' : 'explained']),
);

describe('the gallery on the dev stack', () => {
  let world: ExampleWorld;
  let s3: S3Client;
  const ran = new Set<string>();

  const object = async (key: string): Promise<Buffer> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: world.s3.bucket, Key: key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };
  const text = async (key: string): Promise<string> => (await object(key)).toString();
  const keys = async (prefix: string): Promise<readonly string[]> => {
    const { Contents } = await s3.send(
      new ListObjectsV2Command({ Bucket: world.s3.bucket, Prefix: prefix }),
    );
    return (Contents ?? []).map(({ Key }) => Key ?? '').sort();
  };
  const put = (key: string, content: string): Promise<unknown> =>
    s3.send(new PutObjectCommand({ Bucket: world.s3.bucket, Key: key, Body: content }));
  const onDisk = (path: string): string => join(world.project, '.tidemark', 'disk', path);
  const disk = (path: string): string => readFileSync(onDisk(path), 'utf8');
  const sftp = (path: string): Buffer => readFileSync(join(world.sftpRoot, path));

  const answer = async (...args: readonly string[]): Promise<RunReceipt> => {
    const { out, err, code } = await world.tidemark(...args, '--format', 'json');
    expect(code, err).toBe(0);
    return JSON.parse(out) as RunReceipt;
  };
  const run = async (
    file: string,
    job: string,
    ...args: readonly string[]
  ): Promise<RunReceipt> => {
    expect(files).toContain(file);
    expect(textOf(file)).toContain(job);
    ran.add(file);
    const receipt = await answer('run', job, ...args);
    expect(receipt).toMatchObject({ reconciled: true });
    return receipt;
  };
  const copyCsv = (query: string): Promise<string> =>
    world.sql(`select string_agg(l, e'\\n' order by n) || e'\\n' from (${query}) q(n, l)`);

  beforeAll(async () => {
    world = await startExampleWorld(gallery);
    const { endpoint, region, accessKeyId, secretAccessKey } = world.s3;
    s3 = new S3Client({
      endpoint,
      region,
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
    });
    await world.sql(schema);
    await world.put('out/orders_1.csv', csv(1, 4));
    await world.put('out/orders_2.csv', csv(4, 9));
    await world.put('out/sub/deep.csv', csv(20, 22));
    await world.put('outbox/a.bin', 'moved bytes');
    await world.put('packed/plain.csv.gz', gzipSync(items));
    await world.put('packed/many.zip', zipOf('inner.csv', items));
    await world.put('big/big.csv', big);
    await put('seed/items.csv', items);
    mkdirSync(onDisk('in'), { recursive: true });
    writeFileSync(onDisk('in/local.csv'), items);
  }, 120_000);

  afterAll(async () => {
    s3?.destroy();
    await world?.[Symbol.asyncDispose]();
  });

  it('files go from SFTP to S3 once', async () => {
    expect(await run('sftp-to-s3.yaml', 'sftp_to_s3')).toMatchObject({ files: 3 });
    expect(await text('sftp_files/sub/deep.csv')).toBe(csv(20, 22));
    const [again] = (await answer('run', 'sftp_to_s3')).assets;
    expect(again).toMatchObject({ files: { copied: 0 } });
  });

  it('objects go from S3 to SFTP, within S3, and to a folder and back', async () => {
    await run('s3-to-sftp.yaml', 's3_to_sftp');
    expect(sftp('from_s3/items.csv').toString()).toBe(items);
    await run('s3-to-s3.yaml', 's3_to_s3');
    expect(await text('within/items.csv')).toBe(items);
    await run('local-to-s3.yaml', 'local_and_s3');
    expect(await text('from_disk/local.csv')).toBe(items);
    expect(disk('out/local.csv')).toBe(items);
  });

  it('a folder is listed, and files say where they go', async () => {
    const { assets } = await run('list-only.yaml', 'list_only');
    expect(assets[0]).toMatchObject({ files: { scanned: 2 } });
    await run('key-from-name.yaml', 'key_from_name');
    expect(await keys('keyed/')).toEqual(['keyed/part=1/orders.csv', 'keyed/part=2/orders.csv']);
  });

  it('files that are moved are gone', async () => {
    await run('move.yaml', 'move_files');
    expect(await text('moved/a.bin')).toBe('moved bytes');
    expect(existsSync(join(world.sftpRoot, 'outbox/a.bin'))).toBe(false);
  });

  it('packed files are unpacked, and others packed', async () => {
    await run('unpack.yaml', 'unpack');
    expect(await text('gunzipped/plain.csv')).toBe(items);
    expect(await text('unzipped/many/inner.csv')).toBe(items);
    await run('pack.yaml', 'pack');
    expect(gunzipSync(await object('gzipped/items.csv.gz')).toString()).toBe(items);
    expect(unzipped(await object('zipped/items.csv.zip'))).toBe(items);
  });

  it('CSV becomes JSON lines and JSON, and comes back', async () => {
    await run('convert.yaml', 'convert');
    const records = [
      { id: '1', name: 'a, b', amount: '1.50' },
      { id: '2', name: null, amount: '2.25' },
      { id: '3', name: 'say "x"', amount: '3.00' },
    ];
    expect(
      (await text('as_jsonl/items.jsonl'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(records);
    expect(JSON.parse(await text('as_json/items.json'))).toEqual(records);
    expect(await text('back_to_csv/items.csv')).toBe(
      items
        .replace('id,name,amount', 'id;name;amount')
        .replace('1,"a, b",', '1;a, b;')
        .replace('2,,', '2;;')
        .replace('3,"say ""x""",', '3;"say ""x""";'),
    );
  });

  it('CSV becomes Parquet and comes back', async () => {
    await run('parquet.yaml', 'parquet');
    expect((await object('as_parquet/items.parquet')).subarray(0, 4).toString()).toBe('PAR1');
    expect((await text('from_parquet/items.csv')).split('\n').slice(1, 3)).toEqual([
      '1,"a, b",1.50',
      '2,,2.25',
    ]);
  });

  it('a table becomes Parquet with its types', async () => {
    expect(await run('table-to-parquet.yaml', 'table_to_parquet')).toMatchObject({ rows: orders });
    const file = onDisk('orders.parquet');
    writeFileSync(file, await object('tables/orders.parquet'));
    expect(await parquetTypes(file)).toMatchObject({ id: 'BIGINT', amount: 'DECIMAL(10,2)' });
    const sums = 'SELECT count(*)::VARCHAR, sum(amount)::VARCHAR, count(note)::VARCHAR FROM FILES';
    const [told = '[]'] = await parquetRows([file], sums);
    const expected = await world.sql(
      'select json_build_array(count(*)::text, sum(amount)::text, count(note)::text)::text from sales.orders',
    );
    expect(JSON.parse(told)).toEqual(JSON.parse(expected));
  });

  it('a large file is cut at the ends of records', async () => {
    await run('multi-file.yaml', 'multi_file');
    const parts = await keys('pieces/');
    expect(parts.length).toBeGreaterThan(1);
    const texts = await Promise.all(parts.map(text));
    expect(texts.every((part) => part.startsWith('id,text\n'))).toBe(true);
    expect(`id,text\n${texts.map((part) => part.slice('id,text\n'.length)).join('')}`).toBe(big);
  });

  it('a table and queries become files', async () => {
    expect(await run('table-to-csv.yaml', 'table_to_csv')).toMatchObject({ rows: orders });
    const expected = await copyCsv(
      `select id, concat_ws(',', id::text, region, '') || case when note is null then '' when note = '' then '""' else note end || ',' || amount || ',' || replace(changed_at::text, '+00', '+00') from sales.orders`,
    );
    expect(await text('tables/orders.csv')).toBe(`id,region,note,amount,changed_at\n${expected}`);
    const { rows } = await run('query-to-jsonl.yaml', 'query_to_jsonl', '--param', 'least=50');
    const lines = gunzipSync(sftp('reports/large_orders.jsonl.gz')).toString().trim().split('\n');
    expect(String(lines.length)).toBe(
      await world.sql('select count(*) from sales.orders where amount >= 50'),
    );
    expect(rows).toBe(lines.length);
    await run('table-to-disk.yaml', 'table_to_disk');
    expect(disk('tables/orders.txt').split('\n')[0]).toBe(
      '"1"|"north"|""|"1.25"|"2025-01-01 00:10:00+00"',
    );
  });

  it('only what is new is taken', async () => {
    expect(await run('incremental.yaml', 'incremental')).toMatchObject({ rows: orders });
    expect(await run('incremental.yaml', 'incremental')).toMatchObject({ rows: 0 });
    expect(await keys('orders_new/')).toHaveLength(1);
    expect(await run('last-cursor.yaml', 'last_cursor')).toMatchObject({ rows: orders });
    await world.sql(
      `insert into sales.orders values (9001, 'north', 'late', 1, timestamptz '2025-02-01')`,
    );
    expect(await run('last-cursor.yaml', 'last_cursor')).toMatchObject({ rows: 1 });
    expect(await run('incremental.yaml', 'incremental')).toMatchObject({ rows: 1 });
    expect(await world.sql('select count(*) from marts.regions')).toBe(String(orders + 1));
  });

  it('files are appended and upserted', async () => {
    expect(await run('files-append.yaml', 'files_append')).toMatchObject({ rows: 8 });
    await answer('run', 'files_append');
    expect(await world.sql("select count(*) || ' ' || sum(id) from marts.appended")).toBe('8 36');
    await run('files-upsert.yaml', 'files_upsert');
    await put('seed/items.csv', items.replace('2.25', '9.75'));
    await answer('run', 'files_upsert');
    expect(
      await world.sql("select string_agg(id || ':' || amount, ' ' order by id) from marts.items"),
    ).toBe('1:1.50 2:9.75 3:3.00');
  });

  it('tables are replaced, with statements of one’s own', async () => {
    await run('full-refresh.yaml', 'full_refresh');
    await answer('run', 'full_refresh');
    expect(
      await world.sql('select count(*) from (table sales.orders except all table marts.orders) d'),
    ).toBe('0');
    await run('own-sql.yaml', 'own_sql');
    await answer('run', 'own_sql');
    expect(
      await world.sql(
        `select (select sum(total) from marts.totals) = (select sum(amount) from sales.orders) and (select count(*) from marts.refreshed) = 2`,
      ),
    ).toBe('true');
  });

  it('partitions are made one by one', async () => {
    ran.add('partitions-daily.yaml');
    await answer('backfill', 'partitions_daily', '--partitions', '2025-01-01..2025-01-03');
    expect(await keys('days/')).toEqual([
      'days/2025-01-01.csv',
      'days/2025-01-02.csv',
      'days/2025-01-03.csv',
    ]);
    const rows = (await Promise.all((await keys('days/')).map(text))).map(
      (day) => day.trim().split('\n').length - 1,
    );
    expect(rows).toEqual([143, 144, 13]);
    ran.add('partitions-static.yaml');
    await answer('backfill', 'partitions_static', '--partitions', 'north,south');
    expect(await keys('regions/')).toEqual(['regions/north.csv', 'regions/south.csv']);
  });

  it('assets are chained, checked and given parameters', async () => {
    const { assets } = await run('chain.yaml', 'chain');
    expect(
      assets.flatMap(({ checks }) => checks.map(({ name, passed }) => [name, passed])),
    ).toEqual([
      ['keys', true],
      ['many', false],
    ]);
    expect(
      await world.sql('select count(*) from (table sales.orders except all table marts.chained) d'),
    ).toBe('0');
    await run('parameters.yaml', 'parameters', '--param', 'region=south');
    expect([...(await keys('by_job/')), ...(await keys('by_asset/'))]).toEqual([
      'by_job/south.csv',
      'by_asset/south.jsonl',
    ]);
  });

  it('schedules and sensors would be made', async () => {
    ran.add('by-itself.yaml');
    const { out, code } = await world.tidemark('apply', '--dry-run');
    expect(code).toBe(0);
    for (const name of ['nightly', 'daily_partition', 'files_arrive', 'rows_arrive'])
      expect(out).toContain(name);
  });

  it('every file of the gallery was run', () => {
    expect([...ran].sort()).toEqual(files);
  });
});
