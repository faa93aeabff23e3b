/**
 * The OpenSSH fixture lets a client in by its key, serves its folder, and is gone after `stop`.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import ssh2, { type SFTPWrapper } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { createHostKey } from '../../src/devstack/sftp/host-key.js';
import { mustRun } from './must-run.js';
import { openSshAvailable, type OpenSshServer, startOpenSsh } from './openssh.js';

const runs = mustRun('openssh', openSshAvailable(), 'Install openssh-server (Debian, Ubuntu).');

function connect(server: OpenSshServer, privateKey: string): Promise<ssh2.Client> {
  const client = new ssh2.Client();
  const expected = server.hostPublicKey.split(' ')[1];
  return new Promise((resolve, reject) => {
    client.once('ready', () => resolve(client)).on('error', reject);
    client.connect({
      host: server.host,
      port: server.port,
      username: server.username,
      privateKey,
      hostVerifier: (key: Buffer) => key.toString('base64') === expected,
    });
  });
}

describe.runIf(runs)('the OpenSSH fixture', () => {
  it('serves its folder to the key it gives out, and refuses another key', async () => {
    await using server = await startOpenSsh();
    await writeFile(path.join(server.root, 'in'), 'from the machine');
    const client = await connect(server, server.privateKey);
    const sftp = await new Promise<SFTPWrapper>((resolve, reject) =>
      client.sftp((error, value) => (error ? reject(error) : resolve(value))),
    );
    const content = await new Promise((resolve, reject) =>
      sftp.readFile(`${server.root}/in`, (error, data) => (error ? reject(error) : resolve(data))),
    );
    expect(String(content)).toBe('from the machine');
    await new Promise<void>((resolve, reject) =>
      sftp.writeFile(`${server.root}/out`, 'x', (error) => (error ? reject(error) : resolve())),
    );
    expect(await readFile(path.join(server.root, 'out'), 'utf8')).toBe('x');
    const stranger = createHostKey();
    await expect(connect(server, stranger)).rejects.toThrow(/authentication/i);
    client.end();
  });

  it('ends open connections and removes its folder when it is stopped', async () => {
    const server = await startOpenSsh();
    const client = await connect(server, server.privateKey);
    client.removeAllListeners('error').on('error', () => undefined);
    const closed = new Promise<void>((resolve) => void client.once('close', () => resolve()));
    await server.stop();
    await closed;
    expect(existsSync(server.root)).toBe(false);
    await expect(connect(server, server.privateKey)).rejects.toThrow(/ECONNREFUSED/);
  });
});
