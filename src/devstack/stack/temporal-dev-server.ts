/**
 * The Temporal server of the dev stack: state in a file, closed runs kept for seven days, short timers on, our search
 * attributes registered. Its CLI is linked into the data folder as `bin/temporal`, for the PATH of a shell.
 */
import { mkdir, open, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { TidemarkError } from '../../core/errors/error.js';
import { cacheFolder } from '../temporal/cache-folder.js';
import { findTemporalCli } from '../temporal/find-cli.js';
import { choosePort, loopback } from './choose-port.js';
import type { DevServer, PortName, ServerPlace } from './dev-server.js';
import { dataFolderDamaged } from './errors.js';
import { deathOf } from './server-death.js';

const retentionDays = 7;

const portsOf = async ({ ports, lastPorts }: ServerPlace) => {
  const port = await choosePort({
    purpose: 'the Temporal server',
    option: '--temporal-port',
    asked: ports.temporal,
    usual: [7233, lastPorts.temporal],
  });
  const uiPort = await choosePort({
    purpose: 'the Temporal Web UI',
    option: '--ui-port',
    asked: ports.ui,
    usual: [8233, lastPorts.ui],
  });
  return { port, uiPort };
};

/** By a rename, so that a shell never finds nothing there. */
const linkCli = async (dataDir: string, cliPath: string): Promise<void> => {
  const link = join(dataDir, 'bin', 'temporal');
  await mkdir(join(dataDir, 'bin'), { recursive: true });
  await rm(`${link}.new`, { force: true });
  await symlink(cliPath, `${link}.new`);
  await rename(`${link}.new`, link);
};

const sqliteHead = 'SQLite format 3\u0000';

/** The server itself tries for 20 s before it gives up on a file that is no database. */
const refuseDamaged = async (dbFilename: string): Promise<void> => {
  const file = await open(dbFilename).catch(() => null);
  if (file === null) return;
  try {
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(sqliteHead.length),
      0,
      sqliteHead.length,
      0,
    );
    if (bytesRead === 0 || buffer.toString('latin1') === sqliteHead) return;
  } finally {
    await file.close();
  }
  throw new TidemarkError(
    dataFolderDamaged,
    `starting the Temporal server: ${dbFilename} is no SQLite database`,
    {
      fix: `Delete ${dbFilename}; the history of runs on this dev stack is lost with it, the data is not.`,
    },
  );
};

export const temporalDevServer: DevServer = {
  name: 'temporal',
  start: async (place) => {
    const { dataDir, env, onStep } = place;
    const cli = await findTemporalCli({ env, cacheDir: cacheFolder(env), onStep });
    await linkCli(dataDir, cli.path);
    await mkdir(join(dataDir, 'temporal'), { recursive: true });
    const dbFilename = join(dataDir, 'temporal', 'temporal.db');
    await refuseDamaged(dbFilename);
    const logFile = join(dataDir, 'logs', 'temporal.log');
    const { port, uiPort } = await portsOf(place);
    onStep(`starting Temporal ${cli.version}`);
    const { searchAttributes } = await import('../../runtime/worker/search-attributes.js');
    const { startTemporalServer } = await import('../temporal/start-server.js');
    const server = await startTemporalServer({
      cli,
      ip: loopback,
      port,
      uiPort,
      dbFilename,
      retentionDays,
      logFile,
      searchAttributes,
    });
    const ui = server.uiUrl ?? '';
    const { address, namespace } = server;
    const taken: Readonly<Partial<Record<PortName, number>>> = { temporal: port, ui: uiPort };
    return {
      facts: { address, ui, namespace, cli: cli.path },
      variables: { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace },
      rows: [
        { what: 'Temporal', where: address, note: `namespace ${namespace}` },
        { what: 'Temporal Web UI', where: ui, note: '' },
      ],
      ports: taken,
      died: deathOf('the Temporal server', server.exited, logFile),
      stop: server.stop,
    };
  },
};
