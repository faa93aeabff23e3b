/**
 * A Temporal server of one test's own, over a database file, at an address that stays: it can be killed, started again on
 * what it had, or lose everything.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../src/devstack/temporal/cache-folder.js';
import { findTemporalCli } from '../../src/devstack/temporal/find-cli.js';
import {
  startTemporalServer,
  type TemporalServer,
} from '../../src/devstack/temporal/start-server.js';
import type { TemporalForTests } from './temporal.js';

export interface OwnTemporal extends TemporalForTests, AsyncDisposable {
  /** SIGKILL; the file stays. */
  kill(): Promise<void>;
  /** Again at the same address. */
  restart(): Promise<void>;
  /** SIGKILL, and an empty server at the same address. */
  loseEverything(): Promise<void>;
}

export const startOwnTemporal = async (): Promise<OwnTemporal> => {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-own-temporal-'));
  const { env } = process;
  const cli = await findTemporalCli({ env, cacheDir: cacheFolder(env), allowDownload: false });
  const start = (port: number): Promise<TemporalServer> =>
    startTemporalServer({
      cli,
      port,
      headless: true,
      dbFilename: join(folder, 'temporal.db'),
      logFile: join(folder, 'temporal.log'),
    });
  let server = await start(0);
  const { address, namespace } = server;
  const port = Number(address.split(':').at(-1));
  const kill = async (): Promise<void> => {
    process.kill(server.pid, 'SIGKILL');
    await server.exited;
  };
  const restart = async (): Promise<void> => {
    server = await start(port);
  };
  return {
    address,
    namespace,
    cliPath: cli.path,
    randomTaskQueue: (purpose) => `${purpose}-${randomBytes(6).toString('hex')}`,
    kill,
    restart,
    loseEverything: async () => {
      await kill();
      for (const name of await readdir(folder)) {
        if (name.startsWith('temporal.db')) await rm(join(folder, name));
      }
      await restart();
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
