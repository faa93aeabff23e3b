/** Every server of the dev stack, in the order in which they are started: the quick ones first. */
import type { DevServer } from './dev-server.js';
import { s3DevServer } from './s3-dev-server.js';
import { sftpDevServer } from './sftp-dev-server.js';
import { temporalDevServer } from './temporal-dev-server.js';

export const devServers: readonly DevServer[] = [s3DevServer, sftpDevServer, temporalDevServer];

export const devServerNames: readonly string[] = devServers.map(({ name }) => name).sort();
