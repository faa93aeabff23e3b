/**
 * OpenSSH's own `sftp` client against our server: a reader that shares no code with it or with ssh2.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustRun } from '../../../test/servers/must-run.js';
import { type Served, serveTemporaryFolder } from './sftp-client.fixture.js';

const installed = existsSync('/usr/bin/sftp');
const runs = mustRun('openssh', installed, 'Install openssh-client (Debian, Ubuntu).');

describe.runIf(runs)('the sftp command of OpenSSH', () => {
  let served: Served;
  let home: string;

  beforeAll(async () => {
    served = await serveTemporaryFolder();
    home = await mkdtemp(path.join(tmpdir(), 'sftp-home-'));
    const { publicKey, host, port } = served.server;
    await writeFile(path.join(home, 'known_hosts'), `[${host}]:${port} ${publicKey}\n`);
    await writeFile(path.join(home, 'say'), `#!/bin/sh\nprintf '%s\\n' "$TEST_PASSWORD"\n`);
    await chmod(path.join(home, 'say'), 0o700);
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await rm(home, { recursive: true });
  });

  /** Runs the commands in batch mode (the first that fails ends it) and answers what was printed. */
  async function sftp(commands: readonly string[], password = served.password): Promise<string> {
    const batch = path.join(home, 'batch');
    await writeFile(batch, `${commands.join('\n')}\n`);
    const options = ['StrictHostKeyChecking=yes', `UserKnownHostsFile=${home}/known_hosts`];
    const only = ['PreferredAuthentications=password', 'NumberOfPasswordPrompts=1', 'BatchMode=no'];
    const flags = [...only, ...options].flatMap((option) => ['-o', option]);
    const { host, port } = served.server;
    const where = ['-P', String(port), `${served.username}@${host}`];
    const env = {
      ...process.env,
      SSH_ASKPASS: path.join(home, 'say'),
      SSH_ASKPASS_REQUIRE: 'force',
      TEST_PASSWORD: password,
    };
    const args = ['-F', 'none', ...flags, '-b', batch, ...where];
    const { stdout } = await promisify(execFile)('sftp', args, { env, timeout: 15_000 });
    return stdout;
  }

  it('puts and gets 20 MB unchanged, with permissions and time', async () => {
    const content = randomBytes(20_000_003);
    const source = path.join(home, 'source');
    await writeFile(source, content, { mode: 0o640 });
    await utimes(source, 1_600_000_000, 1_600_000_000);
    await sftp([`put -pf ${source} /copy`, `get -p /copy ${home}/back`]);
    expect((await readFile(path.join(served.root, 'copy'))).equals(content)).toBe(true);
    expect((await readFile(path.join(home, 'back'))).equals(content)).toBe(true);
    const stats = await stat(path.join(home, 'back'));
    expect([stats.mode & 0o777, stats.mtimeMs]).toEqual([0o640, 1_600_000_000_000]);
  });

  it('lists, makes, renames and removes', async () => {
    await writeFile(path.join(served.root, 'one'), '12345');
    const commands = ['mkdir d', 'rename one d/two', 'ls -l d', 'ls -1 d', 'rm d/two', 'rmdir d'];
    const printed = await sftp([...commands, 'pwd']);
    expect(printed).toMatch(/-rw-r--r-- .* 5 .* (d\/)?two/);
    expect(printed).toContain('Remote working directory: /');
    await expect(stat(path.join(served.root, 'd'))).rejects.toThrow(/ENOENT/);
  });

  it('is refused with a wrong password', async () => {
    await expect(sftp(['pwd'], 'wrong')).rejects.toThrow(/Permission denied/);
  });

  it('knows the announced fingerprint for the announced key', async () => {
    const keyFile = path.join(home, 'host.pub');
    await writeFile(keyFile, `${served.server.publicKey}\n`);
    const { stdout } = await promisify(execFile)('ssh-keygen', ['-l', '-f', keyFile]);
    expect(stdout).toContain(` ${served.server.hostKeyFingerprint} `);
  });
});
