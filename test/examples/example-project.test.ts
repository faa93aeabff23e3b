import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReceipt } from '../../src/core/run/receipt.js';
import {
  exampleProject,
  type ExampleWorld,
  runTidemark,
  startExampleWorld,
} from './example-world.js';

const sha256 = (content: Uint8Array | string): string =>
  createHash('sha256').update(content).digest('hex');

const pipelineFiles = readdirSync(join(exampleProject, 'pipelines')).sort();
const jobs = {
  daily: 'daily_job',
  big: 'big_job',
  inbox: 'inbox_job',
  reference: 'reference_job',
  warehouse: 'warehouse_job',
} as const;

interface LintAnswer {
  readonly diagnostics: readonly {
    readonly code: string;
    readonly severity: string;
    readonly file: string;
  }[];
}

interface ListAnswer {
  readonly jobs: readonly { readonly name: string }[];
}

describe('the files of the example project', () => {
  let diagnostics: LintAnswer['diagnostics'] = [];

  beforeAll(async () => {
    const { out } = await runTidemark(['lint', '--format', 'json'], exampleProject);
    ({ diagnostics } = JSON.parse(out) as LintAnswer);
  });

  it('has pipelines', () => {
    expect(pipelineFiles).toContain('daily-flights.yaml');
  });

  it.each(pipelineFiles)('pipelines/%s has no finding', (name) => {
    expect(diagnostics.filter(({ file }) => file === `pipelines/${name}`)).toEqual([]);
  });

  it('has no finding elsewhere but variables that only a running stack sets', () => {
    const codes = new Set(diagnostics.map(({ code }) => code));
    codes.delete('template/unset-environment');
    expect([...codes]).toEqual([]);
  });

  it.each(pipelineFiles)('pipelines/%s begins with a title and says how it is run', (name) => {
    const text = readFileSync(join(exampleProject, 'pipelines', name), 'utf8');
    expect(text).toMatch(/^# [A-Z]/);
    expect(text).toMatch(/^# Shows: /m);
    expect(text).toMatch(/^# Run: +tidemark /m);
  });

  it('holds no secret: every secret field is a reference to the environment', () => {
    const texts = ['common.yaml', 'dev.yaml'].map((name) =>
      readFileSync(join(exampleProject, 'connections', name), 'utf8'),
    );
    const secrets = texts.flatMap((text) => [
      ...text.matchAll(/^\s*(?:password|secret_key|access_key):\s*(.*)$/gm),
    ]);
    expect(secrets).toHaveLength(4);
    for (const [, value] of secrets) expect(value).toMatch(/^(['"])\{\{ env\.[A-Z0-9_]+ \}\}\1$/);
  });
});

describe('the example project on the dev stack', () => {
  let world: ExampleWorld;
  let s3: S3Client;

  const objectHash = async (key: string): Promise<string> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: world.s3.bucket, Key: key }));
    return sha256((await Body?.transformToByteArray()) ?? '');
  };

  const receiptOf = async (job: string, ...args: readonly string[]): Promise<RunReceipt> => {
    const answer = await world.tidemark('run', job, '--format', 'json', ...args);
    expect(answer, answer.err).toMatchObject({ code: 0 });
    return JSON.parse(answer.out) as RunReceipt;
  };

  beforeAll(async () => {
    world = await startExampleWorld();
    const { endpoint, region, accessKeyId, secretAccessKey } = world.s3;
    s3 = new S3Client({
      endpoint,
      region,
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
    });
  });

  afterAll(async () => {
    s3?.destroy();
    await world?.[Symbol.asyncDispose]();
  });

  it('has exactly the jobs that are run here', async () => {
    const { out } = await world.tidemark('list', '--format', 'json');
    const names = (JSON.parse(out) as ListAnswer).jobs.map(({ name }) => name);
    expect([...names].sort()).toEqual(Object.values(jobs).sort());
  });

  it('daily_job copies each file to the key of its airport and day, and leaves other files alone', async () => {
    const days = Array.from(
      { length: 12 },
      (_, index) => `2001-01-${String(index + 1).padStart(2, '0')}`,
    );
    const rows = new Map(
      days.map((day) => [day, `date,delay\n${day},${randomBytes(20).toString('hex')}\n`]),
    );
    for (const [day, text] of rows) await world.put(`flights/daily/ATL_${day}.csv`, text);
    await world.put('flights/daily/notes.txt', 'not a file of flights');

    const receipt = await receiptOf(jobs.daily);

    const bytes = [...rows.values()].reduce((sum, text) => sum + text.length, 0);
    expect(receipt).toMatchObject({ files: 12, bytes, reconciled: true });
    expect(receipt.assets[0]?.checks).toMatchObject([{ name: 'every_file_arrived', passed: true }]);
    for (const [day, text] of rows) {
      expect(await objectHash(`raw/daily/airport=ATL/${day}.csv`)).toBe(sha256(text));
    }
  });

  it('daily_job copies nothing when it runs again, and everything to another zone', async () => {
    expect((await receiptOf(jobs.daily)).assets[0]?.files).toMatchObject({
      copied: 0,
      skipped: 12,
    });
    const other = await receiptOf(jobs.daily, '--param', 'zone=archive');
    expect(other.assets[0]?.files).toMatchObject({ copied: 12, skipped: 0 });
    expect(other.assets[0]?.result.prefix).toBe('archive/daily/airport=ATL');
  });

  it('big_job copies a file of several parts, not faster than the connection allows', async () => {
    const content = randomBytes(60_000_000);
    await world.put('flights/big/flights.csv', content);
    const startedMs = performance.now();
    const receipt = await receiptOf(jobs.big);
    const tookMs = performance.now() - startedMs;
    expect(receipt).toMatchObject({ files: 1, bytes: content.length, reconciled: true });
    const crc32 = receipt.assets[0]?.crc32;
    expect(crc32?.target).toBe(crc32?.source);
    expect(await objectHash('raw/big/flights.csv')).toBe(sha256(content));
    // 60 MB at 25 MB/s, less the quarter of a second that may be saved up.
    expect(tookMs).toBeGreaterThan(2_000);
  });

  it('reference_job hands the list on from asset to asset and back to the partner', async () => {
    const text = `iata,name\nATL,${randomBytes(50).toString('hex')}\n`;
    await world.put('reference/airports.csv', text);
    const receipt = await receiptOf(jobs.reference);
    expect(receipt).toMatchObject({ files: 3, reconciled: true });
    expect(receipt.assets.map(({ asset }) => asset)).toEqual([
      'airports_landed',
      'airports_curated',
      'airports_returned',
    ]);
    expect(await objectHash('landing/reference/airports.csv')).toBe(sha256(text));
    expect(await objectHash('curated/reference/airports.csv')).toBe(sha256(text));
    const returned = readFileSync(join(world.sftpRoot, 'outbox', 'airports_confirmed.csv'));
    expect(sha256(returned)).toBe(sha256(text));
  });

  it('reference_job works again when the first asset has nothing new to hand on', async () => {
    const receipt = await receiptOf(jobs.reference);
    expect(receipt.assets.map(({ files }) => [files.copied, files.skipped])).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
  });

  it('warehouse_job takes what is new to S3 and into the other schema, each row once', async () => {
    const insert = (from: number, to: number): Promise<string> =>
      world.sql(`insert into ops.flights select g, timestamptz '2001-01-01' + g / 3 * interval '1 minute',
        nullif(g % 40, 0), g, case when g % 7 = 0 then '' else 'ATL' end, 'ORD, "O''Hare"'
        from generate_series(${String(from)}, ${String(to)}) g`);
    await world.sql(`create schema ops; create schema marts;
      create table ops.flights (id bigint primary key, departed_at timestamptz not null, delay integer,
        distance integer, origin text, destination text)`);
    await insert(1, 3_000);
    const first = await receiptOf(jobs.warehouse);
    expect(first).toMatchObject({ rows: 6_000, reconciled: true });
    expect(first.assets.map(({ checks }) => checks.map(({ passed }) => passed))).toEqual([
      [],
      [true, true],
    ]);
    await insert(3_001, 3_010);
    const second = await receiptOf(jobs.warehouse);
    expect(second.assets.map(({ rows }) => rows?.written)).toEqual([10, 10]);
    const idle = await receiptOf(jobs.warehouse);
    expect(idle).toMatchObject({ rows: 0, reconciled: true });
    const differences = `select count(*) from ((table ops.flights except all table marts.flights)
      union all (table marts.flights except all table ops.flights)) d`;
    expect(await world.sql(differences)).toBe('0');
    expect(await world.sql('select count(*) from marts.flights')).toBe('3010');
    const range = ['--partitions', '2001-01..2001-02', '--format', 'json'];
    const months = await world.tidemark('backfill', 'flights_by_month', ...range);
    expect(months, months.err).toMatchObject({ code: 0 });
    expect(JSON.parse(months.out)).toMatchObject({ partitions: { done: 2 }, rows: 3_010 });
  });

  it('inbox_job is started by the sensor for the one file that arrives', async () => {
    await world.put('inbox/readme.txt', 'not a CSV file');
    const applied = await world.tidemark('apply');
    expect(applied, applied.err).toMatchObject({ code: 0 });
    const text = `a,b\n1,${randomBytes(30).toString('hex')}\n`;
    await world.put('inbox/one.csv', text);
    const runId = await lastSensorRun(world);
    const answer = JSON.parse(
      await world.temporal('workflow', 'result', '--workflow-id', runId, '--output', 'json'),
    ) as {
      readonly result: RunReceipt;
    };
    expect(answer.result).toMatchObject({
      files: 1,
      bytes: text.length,
      trigger: 'inbox_arrivals',
      reconciled: true,
    });
    expect(await objectHash('raw/inbox/one.csv')).toBe(sha256(text));
  });

  it('inbox_job copies the whole inbox when it is started by hand', async () => {
    await world.put('inbox/two.csv', 'a,b\n2,2\n');
    const receipt = await receiptOf(jobs.inbox);
    const { copied = 0, skipped = 0 } = receipt.assets[0]?.files ?? {};
    // The sensor may have been faster with the second file.
    expect(copied + skipped).toBe(2);
    expect(await objectHash('raw/inbox/two.csv')).toBe(sha256('a,b\n2,2\n'));
  });

  it('the schedule of the reference data can be triggered by its id', async () => {
    await world.temporal('schedule', 'trigger', '--schedule-id', 'flights/reference_nightly');
    const text = await world.temporal(
      'schedule',
      'describe',
      '--schedule-id',
      'flights/reference_nightly',
      '--output',
      'json',
    );
    expect(text).toContain('"reference_job"');
  });
});

const lastSensorRun = async (world: ExampleWorld): Promise<string> => {
  const id = ['--workflow-id', 'flights/sensor/inbox_arrivals'];
  const query = ['workflow', 'query', ...id, '--type', 'state', '--output', 'json'];
  const deadlineMs = Date.now() + 30_000;
  for (;;) {
    const text = await world.temporal(...query).catch((error: unknown) => {
      // It is being planned: a workflow of that name learns from its first activity what it is.
      if (String(error).includes('did not register a handler')) return null;
      throw error;
    });
    const answer = JSON.parse(text ?? '{"queryResult":[{"lastRun":null}]}') as {
      readonly queryResult: readonly [{ readonly lastRun: string | null }];
    };
    const [{ lastRun }] = answer.queryResult;
    if (lastRun !== null) return lastRun;
    if (Date.now() > deadlineMs) throw new Error('the sensor started no run within 30 s');
    await sleep(200);
  }
};
