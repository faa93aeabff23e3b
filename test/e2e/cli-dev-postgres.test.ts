/** PostgreSQL in `tidemark dev`, asked by clients that know nothing of Tidemark: `psql`, and the driver itself. */
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { processesOf } from '../../src/devstack/postgres/predecessor.js';
import { mustRun } from '../servers/must-run.js';
import { findPostgres, howToGetPostgres } from '../servers/postgres.js';
import {
  eventually,
  folderWith,
  readDevJson,
  removeFolder,
  type Running,
  start,
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

const dataDir = (): string => join(cwd, '.tidemark', 'postgres');
const credentialsFile = (): string => join(cwd, '.tidemark', 'credentials.json');
const logText = (): string => readFileSync(join(cwd, '.tidemark', 'logs', 'postgres.log'), 'utf8');

const dev = async (): Promise<Running> => {
  const started = start(['dev', '--only', 'postgres'], { cwd });
  running.push(started);
  await started.shows(/everything is up/);
  return started;
};

const connect = async (override: pg.ClientConfig = {}): Promise<pg.Client> => {
  const client = new pg.Client({ ...readDevJson(cwd).postgres, ssl: false, ...override });
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

/** The only value of the only row. */
const ask = async (sql: string, override: pg.ClientConfig = {}): Promise<unknown> => {
  const client = await connect(override);
  try {
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
};

/** Kills and waits: the process of `tidemark dev`, then whatever else is named. */
const killHard = async ({ child, ended }: Running, ...others: readonly number[]): Promise<void> => {
  for (const pid of others) process.kill(pid, 'SIGKILL');
  child.kill('SIGKILL');
  await ended;
};

const allGone = (): Promise<true> =>
  eventually('PostgreSQL has ended', 15_000, () =>
    Promise.resolve(processesOf(dataDir()).length === 0 ? true : null),
  );

describe('PostgreSQL of the dev stack', () => {
  const psqlIsThere = mustRun(
    'postgres15',
    findPostgres('debian') !== undefined,
    howToGetPostgres.debian,
  );
  test.skipIf(!psqlIsThere)(
    `psql needs nothing but the variables of dev env${psqlIsThere ? '' : ': psql is not installed'}`,
    async () => {
      await dev();
      const { out } = await tidemark(['dev', 'env'], { cwd });
      const shell = `${out}\npsql -Atc "select current_user, current_database(), current_setting('TimeZone')"`;
      const printed = execFileSync('/bin/sh', ['-c', shell], { encoding: 'utf8' });
      expect(printed.trim()).toBe('tidemark|tidemark|UTC');
    },
  );

  test('only the password opens it, and it is only there for this machine', async () => {
    await dev();
    await expect(connect({ password: 'guessed' })).rejects.toMatchObject({ code: '28P01' });
    expect(await ask('show listen_addresses')).toBe('127.0.0.1');
    expect(await ask('show unix_socket_directories')).toBe('');
    expect(await ask(`select string_agg(distinct auth_method, ',') from pg_hba_file_rules`)).toBe(
      'scram-sha-256',
    );
    expect(await ask('select rolpassword from pg_authid where rolpassword is not null')).toMatch(
      /^SCRAM-SHA-256\$/,
    );
  });

  test('what is committed outlives a restart, which an open session does not hold up', async () => {
    const first = await dev();
    const before = readDevJson(cwd).postgres;
    await ask('create table kept as select 42 as a');
    const open = await connect();
    const asleep = open.query('select pg_sleep(600)').catch(() => 'ended');
    expect(await first.stop()).toMatchObject({ code: 0 });
    expect(await asleep).toBe('ended');
    expect(logText()).toMatch(/received fast shutdown request.*database system is shut down\n$/s);
    expect(logText()).not.toContain('immediate shutdown');
    expect(processesOf(dataDir())).toEqual([]);
    await dev();
    expect(readDevJson(cwd).postgres).toEqual(before);
    expect(await ask('select a from kept')).toBe(42);
  });

  test('writes no password and no statement into its log', async () => {
    await dev();
    await expect(ask(`alter role nobody_here password 'a-secret-word'`)).rejects.toThrow();
    await expect(connect({ password: 'guessed-word' })).rejects.toThrow();
    expect(logText()).toContain('role "nobody_here" does not exist');
    expect(logText()).not.toMatch(/a-secret-word|guessed-word/);
    expect(logText()).not.toContain(readDevJson(cwd).postgres.password);
  });

  test('stops the others with the end of its log when it dies', async () => {
    const { ended } = await dev();
    const postmaster = Number(
      readFileSync(join(dataDir(), 'postmaster.pid'), 'utf8').split('\n')[0],
    );
    process.kill(postmaster, 'SIGKILL');
    const { code, err } = await ended;
    expect(code).toBe(1);
    expect(err).toMatch(
      /devstack\/server-died.*PostgreSQL.*SIGKILL.*last lines of .*postgres\.log/s,
    );
  });
});

describe('a data folder of PostgreSQL that was not left in order', () => {
  test('is left by the server when tidemark dev is killed, sessions or not, and used by the next', async () => {
    const first = await dev();
    await ask('create table kept as select 42 as a');
    const open = await connect();
    await killHard(first);
    await allGone();
    await open.end().catch(() => undefined);
    await dev();
    expect(await ask('select a from kept')).toBe(42);
  });

  test('is taken over while the server of a killed one still runs', async () => {
    const first = await dev();
    await ask('create table kept as select 42 as a');
    // Whoever kills everything of ours but the server: the guard, too, cannot end it.
    const pid = String(first.child.pid);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    const guards = children.filter((child) =>
      readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('read -r _'),
    );
    expect(guards).toHaveLength(1);
    await killHard(first, ...guards.map(Number));
    const orphans = processesOf(dataDir());
    expect(orphans.length).toBeGreaterThan(1);
    await dev();
    expect(processesOf(dataDir()).filter((orphan) => orphans.includes(orphan))).toEqual([]);
    expect(await ask('select a from kept')).toBe(42);
  });

  test('is taken over while sessions of a killed server still work', async () => {
    const first = await dev();
    const open = await connect();
    const busy = open
      .query('do $$ begin loop perform sqrt(2); end loop; end $$')
      .catch(() => 'ended');
    const isBusy = `select count(*)::int from pg_stat_activity where query like 'do %' and state = 'active'`;
    await eventually('the session is busy', 10_000, async () =>
      (await ask(isBusy)) === 1 ? true : null,
    );
    const postmaster = Number(
      readFileSync(join(dataDir(), 'postmaster.pid'), 'utf8').split('\n')[0],
    );
    process.kill(postmaster, 'SIGKILL');
    await first.ended;
    expect(processesOf(dataDir()).length).toBeGreaterThan(0);
    await dev();
    expect(await busy).toBe('ended');
    expect(await ask('select 1')).toBe(1);
  });

  test('may hold the process id of a program that is no PostgreSQL', async () => {
    await killHard(await dev());
    await allGone();
    const file = join(dataDir(), 'postmaster.pid');
    const { uid, gid } = statSync(dataDir());
    const other = spawn('sleep', ['60'], process.getuid?.() === 0 ? { uid, gid } : {});
    try {
      writeFileSync(file, `${String(other.pid)}\n/proc/self/cwd\n`);
      await dev();
      expect(await ask('select 1')).toBe(1);
      expect(other).toMatchObject({ exitCode: null, signalCode: null });
    } finally {
      other.kill();
    }
  });

  test('is opened again when the credentials were deleted, with the new password', async () => {
    const first = await dev();
    await ask('create table kept as select 42 as a');
    const { password } = readDevJson(cwd).postgres;
    await first.stop();
    rmSync(credentialsFile());
    await dev();
    expect(readDevJson(cwd).postgres.password).not.toBe(password);
    expect(await ask('select a from kept')).toBe(42);
    await expect(connect({ password })).rejects.toMatchObject({ code: '28P01' });
  });

  test('may be half made: it is made anew, and nothing of it is left', async () => {
    await (await dev()).stop();
    const account = statSync(dataDir());
    rmSync(dataDir(), { recursive: true });
    const half = join(cwd, '.tidemark', 'postgres.0123456789ab.new');
    execFileSync('mkdir', ['-p', join(half, 'base')]);
    await dev();
    expect(await ask('select 1')).toBe(1);
    expect(statSync(dataDir()).uid).toBe(account.uid);
    const left = readdirSync(join(cwd, '.tidemark')).filter((name) => name.startsWith('postgres.'));
    expect(left).toEqual([]);
  });

  test('is refused when another major version made it', async () => {
    await (await dev()).stop();
    writeFileSync(join(dataDir(), 'PG_VERSION'), '14\n');
    const { code, err } = await tidemark(['dev', '--only', 'postgres'], { cwd });
    expect(code).toBe(1);
    expect(err).toContain('error[devstack/postgres-folder-unusable]');
    expect(err).toContain(`the data in ${dataDir()} is of version 14`);
  });

  test('is shown with the end of the log when the server cannot start on it', async () => {
    await (await dev()).stop();
    rmSync(join(dataDir(), 'global', 'pg_control'));
    const { code, err } = await tidemark(['dev', '--only', 'postgres'], { cwd });
    expect(code).toBe(1);
    expect(err).toMatch(/error\[devstack\/postgres-died\].*last lines of .*pg_control/s);
    expect(processesOf(dataDir())).toEqual([]);
  });
});
