/**
 * A world for fault tests of rows: PostgreSQL behind a proxy that counts and breaks, an S3 server, a Temporal server of the
 * test's own, and a supervised worker. Everything can be killed while a run is under way, and everything that a run must
 * not leave behind is asked for by independent clients.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { WorkflowFailedError } from '@temporalio/client';
import { expect } from 'vitest';
import type { LedgerDocument } from '../../src/core/run/ledger.js';
import type { AssetReceipt, RunReceipt } from '../../src/core/run/receipt.js';
import type { Supervisor } from '../../src/runtime/worker/supervisor.js';
import { hasPostgres, shopYaml } from '../e2e/rows-world.js';
import { connectionsYaml, startWorld, type World, type WorldOptions } from '../e2e/world.js';
import { type FaultProxy, startFaultProxy } from '../servers/fault-proxy.js';
import { type OwnTemporal, startOwnTemporal } from '../servers/own-temporal.js';
import { type PostgresServer, startPostgres } from '../servers/postgres.js';

export const isThere = hasPostgres('debian');

export const mebibyte = 1024 * 1024;

export const fromEnv = (name: string, otherwise: number): number =>
  Number(process.env[name] ?? otherwise);

export interface RowsWorldOptions {
  readonly pipelines: string;
  /** What psql runs before anything else. */
  readonly schema: string;
  /** Of each connection between worker and PostgreSQL, each way. */
  readonly bytesPerSecond?: number;
  readonly delayMs?: number;
  readonly onS3Request?: WorldOptions['onS3Request'];
  /** False: the test starts the workers that it needs. Default true. */
  readonly isSupervised?: boolean;
}

export type Victim = 'worker' | 'temporal' | 'postgres';

export interface RowsWorld extends AsyncDisposable {
  readonly world: World;
  readonly server: PostgresServer;
  readonly proxy: FaultProxy;
  readonly temporal: OwnTemporal;
  readonly supervisor: Supervisor | null;
  start(type: string, input?: object, workflowId?: string): Promise<string>;
  /** Of a run that succeeds; goes on asking while Temporal is away. */
  result(workflowId: string): Promise<RunReceipt>;
  run(type: string, input?: object): Promise<AssetReceipt>;
  /** What a run that fails says; `succeeded` for one that does not. */
  failure(workflowId: string): Promise<string>;
  /** SIGKILL; servers are started again on what they had. */
  kill(victim: Victim): Promise<void>;
  /** The ledger of an asset whose target is S3. */
  objectLedger(asset: string): Promise<LedgerDocument | null>;
  /** No upload, staging table, record of a page or open window is left, nor a session of ours in a transaction. */
  expectNothingLeft(assets?: readonly string[]): Promise<void>;
}

const startProxied = async (options: RowsWorldOptions) => {
  const temporal = await startOwnTemporal();
  const server = await startPostgres({
    version: 'debian',
    settings: { max_wal_size: '4GB', shared_buffers: '256MB', checkpoint_timeout: '1h' },
  });
  await server.psql(options.schema);
  const { bytesPerSecond, delayMs } = options;
  const proxy = await startFaultProxy({
    targetHost: server.host,
    targetPort: server.port,
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(delayMs === undefined ? {} : { delayMs }),
  });
  return { temporal, server, proxy };
};

const isAway = (error: unknown): boolean =>
  !(error instanceof WorkflowFailedError) &&
  /UNAVAILABLE|DEADLINE|ECONNREFUSED|connect|Unexpected error|Failed to/i.test(String(error));

/** Asks again while the server is away. */
const patiently = async <T>(ask: () => Promise<T>): Promise<T> => {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 60 || !isAway(error)) throw error;
      await sleep(500);
    }
  }
};

const leftInPostgres = `
select (select count(*) from pg_tables where schemaname = 'tidemark' and tablename like 'stage%'),
  (select count(*) from tidemark.page),
  (select count(*) from tidemark.ledger where document->'open' <> 'null'),
  (select count(*) from pg_stat_activity where application_name like 'tidemark%' and xact_start is not null)`;

export const startRowsWorld = async (
  name: string,
  options: RowsWorldOptions,
): Promise<RowsWorld> => {
  const { temporal, server, proxy } = await startProxied(options);
  const world = await startWorld(name, {
    temporal,
    ...(options.onS3Request === undefined ? {} : { onS3Request: options.onS3Request }),
    env: {
      PG_HOST: proxy.host,
      PG_PORT: String(proxy.port),
      PG_USER: server.user,
      PG_PASSWORD: server.password,
      PG_DATABASE: server.database,
    },
  });
  await world.yaml('connections/common.yaml', connectionsYaml() + shopYaml);
  await world.yaml('pipelines/rows.yaml', options.pipelines);
  const supervisor = options.isSupervised === false ? null : world.superviseWorker();
  await supervisor?.ready;

  const objectLedger = async (asset: string): Promise<LedgerDocument | null> => {
    const path = world.object(`_tidemark/${world.taskQueue}/${asset}.json`);
    return existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as LedgerDocument) : null;
  };
  const start = (type: string, input: object = {}, workflowId?: string): Promise<string> =>
    patiently(() => world.start(type, input, workflowId));
  const result = (workflowId: string): Promise<RunReceipt> =>
    patiently(() => world.result(workflowId)) as Promise<RunReceipt>;
  return {
    world,
    server,
    proxy,
    temporal,
    supervisor,
    start,
    result,
    run: async (type, input) => {
      const [asset] = (await result(await start(type, input))).assets;
      if (asset === undefined) throw new Error(`run ${type} has no asset`);
      return asset;
    },
    failure: async (workflowId) => {
      try {
        await patiently(() => world.result(workflowId));
        return 'succeeded';
      } catch (error) {
        if (!(error instanceof WorkflowFailedError)) throw error;
        return String(error.cause?.message ?? error.message);
      }
    },
    kill: async (victim) => {
      switch (victim) {
        case 'worker': {
          const pid = supervisor?.pid();
          if (pid !== undefined) process.kill(pid, 'SIGKILL');
          return;
        }
        case 'temporal':
          await temporal.kill();
          return temporal.restart();
        case 'postgres':
          await server.kill();
          return server.restart();
      }
    },
    objectLedger,
    expectNothingLeft: async (assets = []) => {
      expect(await world.openUploads(), 'uploads that are open').toBe(0);
      for (const asset of assets) {
        expect((await objectLedger(asset))?.open, `an open window of ${asset}`).toBeNull();
      }
      if ((await server.psql(`select to_regclass('tidemark.ledger') is null`)) === 't') return;
      const left = 'staging tables | pages | open windows | transactions';
      expect(await server.psql(leftInPostgres), left).toBe('0|0|0|0');
    },
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]();
      await proxy.close();
      await server[Symbol.asyncDispose]();
      await temporal[Symbol.asyncDispose]();
    },
  };
};

/** Name for a run, so that it can be found while it is under way. */
export const runId = (world: World): string =>
  `${world.taskQueue}/test/${randomBytes(4).toString('hex')}`;

/** Waits until `isReached`; false when `ended` settles before. */
export const reached = async (
  isReached: () => boolean,
  ended: Promise<unknown>,
): Promise<boolean> => {
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  ended.then(over, over);
  while (!isReached()) {
    if (isOver) return false;
    await sleep(1);
  }
  return true;
};

/** Rows of a relation or file as a set, by psql, sort and sha256sum: none of it is ours. */
export const sortedHashOfTable = async (server: PostgresServer, query: string): Promise<string> => {
  const { host, port, user, database, password } = server;
  const psql = `psql -qX -h ${host} -p ${String(port)} -U ${user} -d ${database} -c "set timezone='UTC'" -c "$QUERY"`;
  return hashOf(`${psql} | LC_ALL=C sort -S 256M | sha256sum`, {
    PGPASSWORD: password,
    QUERY: `copy (${query}) to stdout csv`,
  });
};

/** Of files with one header line each. */
export const sortedHashOfFiles = (paths: readonly string[]): Promise<string> =>
  hashOf(`tail -q -n +2 -- $FILES | LC_ALL=C sort -S 256M | sha256sum`, { FILES: paths.join(' ') });

const hashOf = async (command: string, env: Record<string, string>): Promise<string> => {
  const { stdout } = await promisify(execFile)('bash', ['-o', 'pipefail', '-c', command], {
    env: { ...process.env, ...env },
  });
  return stdout.split(' ')[0] ?? '';
};

/** Moments spread over a run: one at random within each of `count` equal stretches of it; its very end cannot be hit. */
export const momentsOf = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => Math.min(0.995, (index + Math.random()) / count));
