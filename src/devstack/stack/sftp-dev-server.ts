/** The SFTP server of the dev stack: one account over one folder, with a host key that stays the same. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { choosePort, loopback } from './choose-port.js';
import type { DevServer } from './dev-server.js';

export const sftpDevServer: DevServer = {
  name: 'sftp',
  start: async ({ dataDir, credentials, ports, lastPorts }) => {
    const root = join(dataDir, 'sftp');
    await mkdir(root, { recursive: true });
    const port = await choosePort({
      purpose: 'the SFTP server',
      option: '--sftp-port',
      asked: ports.sftp,
      usual: [lastPorts.sftp],
    });
    const { startSftpServer } = await import('../sftp/sftp-server.js');
    const server = await startSftpServer({ root, host: loopback, port, ...credentials.sftp });
    const { username, password } = credentials.sftp;
    return {
      facts: { host: loopback, port, username, password, publicKey: server.publicKey, root },
      variables: {
        SFTP_HOST: loopback,
        SFTP_PORT: String(port),
        SFTP_USERNAME: username,
        SFTP_PASSWORD: password,
        SFTP_HOST_KEY: server.publicKey,
      },
      rows: [
        { what: 'SFTP', where: `sftp://${username}@${loopback}:${String(port)}`, note: '' },
        { what: '  files', where: root, note: 'drop files here' },
      ],
      ports: { sftp: port },
      stop: () => server.close(),
    };
  },
};
