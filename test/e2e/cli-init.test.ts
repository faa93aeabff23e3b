/** `tidemark init` as a new user tries it, from the program of the clone and from the package that npm packs. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReceipt } from '../../src/core/run/receipt.js';
import { runTidemark, startExampleWorld, type Answer } from '../examples/example-world.js';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const written = [
  '.gitignore',
  'README.md',
  'connections/common.yaml',
  'inbox/orders.csv',
  'pipelines/orders.yaml',
  'tidemark.yaml',
];

describe('a project that init made', () => {
  let folder = '';
  let project = '';
  let made: Answer;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-init-'));
    project = join(folder, 'shop');
    made = await runTidemark(['init', 'shop'], folder);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('has the files that were told, and says what comes next', () => {
    expect(made).toMatchObject({ code: 0, err: '' });
    for (const path of written) {
      expect(made.out).toContain(`wrote shop/${path}\n`);
      expect(existsSync(join(project, path)), path).toBe(true);
    }
    expect(made.out).toContain('tidemark run orders_job');
  });

  it('has no finding but variables that only a running stack sets', async () => {
    const { out } = await runTidemark(['lint', '--format', 'json'], project);
    const { diagnostics } = JSON.parse(out) as {
      readonly diagnostics: readonly { code: string }[];
    };
    expect(diagnostics.filter(({ code }) => code !== 'template/unset-environment')).toEqual([]);
  });

  it('has no finding at all beside its dev stack, which a worker takes the variables from', async () => {
    const connections = readFileSync(join(project, 'connections/common.yaml'), 'utf8');
    const names = [...connections.matchAll(/env\.(\w+)/g)].map(([, name = '']) => [name, 'x']);
    const state = join(project, '.tidemark');
    mkdirSync(state);
    const facts = { version: 1, pid: process.pid, dataDir: state, env: Object.fromEntries(names) };
    writeFileSync(join(state, 'dev.json'), JSON.stringify(facts));
    const answer = await runTidemark(['lint'], project);
    await rm(state, { recursive: true });
    expect(answer).toMatchObject({ code: 0, out: '0 errors, 0 warnings in 3 files\n', err: '' });
  });

  it('is not made where one of its files is, and nothing else is written then', async () => {
    const other = join(folder, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'tidemark.yaml'), 'name: mine\n');
    const { code, err } = await runTidemark(['init', 'other'], folder);
    expect(code).toBe(2);
    expect(err).toMatch(/error\[cli\/file-exists\].*tidemark\.yaml/);
    expect(readdirSync(other)).toEqual(['tidemark.yaml']);
    expect(readFileSync(join(other, 'tidemark.yaml'), 'utf8')).toBe('name: mine\n');
  });

  it('runs on the dev stack as it is, and takes only what is new the second time', async () => {
    await using world = await startExampleWorld(project);
    const run = async (): Promise<RunReceipt> => {
      const answer = await world.tidemark('run', 'orders_job', '--format', 'json');
      expect(answer, answer.err).toMatchObject({ code: 0 });
      return JSON.parse(answer.out) as RunReceipt;
    };
    expect(await run()).toMatchObject({ reconciled: true, rows: 4 });
    const { endpoint, region, bucket, accessKeyId, secretAccessKey } = world.s3;
    const credentials = { accessKeyId, secretAccessKey };
    const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: bucket, Key: 'raw/orders/orders.csv' }),
    );
    s3.destroy();
    const inbox = readFileSync(join(project, 'inbox/orders.csv'), 'utf8');
    expect(await Body?.transformToString()).toBe(inbox);
    const rows = "select count(*) || ' ' || count(amount) || ' ' || max(customer) from orders";
    expect(await world.sql(rows)).toBe('4 3 Hopper, G.');
    expect(await run()).toMatchObject({ reconciled: true, rows: 0 });
  }, 120_000);
});

describe('the package that npm packs', () => {
  let folder = '';
  const inFolder = (program: string, ...args: readonly string[]) =>
    promisify(execFile)(program, [...args], { cwd: folder, maxBuffer: 64 * 1024 * 1024 });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-pack-'));
    await promisify(execFile)('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
      cwd: repository,
    });
    const archive = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'none';
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const quick = ['--prefer-offline', '--no-audit', '--no-fund', '--omit=optional'];
    await inFolder('npm', 'install', `./${archive}`, ...quick);
  }, 300_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('answers with its version', async () => {
    const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
      readonly version: string;
    };
    const { stdout } = await inFolder('npx', '--no-install', 'tidemark', '--version');
    expect(stdout.trim()).toBe(version);
  });

  it('brings the workflow bundle and the schemas, and init points editors to them', async () => {
    const installed = join(folder, 'node_modules', 'tidemark');
    expect(existsSync(join(installed, 'dist', 'workflow-bundle.js'))).toBe(true);
    await inFolder('npx', '--no-install', 'tidemark', 'init', 'shop');
    const first = /^# yaml-language-server: \$schema=(.+)\n/;
    for (const path of written.filter((name) => name.endsWith('.yaml'))) {
      const file = join(folder, 'shop', path);
      const schema = first.exec(readFileSync(file, 'utf8'))?.[1] ?? 'none';
      expect(existsSync(join(file, '..', schema)), `${path}: ${schema}`).toBe(true);
    }
    const { stdout } = await inFolder(
      'npx',
      '--no-install',
      'tidemark',
      'lint',
      '--project',
      'shop',
    );
    expect(stdout).not.toContain('error[');
  });
});
