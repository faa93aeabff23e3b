/** `tidemark dev`, as a child process: what it tells, what it keeps, and that nothing of it is left behind. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  addressesOf,
  folderWith,
  freePorts,
  readDevJson,
  removeFolder,
  type Running,
  start,
  stillAnswering,
  temporalCli,
  tidemark,
} from './cli-program.js';

let cwd = '';
const running: Running[] = [];

beforeEach(() => {
  cwd = folderWith({});
});
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGTERM');
    await ended;
  }
  removeFolder(cwd);
});

const devFile = (): string => join(cwd, '.tidemark', 'dev.json');
const lockFile = (): string => join(cwd, '.tidemark', 'dev.lock');

const dev = async (...args: readonly string[]): Promise<Running> => {
  const started = start(['dev', ...freePorts, ...args], { cwd });
  running.push(started);
  await started.shows(/everything is up/);
  return started;
};

/** The process of the Temporal server among the children of `tidemark dev`. */
const temporalPid = (parent: number): number => {
  const children = readFileSync(`/proc/${String(parent)}/task/${String(parent)}/children`, 'utf8')
    .trim()
    .split(' ');
  const found = children.find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('start-dev'),
  );
  return Number(found);
};

describe('a dev stack that is up', () => {
  test('has told every address in a private dev.json, and the table says where the Web UI is', async () => {
    const { text } = await dev();
    const facts = readDevJson(cwd);
    expect(statSync(devFile()).mode & 0o777).toBe(0o600);
    expect(Object.keys(facts.env).sort()).toEqual([
      ...['PGDATABASE', 'PGHOST', 'PGPASSWORD', 'PGPORT', 'PGUSER'],
      ...['PG_DATABASE', 'PG_HOST', 'PG_PASSWORD', 'PG_PORT', 'PG_USER'],
      ...['S3_ACCESS_KEY_ID', 'S3_BUCKET', 'S3_ENDPOINT', 'S3_REGION', 'S3_SECRET_ACCESS_KEY'],
      ...['SFTP_HOST', 'SFTP_HOST_KEY', 'SFTP_PASSWORD', 'SFTP_PORT', 'SFTP_USERNAME'],
      ...['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'],
    ]);
    expect(text()).toContain(facts.temporal.ui);
    expect((await fetch(facts.temporal.ui)).status).toBe(200);
    expect(text()).toMatch(/tidemark worker/);
    // A secret is not for a screen.
    for (const name of ['S3_SECRET_ACCESS_KEY', 'SFTP_PASSWORD', 'PG_PASSWORD'])
      expect(text()).not.toContain(facts.env[name]);
  });

  test('keeps closed runs for seven days and knows our search attributes', async () => {
    await dev('--only', 'temporal');
    const { env } = readDevJson(cwd);
    const namespace = await temporalCli(['operator', 'namespace', 'describe', '-n', 'default'], {
      cwd,
      env,
    });
    expect(namespace.out).toContain('168h');
    const attributes = await temporalCli(['operator', 'search-attribute', 'list'], { cwd, env });
    expect(attributes.out).toContain('TidemarkPartition');
  });

  test('gives a shell its variables and the temporal CLI', async () => {
    await dev('--only', 'temporal,s3');
    const { out, code } = await tidemark(['dev', 'env'], { cwd: join(cwd, '.tidemark', 's3') });
    expect(code).toBe(0);
    const shell = `${out}\ntemporal --version && echo "$S3_SECRET_ACCESS_KEY"`;
    const { execFileSync } = await import('node:child_process');
    const printed = execFileSync('/bin/sh', ['-c', shell], { encoding: 'utf8' });
    expect(printed).toMatch(/^temporal version /);
    expect(printed.trim().split('\n').at(-1)).toBe(readDevJson(cwd).env['S3_SECRET_ACCESS_KEY']);
  });

  test('refuses a second one for the same folder and is not disturbed by it', async () => {
    await dev('--only', 's3');
    const second = await tidemark(['dev', '--only', 's3'], { cwd });
    expect(second).toMatchObject({
      code: 1,
      err: expect.stringContaining('devstack/already-running') as string,
    });
    expect(existsSync(devFile())).toBe(true);
    expect((await fetch(readDevJson(cwd).s3.endpoint)).status).toBe(403);
  });
});

describe('a dev stack that is stopped', () => {
  test('ends with 0 on SIGTERM, takes dev.json away, and nothing answers any more', async () => {
    const { stop } = await dev();
    const facts = readDevJson(cwd);
    expect(await stop()).toMatchObject({ code: 0 });
    expect(existsSync(devFile())).toBe(false);
    expect(await stillAnswering(addressesOf(facts), 3_000)).toEqual([]);
  });

  test('has the same credentials, host key and files after a restart', async () => {
    const first = await dev('--only', 's3,sftp');
    const before = readDevJson(cwd);
    writeFileSync(join(before.sftp.root, 'kept.csv'), 'kept');
    await first.stop();
    await dev('--only', 's3,sftp');
    const after = readDevJson(cwd);
    expect(after.env).toEqual(before.env);
    expect(readFileSync(join(after.sftp.root, 'kept.csv'), 'utf8')).toBe('kept');
  });

  test('leaves no server running when its process is killed, and the next start goes on', async () => {
    const { child, ended } = await dev();
    const before = readDevJson(cwd);
    child.kill('SIGKILL');
    await ended;
    expect(await stillAnswering(addressesOf(before), 15_000)).toEqual([]);
    // dev.json is still there; that its process is dead is noticed.
    expect(existsSync(devFile())).toBe(true);
    expect(await tidemark(['dev', 'env'], { cwd })).toMatchObject({
      code: 1,
      err: expect.stringContaining('devstack/not-running') as string,
    });
    await dev();
    expect(readDevJson(cwd).env['SFTP_HOST_KEY']).toBe(before.env['SFTP_HOST_KEY']);
    expect(readDevJson(cwd).pid).not.toBe(before.pid);
  });

  test('stops the others with code 1 and the end of the log when a server dies', async () => {
    const { child, ended } = await dev();
    const facts = readDevJson(cwd);
    process.kill(temporalPid(Number(child.pid)), 'SIGKILL');
    const { code, err } = await ended;
    expect(code).toBe(1);
    expect(err).toMatch(/devstack\/server-died.*\n?.*SIGKILL.*last lines of .*temporal\.log/s);
    expect(await stillAnswering(addressesOf(facts), 3_000)).toEqual([]);
    expect(existsSync(devFile())).toBe(false);
  });
});

describe('a dev stack that cannot start', () => {
  test.each([
    ['s3', 's3'],
    ['sftp', 'sftp'],
    ['temporal', 'temporal'],
    ['ui', 'temporal'],
    ['postgres', 'postgres'],
  ])('says which port of %s is in use, and leaves nothing', async (server, only) => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const args = ['dev', '--only', only, `--${server}-port`, String(port)];
      const { code, err } = await tidemark(args, { cwd });
      expect(code).toBe(1);
      expect(err).toContain('error[devstack/port-in-use]');
      expect(err).toContain(`port ${String(port)} on 127.0.0.1 is used by another program`);
      expect(err).toContain(`leave --${server}-port out`);
    } finally {
      other.close();
    }
    expect(existsSync(devFile())).toBe(false);
    expect(existsSync(lockFile())).toBe(false);
  });

  test('names the half-written file of a data folder', async () => {
    mkdirSync(join(cwd, 'data'));
    writeFileSync(join(cwd, 'data', 'credentials.json'), '{"s3": {"accessKeyId"');
    const { code, err } = await tidemark(['dev', '--data', 'data'], { cwd });
    expect(code).toBe(1);
    expect(err).toContain('error[devstack/data-folder-damaged]');
    expect(err).toContain(join(cwd, 'data', 'credentials.json'));
    expect(existsSync(join(cwd, 'data', 'dev.lock'))).toBe(false);
  });

  test('says at once that the state of Temporal is damaged', async () => {
    mkdirSync(join(cwd, '.tidemark', 'temporal'), { recursive: true });
    writeFileSync(
      join(cwd, '.tidemark', 'temporal', 'temporal.db'),
      'this is no database, and never was one',
    );
    const { code, err } = await tidemark(['dev', ...freePorts], { cwd });
    expect(code).toBe(1);
    expect(err).toContain('error[devstack/data-folder-damaged]');
    expect(err).toContain('temporal.db is no SQLite database');
    expect(existsSync(lockFile())).toBe(false);
  });

  test('suggests the server that was meant in --only', async () => {
    const { code, err } = await tidemark(['dev', '--only', 'temporl'], { cwd });
    expect(code).toBe(2);
    expect(err).toContain('Did you mean temporal?');
  });
});
