/**
 * The raw ssh2 client as promises, for the tests of the server: an independent reader of what it sends.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ssh2, { type Client, type SFTPWrapper } from 'ssh2';
import { createHostKey } from './host-key.js';
import { type SftpServer, type SftpServerOptions, startSftpServer } from './sftp-server.js';

export interface Served extends AsyncDisposable {
  readonly server: SftpServer;
  /** The served folder on this machine. */
  readonly root: string;
  readonly username: string;
  readonly password: string;
}

export async function serveTemporaryFolder(
  options: Partial<SftpServerOptions> = {},
): Promise<Served> {
  const root = await mkdtemp(path.join(tmpdir(), 'sftp-'));
  const account = { username: 'reader', password: randomBytes(12).toString('hex') };
  const server = await startSftpServer({ root, hostKey: createHostKey(), ...account, ...options });
  const stop = async (): Promise<void> => {
    await server.close();
    await rm(root, { recursive: true });
  };
  return { server, root, ...account, [Symbol.asyncDispose]: stop };
}

export interface ConnectedClient {
  readonly client: Client;
  readonly sftp: SFTPWrapper;
}

export async function connectTo(
  served: Served,
  password = served.password,
): Promise<ConnectedClient> {
  const client = new ssh2.Client();
  const { host, port } = served.server;
  await new Promise<void>((resolve, reject) => {
    client.once('ready', resolve).once('error', reject);
    client.connect({ host, port, username: served.username, password });
  });
  // A connection that a fault cuts reports here too; the requests under way reject and are judged.
  client.on('error', () => undefined);
  client.setNoDelay(true);
  return { client, sftp: await asked((done) => client.sftp(done)) };
}

/** Turns one callback of ssh2 into a promise. */
export function asked<T>(
  ask: (done: (error: Error | null | undefined, value: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    ask((error, value) => (error ? reject(error) : resolve(value)));
  });
}

export const openAt = (sftp: SFTPWrapper, name: string, flags: ssh2.OpenMode | number) =>
  asked<Buffer>((done) => sftp.open(name, flags, done));

export const closeAt = (sftp: SFTPWrapper, handle: Buffer) =>
  asked<void>((done) => sftp.close(handle, (error) => done(error, undefined)));

/** Bytes that one READ answers; an empty buffer at the end of the file. */
export async function readAt(
  sftp: SFTPWrapper,
  handle: Buffer,
  offset: number,
  bytes: number,
): Promise<Buffer> {
  const into = Buffer.alloc(bytes);
  const read = await new Promise<number>((resolve, reject) => {
    sftp.read(handle, into, 0, bytes, offset, (error, count) =>
      error ? reject(error) : resolve(count),
    );
  });
  return into.subarray(0, read);
}

/** The status of a request that must fail; `undefined` when it succeeds. */
export async function statusOf(request: Promise<unknown>): Promise<number | undefined> {
  try {
    await request;
    return undefined;
  } catch (error) {
    return (error as { code?: number }).code ?? -1;
  }
}
