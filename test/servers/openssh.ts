/**
 * A real OpenSSH server on 127.0.0.1 for one test file: the truth that our SFTP code is measured against.
 * Keeps true: key authentication as the current user only; keys, configuration and served folder are
 * temporary; the server is ended by its own pid and its folder removed. Clients see the paths of this machine.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createHostKey, describeHostKey } from '../../src/devstack/sftp/host-key.js';
import { freePort } from '../../src/devstack/temporal/ports.js';

const SSHD = '/usr/sbin/sshd';
const READY_TIMEOUT_MS = 10_000;

export interface OpenSshServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** PEM text. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…` */
  readonly hostPublicKey: string;
  /** An empty folder on this machine that the client reaches under the same absolute path. */
  readonly root: string;
  /** Ends the server and its connections and removes its folder. Idempotent. */
  stop(): Promise<void>;
}

/** Whether the server can be started here: `sshd` is installed (Debian: `openssh-server`). */
export function openSshAvailable(): boolean {
  return existsSync(SSHD);
}

/** Fails with the server's own log when it does not listen within 10 s. */
export async function startOpenSsh(): Promise<OpenSshServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'openssh-'));
  const root = path.join(folder, 'files');
  await mkdir(root);
  const keys = await writeKeys(folder);
  const port = await freePort({ purpose: 'sshd', ip: '127.0.0.1', port: 0 });
  const configFile = path.join(folder, 'sshd_config');
  await writeFile(configFile, configuration(folder, port));
  await prepareSeparationFolder();
  const logFile = path.join(folder, 'sshd.log');
  // -D: stays our child. Absolute paths, because sshd starts itself again from `/`.
  const child = spawn(SSHD, ['-D', '-f', configFile, '-E', logFile], { stdio: 'ignore' });
  const stop = async (): Promise<void> => {
    await endChild(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await listening(port, child);
  } catch (error) {
    const log = await readFile(logFile, 'utf8').catch(() => 'no log was written');
    await stop();
    throw new Error(`starting OpenSSH on 127.0.0.1:${port}: ${String(error)}\n${log}`);
  }
  const { username } = userInfo();
  return { host: '127.0.0.1', port, username, ...keys, root, stop, [Symbol.asyncDispose]: stop };
}

async function writeKeys(
  folder: string,
): Promise<{ readonly privateKey: string; readonly hostPublicKey: string }> {
  const hostKey = createHostKey();
  // A user's key has the same form as a host's.
  const privateKey = createHostKey();
  await writeFile(path.join(folder, 'host_key'), hostKey, { mode: 0o600 });
  await writeFile(
    path.join(folder, 'authorized_keys'),
    `${describeHostKey(privateKey).publicKey}\n`,
  );
  // Readable for the user that logs in, whatever the umask.
  await chmod(folder, 0o755);
  await chmod(path.join(folder, 'authorized_keys'), 0o644);
  return { privateKey, hostPublicKey: describeHostKey(hostKey).publicKey };
}

function configuration(folder: string, port: number): string {
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${path.join(folder, 'host_key')}`,
    `PidFile ${path.join(folder, 'sshd.pid')}`,
    `AuthorizedKeysFile ${path.join(folder, 'authorized_keys')}`,
    'PubkeyAuthentication yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin yes',
    'UsePAM no',
    'StrictModes no',
    'UseDNS no',
    'MaxStartups 200',
    'MaxSessions 200',
    'Subsystem sftp internal-sftp',
    '',
  ].join('\n');
}

/** Debian's sshd wants /run/sshd; only root can make it, and only root needs it. */
async function prepareSeparationFolder(): Promise<void> {
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadlineMs) {
    if (child.exitCode !== null) throw new Error(`sshd ended with ${child.exitCode}`);
    if (await greets(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`sshd did not listen within ${READY_TIMEOUT_MS} ms`);
}

/** Whether somebody on that port says the first line of SSH. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('data', (line) => {
      socket.destroy();
      resolve(line.toString().startsWith('SSH-'));
    });
    socket.once('error', () => resolve(false));
  });
}

/** Ends the listener, and first the processes of its connections, which would outlive it. */
async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const connections = await childrenOf(child.pid);
  child.kill('SIGTERM');
  await exited;
  for (const pid of connections) endProcess(pid);
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const listed = await promisify(execFile)('ps', ['-o', 'pid=', '--ppid', String(pid)]).catch(
    () => ({ stdout: '' }),
  );
  return listed.stdout.split(/\s+/).filter(Boolean).map(Number);
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It ended by itself in between.
  }
}
