/**
 * versitygw, the oracle of our S3 server: an independent S3 server over a folder. Found by VERSITYGW_PATH, on
 * PATH, or in node_modules/.cache/tidemark/bin. Each start has a folder, a port and keys of its own, and is
 * ended through its own child process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../src/devstack/temporal/ports.js';

export const howToGetVersitygw =
  'go install github.com/versity/versitygw/cmd/versitygw@v1.8.0, then put the binary on PATH or set VERSITYGW_PATH.';

export interface Versitygw extends AsyncDisposable {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** Ends the process and removes its folder. */
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 20_000;

/** The path of the binary, or undefined. Throws if VERSITYGW_PATH names no program. */
export function findVersitygw(): string | undefined {
  const named = process.env['VERSITYGW_PATH'];
  if (named !== undefined && named !== '') {
    if (isProgram(named)) return named;
    throw new Error(`VERSITYGW_PATH is "${named}", which is no program. ${howToGetVersitygw}`);
  }
  const cache = fileURLToPath(new URL('../../node_modules/.cache/tidemark/bin', import.meta.url));
  return [...(process.env['PATH'] ?? '').split(delimiter), cache]
    .map((folder) => join(folder, 'versitygw'))
    .find(isProgram);
}

/** Starts the binary over an empty temporary folder and waits until it answers. */
export async function startVersitygw(binary: string): Promise<Versitygw> {
  const root = await mkdtemp(join(tmpdir(), 'tidemark-versitygw-'));
  const accessKeyId = `test${randomBytes(6).toString('hex')}`;
  const secretAccessKey = randomBytes(20).toString('hex');
  const region = 'us-east-1';
  const address = `127.0.0.1:${await freePort({ purpose: 'versitygw', ip: '127.0.0.1', port: 0 })}`;
  const child = spawn(binary, ['--port', address, '--quiet', '--region', region, 'posix', root], {
    env: { ...process.env, ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const close = async (): Promise<void> => {
    await end(child);
    await rm(root, { recursive: true, force: true });
  };
  const endpoint = `http://${address}`;
  try {
    await answers(child, endpoint);
  } catch (error) {
    await close();
    throw error;
  }
  return { endpoint, accessKeyId, secretAccessKey, region, close, [Symbol.asyncDispose]: close };
}

async function answers(child: ChildProcess, endpoint: string): Promise<void> {
  let complaint = '';
  child.stderr?.on('data', (text: Buffer) => {
    complaint = (complaint + text.toString()).slice(-2_000);
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    const isUp = await fetch(endpoint).then(
      async (response) => (await response.arrayBuffer(), true),
      () => false,
    );
    if (isUp) return;
    await sleep(50);
  }
  throw new Error(
    `versitygw did not answer at ${endpoint} within ${START_TIMEOUT_MS} ms: ${complaint || 'it said nothing'}`,
  );
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await ended;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
