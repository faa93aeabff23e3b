/** Every server of the dev stack, in the order of the table. They are started together. */
import type { DevServer } from './dev-server.js';
import { postgresDevServer } from './postgres-dev-server.js';
import { s3DevServer } from './s3-dev-server.js';
import { sftpDevServer } from './sftp-dev-server.js';
import { temporalDevServer } from './temporal-dev-server.js';

export const devServers: readonly DevServer[] = [
  temporalDevServer,
  s3DevServer,
  sftpDevServer,
  postgresDevServer,
];

export const devServerNames: readonly string[] = devServers.map(({ name }) => name).sort();
