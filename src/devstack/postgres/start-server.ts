/**
 * Starts PostgreSQL on a data folder and hands it over only when it can be used: the superuser gets in with its password,
 * and the database exists. It listens on 127.0.0.1 alone, keeps what it has committed through any kill, and ends with the
 * process that started it. On any failure nothing is left running, and the error shows the end of the log.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { TidemarkError } from '../../core/errors/error.js';
import { launch, type Exit, type ServerProcess } from '../process/server-process.js';
import { dataPathFor } from './account.js';
import { type Cluster, prepareCluster, resetPassword } from './cluster.js';
import { postgresDied, postgresNotReady } from './errors.js';
import { clusterNameOf, endPredecessor } from './predecessor.js';
import { serverEnvironment } from './run-to-end.js';

export interface PostgresOptions extends Cluster {
  readonly port: number;
  /** Created when it is missing. */
  readonly database: string;
  /** The server's output is appended to it; its folder is created. */
  readonly logFile: string;
  /** Over ours, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long it may take until the server can be used, recovery included. Default 120,000. */
  readonly readyLimitMs?: number;
}

export interface PostgresServer {
  readonly pid: number;
  /** As the server says: `18.4`. */
  readonly version: string;
  /** Sessions are ended, what is committed is written. Idempotent. */
  readonly stop: () => Promise<void>;
  /** Resolves when the server has ended, also when nobody asked for it. */
  readonly exited: Promise<Exit>;
}

const host = '127.0.0.1';
const pollMs = 30;
const graceMs = 10_000;
const shownLogLines = 15;

const settingsOf = ({ dataDir, port, settings }: PostgresOptions): readonly string[] =>
  Object.entries({
    port: String(port),
    listen_addresses: host,
    unix_socket_directories: '',
    cluster_name: clusterNameOf(dataDir),
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    // Statements may hold what is secret to whoever sent them; the log keeps what was wrong with them.
    log_min_error_statement: 'panic',
    ...settings,
  }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

const launched = async (options: PostgresOptions): Promise<ServerProcess> => {
  const { bin, dataDir, account, logFile } = options;
  await endPredecessor(dataDir);
  return launch({
    program: join(bin, 'postgres'),
    args: ['-D', dataPathFor(dataDir, account), ...settingsOf(options)],
    cwd: dataDir,
    env: serverEnvironment(),
    account,
    logFile,
    // Fast: sessions are ended instead of waited for. Then immediate: the next start recovers.
    stopSignal: 'SIGINT',
    forceSignal: 'SIGQUIT',
    graceMs,
  });
};

/** Of `name` in a connection of its own; everything is said, so that no PG* variable is asked. */
const withClient = async <T>(
  { port, user, password }: PostgresOptions,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> => {
  const where = { host, port, user, password, database: 'postgres', ssl: false };
  const client = new pg.Client({ ...where, connectionTimeoutMillis: 5_000 });
  // A server that goes away while it is asked: the question fails, that is enough.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** Answers with the server's version. */
const settle = (options: PostgresOptions): Promise<string> =>
  withClient(options, async (client) => {
    const { database } = options;
    const found = await client.query('select from pg_database where datname = $1', [database]);
    if (found.rowCount === 0)
      await client.query(`create database ${pg.escapeIdentifier(database)}`);
    const { rows } = await client.query<{ readonly server_version: string }>('show server_version');
    return rows[0]?.server_version.split(' ')[0] ?? '';
  });

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

const wrongPassword = '28P01';

const answers = async (options: PostgresOptions, signal: AbortSignal): Promise<string> => {
  const limitMs = options.readyLimitMs ?? 120_000;
  const deadlineMs = performance.now() + limitMs;
  let problem: unknown = 'no answer yet';
  while (!signal.aborted && performance.now() < deadlineMs) {
    try {
      return await settle(options);
    } catch (error) {
      if (codeOf(error) === wrongPassword) throw error;
      problem = error;
      await sleep(pollMs);
    }
  }
  const reason = problem instanceof Error ? problem.message : String(problem);
  throw new TidemarkError(
    postgresNotReady,
    `starting PostgreSQL on ${host}:${String(options.port)}: not usable within ${String(limitMs / 1000)} s (${reason})\n${await endOfLog(options.logFile)}`,
  );
};

const endOfLog = async (logFile: string): Promise<string> => {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  const lines = text.trimEnd().split('\n').slice(-shownLogLines);
  return [`last lines of ${logFile}:`, ...lines.map((line) => `  ${line}`)].join('\n');
};

const diedAtStart = async (options: PostgresOptions, exit: Exit): Promise<never> => {
  const how = exit.signal === null ? `exit code ${String(exit.code)}` : `signal ${exit.signal}`;
  throw new TidemarkError(
    postgresDied,
    `starting PostgreSQL on ${host}:${String(options.port)}: it ended at once (${how})\n${await endOfLog(options.logFile)}`,
  );
};

const usable = async (options: PostgresOptions): Promise<PostgresServer> => {
  const server = await launched(options);
  const waiting = new AbortController();
  const died = server.exited.then((exit) => diedAtStart(options, exit));
  try {
    const version = await Promise.race([died, answers(options, waiting.signal)]);
    return { pid: server.pid, version, stop: server.stop, exited: server.exited };
  } catch (error) {
    await server.stop();
    throw error;
  } finally {
    waiting.abort();
    // Its later end is the caller's business (`exited`).
    died.catch(() => undefined);
  }
};

/** Throws `devstack/postgres-died`, `-not-ready` or `-folder-unusable`. */
export const startPostgresServer = async (options: PostgresOptions): Promise<PostgresServer> => {
  await prepareCluster(options);
  try {
    return await usable(options);
  } catch (error) {
    if (codeOf(error) !== wrongPassword) throw error;
    // The credentials were made anew, the data was not.
    await resetPassword(options);
    return usable(options);
  }
};
