/**
 * Files of the gallery about how runs are made: partitions, checks, parameters, selections, schedules and sensors. Each is
 * really run, or started by what Temporal was told; what it leaves is read by other programs.
 */
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BackfillReceipt } from '../../src/core/run/backfill-run.js';
import type { RunReceipt } from '../../src/core/run/receipt.js';
import {
  csv,
  galleryFiles,
  items,
  orders,
  startGallery,
  suiteOf,
  type GalleryWorld,
} from './gallery-world.js';

const tables = `
  create table marts.by_month (id bigint, amount numeric(10,2), changed_at timestamptz);
  create table marts.prices (sku text, price numeric(10,2));
  insert into marts.prices values ('old', 1);
  create table sales.payments (id bigint primary key, amount numeric(10,2), paid_at timestamptz not null);
  create table marts.payments (like sales.payments including all);`;

let gallery: GalleryWorld;
const sql = (query: string): Promise<string> => gallery.world.sql(query);

/** Lines below the header of an object. */
const countOf = async (key: string): Promise<number> =>
  (await gallery.text(key)).trim().split('\n').length - 1;
const countsOf = async (prefix: string): Promise<Readonly<Record<string, number>>> => {
  const keys = await gallery.keys(prefix);
  const counts = await Promise.all(keys.map(countOf));
  return Object.fromEntries(keys.map((key, at) => [key.slice(prefix.length), counts[at] ?? 0]));
};

const eventually = async <T>(what: string, look: () => Promise<T | null>): Promise<T> => {
  const deadlineMs = Date.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > deadlineMs) throw new Error(`${what}: not within 60 s`);
    await sleep(200);
  }
};

/** Receipts of the finished runs of a job, whoever started them. */
const receiptsOf = async (job: string): Promise<readonly RunReceipt[]> => {
  const { temporal } = gallery.world;
  const query = `WorkflowType = "${job}" and ExecutionStatus = "Completed"`;
  const text = await temporal('workflow', 'list', '--query', query, '-o', 'json');
  const found = JSON.parse(text) as readonly { readonly execution: { workflowId: string } }[];
  return Promise.all(
    found.map(async ({ execution }) => {
      const id = ['--workflow-id', execution.workflowId];
      const answer = await temporal('workflow', 'result', ...id, '--output', 'json');
      return (JSON.parse(answer) as { readonly result: RunReceipt }).result;
    }),
  );
};

/** The one run of a job that a sensor or a schedule started. */
const startedRun = (job: string): Promise<RunReceipt> =>
  eventually(`a run of ${job}`, async () => (await receiptsOf(job))[0] ?? null);

beforeAll(async () => {
  gallery = await startGallery(tables);
  mkdirSync(gallery.onDisk('drop'), { recursive: true });
  await gallery.world.put('prices/prices.csv', 'sku,price\na,1.00\nb,0\n');
  await gallery.world.put('inbox/readme.txt', 'not a CSV file');
  // Long before the first look, so that it finds both of them settled.
  await Promise.all(['a.txt', 'b.txt'].map((name) => gallery.putObject(`drop/${name}`, name)));
}, 120_000);

afterAll(() => gallery?.[Symbol.asyncDispose]());

it('pieces of time are made one by one, of every length', async () => {
  const receipts = await Promise.all(
    ['hourly', 'daily', 'weekly', 'cron'].map((kind) =>
      gallery.run<BackfillReceipt>(`partitions-${kind}.yaml`),
    ),
  );
  expect(receipts.map(({ partitions, rows }) => [partitions.done, rows])).toEqual([
    [3, 17],
    [3, orders],
    [2, orders],
    [3, 144],
  ]);
  expect(await countsOf('hours/')).toEqual({
    '2025/01/01/00.csv': 5,
    '2025/01/01/01.csv': 6,
    '2025/01/01/02.csv': 6,
  });
  const days = { '2025-01-01.csv': 143, '2025-01-02.csv': 144, '2025-01-03.csv': 13 };
  expect(await countsOf('days/')).toEqual(days);
  expect(await countsOf('weeks/')).toEqual({ '2024-12-30.csv': orders, '2025-01-06.csv': 0 });
  expect(await countsOf('shifts/orders_of_shift_2025-01-01-')).toEqual({
    '06.csv': 48,
    '14.csv': 48,
    '22.csv': 48,
  });
});

it('a month of a table is replaced and the others stay', async () => {
  const counts = async (): Promise<readonly number[]> => {
    const { partitions, rows } = await gallery.run<BackfillReceipt>('partitions-monthly.yaml');
    return [partitions.done, rows];
  };
  await sql(`insert into marts.by_month values (0, 0, '2024-12-31 23:59:59Z')`);
  expect(await counts()).toEqual([2, orders]);
  await sql('update sales.orders set amount = amount + 1 where id <= 10');
  expect(await counts()).toEqual([2, orders]);
  const expected = `(select id, amount, changed_at from sales.orders union all select 0, 0, '2024-12-31 23:59:59Z')`;
  expect(await sql(`select count(*) from (${expected} except all table marts.by_month) d`)).toBe(
    '0',
  );
  expect(await sql('select count(*) from marts.by_month')).toBe(String(orders + 1));
});

it('partitions are values, named by whoever starts a run, or combinations', async () => {
  const [listed, named, combined] = await Promise.all([
    gallery.run<BackfillReceipt>('partitions-static.yaml'),
    gallery.run('partitions-dynamic.yaml'),
    gallery.run<BackfillReceipt>('partitions-multi.yaml'),
  ]);
  expect([listed.partitions.done, named.partition, combined.partitions.done]).toEqual([
    2,
    'south',
    4,
  ]);
  expect(await countsOf('regions/')).toEqual({ 'north.csv': 200, 'south.csv': 100 });
  expect(await countsOf('anyone/')).toEqual({ 'south.csv': 100 });
  const matrix = await sql(
    `select json_object_agg(d || '/' || region || '.csv', n)::text from (select to_char(changed_at, 'YYYY-MM-DD') d, region, count(*) n from sales.orders where changed_at < '2025-01-03' group by 1, 2) q`,
  );
  expect(await countsOf('matrix/')).toEqual(JSON.parse(matrix));
});

it('a run makes the same day of two assets', async () => {
  const { partition, assets } = await gallery.run('partitions-chained.yaml');
  expect(partition).toBe('2025-01-02');
  expect(assets.map((made) => [made.asset, made.partition])).toEqual([
    ['day_out', '2025-01-02'],
    ['day_to_partner', '2025-01-02'],
  ]);
  const [key = ''] = await gallery.keys('chained/');
  const text = await gallery.text(key);
  expect(text.trim().split('\n')).toHaveLength(145);
  const copy = key.replace('chained/2025-01-02/', '');
  expect(gallery.sftp(`days/2025-01-02/${copy}`).toString()).toBe(text);
});

it('assets are chained, checked and given parameters', async () => {
  const [chain] = await Promise.all([gallery.run('chain.yaml'), gallery.run('parameters.yaml')]);
  const checks = chain.assets.flatMap((asset) => asset.checks);
  expect(checks.map(({ name, passed }) => [name, passed])).toEqual([
    ['keys', true],
    ['many', false],
  ]);
  const missing = 'select count(*) from (table sales.orders except all table marts.chained) d';
  expect(await sql(missing)).toBe('0');
  expect([...(await gallery.keys('by_job/')), ...(await gallery.keys('by_asset/'))]).toEqual([
    'by_job/south.csv',
    'by_asset/south.jsonl',
  ]);
});

it('every kind of check says what it found', async () => {
  const receipts = await Promise.all([
    gallery.run('checks-of-rows.yaml'),
    gallery.run('checks-of-files.yaml'),
  ]);
  const checks = receipts.map(({ assets }) =>
    assets.flatMap((asset) => asset.checks.map(({ name, passed }) => [name, passed])),
  );
  expect(checks.map((found) => Object.fromEntries(found) as unknown)).toEqual([
    {
      one_row_each: true,
      filled: true,
      enough: true,
      recent: false,
      no_refunds: true,
      nothing_lost: true,
    },
    { all_arrived: true, some_are_known: false },
  ]);
  const missing = 'select count(*) from (table sales.orders except all table marts.checked) d';
  expect(await sql(missing)).toBe('0');
  expect(await gallery.text('files_checked/orders_2.csv')).toBe(csv(4, 9));
});

it('a check that aborts leaves the table as it was, and nothing behind it runs', async () => {
  const failed = await gallery.attempt('checks-abort.yaml');
  expect(failed.code).toBe(1);
  expect(failed.out + failed.err).toContain('sold');
  const prices = "select string_agg(sku || ' ' || price, ', ' order by sku) from marts.prices";
  expect(await sql(prices)).toBe('old 1.00');
  expect(await gallery.keys('prices/')).toEqual([]);
  await gallery.world.put('prices/prices.csv', 'sku,price\na,1.00\nb,2.50\n');
  await gallery.run('checks-abort.yaml');
  expect(await sql(prices)).toBe('a 1.00, b 2.50');
  expect(await gallery.text('prices/prices.csv')).toBe('sku,price\na,1.00\nb,2.50\n');
});

it('parameters have types, and others are refused', async () => {
  expect(await gallery.run('parameters-typed.yaml')).toMatchObject({ files: 2 });
  expect(await gallery.keys('picked/')).toEqual([
    'picked/2/trial/orders_1.csv',
    'picked/2/trial/orders_2.csv',
  ]);
  const refused = await gallery.attempt('parameters-typed.yaml', '--param', 'levle=3');
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('levle');
});

it('a job runs the assets that it selects, as their settings say', async () => {
  const [selected, gentle] = await Promise.all([
    gallery.run('selection.yaml'),
    gallery.run('settings.yaml'),
  ]);
  expect(selected.assets.map(({ asset }) => asset).sort()).toEqual([
    'curated_orders',
    'raw_orders',
  ]);
  expect(await gallery.keys('selected/')).toEqual([
    'selected/curated/orders_1.csv',
    'selected/raw/orders_1.csv',
  ]);
  expect(gentle).toMatchObject({ files: 3 });
  expect(await gallery.text('gently/sub/deep.csv')).toBe(csv(20, 22));
});

it('schedules are made, and a tick of one starts its jobs', async () => {
  const applied = await gallery.attempt('schedules.yaml');
  expect(applied.code, applied.err).toBe(0);
  const { changes } = JSON.parse(applied.out) as {
    readonly changes: readonly { readonly id: string; readonly action: string }[];
  };
  const created = changes.filter(({ action }) => action === 'create').map(({ id }) => id);
  expect(created.filter((id) => !id.includes('/sensor/')).sort()).toEqual([
    'gallery/daily_partition',
    'gallery/hourly_look_schedule',
    'gallery/nightly/list_only',
    'gallery/nightly/one_file',
  ]);
  const describe = ['schedule', 'describe', '--schedule-id'];
  const id = 'gallery/nightly/one_file';
  expect(await gallery.world.temporal(...describe, id)).toContain('Europe/Berlin');
  await gallery.world.temporal('schedule', 'trigger', '--schedule-id', id);
  expect(await startedRun('one_file')).toMatchObject({ files: 1, reconciled: true });
  expect(await gallery.text('latest/orders.csv')).toBe(csv(1, 4));
});

it('what arrives starts a run that takes it', async () => {
  const sensors = ['files', 'objects', 'rows'].map((what) => `sensor-of-${what}.yaml`);
  for (const file of [...sensors, 'sensor-trigger.yaml'])
    expect(await gallery.attempt(file)).toMatchObject({ code: 0 });
  await gallery.world.put('inbox/one.csv', items);
  gallery.putOnDisk('drop/told.csv', items);
  await sql(`insert into sales.payments select g, g, now() from generate_series(1, 5) g`);
  const jobs = ['arrived_file', 'arrived_objects', 'arrived_rows', 'told_file'];
  const receipts = await Promise.all(jobs.map(startedRun));
  expect(receipts.map(({ trigger, files, rows }) => [trigger, files, rows])).toEqual([
    ['file_arrives', 1, 0],
    ['objects_arrive', 2, 0],
    ['rows_arrive', 0, 5],
    ['folder_grows', 1, 0],
  ]);
  expect(await gallery.text('arrived/one.csv')).toBe(items);
  expect(gallery.sftp('dropped/b.txt').toString()).toBe('b.txt');
  expect(await gallery.text('told/folder_grows/told.csv')).toBe(items);
  const missing = 'select count(*) from (table sales.payments except all table marts.payments) d';
  expect(await sql(missing)).toBe('0');
});

it('every file of the gallery about runs was run', () => {
  expect([...gallery.ran].sort()).toEqual(galleryFiles.filter((file) => suiteOf(file) === 'runs'));
});
