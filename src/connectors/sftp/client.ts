/**
 * One SFTP connection behind a narrow interface of promises; the only importer of ssh2.
 *
 * Keeps true: every promise settles, at the latest when the connection ends; failures are `SftpFailure`; what is used
 * of ssh2's internals (packet limits, extensions, receive window) is looked for first and done without when it is gone.
 */
import ssh2, {
  type Client as SshClient,
  type FileEntryWithStats,
  type InputAttributes,
  type SFTPWrapper,
  type Stats,
} from 'ssh2';
import { onAbort } from './abort.js';
import { SftpFailure, type SftpStatus } from './errors.js';
import type { HostKeyAlgorithm } from './host-keys.js';

export interface FileStat {
  readonly kind: 'file' | 'folder' | 'other';
  readonly size: number;
  /** Decimal epoch seconds. */
  readonly modified: string;
}

export interface NamedStat extends FileStat {
  readonly name: string;
}

/** An open file or folder on the server; opaque. */
export type Handle = Buffer;
/** `c` creates what is missing and, unlike `w`, keeps what is there: a late repetition cannot empty a file. */
export type OpenFlags = 'r' | 'r+' | 'c';

export interface SftpClient {
  /** Most bytes of one READ and one WRITE that the server takes. */
  readonly readBytesMax: number;
  readonly writeBytesMax: number;
  /** Shortest answer that was seen, ms: an estimate of the round trip. */
  readonly roundTripMs: number;
  readonly closed: boolean;
  /** Can the receive window be widened (`keepWindow`)? */
  readonly widens: boolean;
  readonly renamesOver: boolean;
  readonly syncs: boolean;
  stat(path: string): Promise<FileStat>;
  realpath(path: string): Promise<string>;
  openFolder(path: string): Promise<Handle>;
  /** The next entries without `.` and `..`; null at the end. */
  readFolder(handle: Handle): Promise<readonly NamedStat[] | null>;
  open(path: string, flags: OpenFlags): Promise<Handle>;
  fstat(handle: Handle): Promise<FileStat>;
  /** Bytes that arrived at `offset` of the buffer; 0 at the end of the file. */
  read(handle: Handle, buffer: Buffer, range: BufferRange): Promise<number>;
  write(handle: Handle, buffer: Buffer, range: BufferRange): Promise<void>;
  sync(handle: Handle): Promise<void>;
  close(handle: Handle): Promise<void>;
  setModified(path: string, epochSeconds: number): Promise<void>;
  /** Cuts a file off at that size; some servers do not, and say nothing. */
  truncate(path: string, bytes: number): Promise<void>;
  /** Fails where the new path exists (SFTP version 3). */
  rename(from: string, to: string): Promise<void>;
  /** Replaces the new path in one step; only where `renamesOver`. */
  renameOver(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** Grants the server so many bytes to be under way; the protocol's own window is 2 MB, refilled at half. */
  keepWindow(bytes: number): void;
  /** Ends the connection at once; all that is under way fails with `lost`. Idempotent. */
  destroy(): void;
}

/** Where in the caller's buffer, and where in the file. */
export interface BufferRange {
  readonly offset: number;
  readonly length: number;
  readonly position: number;
}

/** Status codes of draft-ietf-secsh-filexfer-02 §7. */
const statusOf = (error: unknown): SftpStatus => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  if (code === 2) return 'missing';
  if (code === 3) return 'denied';
  if (code === 8) return 'unsupported';
  // 6 and 7: no connection, connection lost. Without a number it is ssh2's own "No response from server".
  return typeof code === 'number' && code !== 6 && code !== 7 ? 'failure' : 'lost';
};

/** SSH_FXF_READ 1, WRITE 2, CREAT 8 (draft §6.3). */
const openBits: Readonly<Record<OpenFlags, number>> = { r: 1, 'r+': 3, c: 2 | 8 };

const END_OF_FILE = 1;
const isEndOfFile = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === END_OF_FILE;

const kindBits = 0o170000;
const kindOf = (stats: Stats, longName = ''): FileStat['kind'] => {
  const bits = (stats.mode ?? 0) & kindBits;
  // Some servers send no mode in listings; the first letter of `ls -l` says the same.
  if (bits === 0o100000 || (bits === 0 && longName.startsWith('-'))) return 'file';
  if (bits === 0o040000 || (bits === 0 && longName.startsWith('d'))) return 'folder';
  return 'other';
};

const fileStat = (stats: Stats, longName?: string): FileStat => ({
  kind: kindOf(stats, longName),
  size: stats.size ?? 0,
  modified: String(stats.mtime ?? 0),
});

const named = (entry: FileEntryWithStats): NamedStat => ({
  name: entry.filename,
  ...fileStat(entry.attrs, entry.longname),
});

/** What we use of ssh2 beyond its types; every member may be missing in another version. */
interface Internals {
  readonly _maxReadLen?: unknown;
  readonly _maxWriteLen?: unknown;
  readonly _extensions?: Readonly<Record<string, unknown>>;
  readonly incoming?: { window?: unknown };
  readonly outgoing?: { readonly id?: unknown };
}
interface ProtocolInternals {
  readonly _protocol?: { readonly channelWindowAdjust?: unknown };
}

const positive = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && value > 0 ? value : otherwise;

/** What every server of SFTP version 3 must take (draft §3: packets of 34000 bytes). */
const CAUTIOUS_BYTES = 32 * 1024 - 1024;
/** A READ of 255 KiB is the largest that OpenSSH answers in one packet. */
const CHUNK_BYTES = 261_120;
/** Window updates are worth a message from here on. */
const WINDOW_STEP_BYTES = 1024 * 1024;

type Done<T> = (error: Error | null | undefined, value: T) => void;

export class Ssh2Client implements SftpClient {
  readonly #ssh: SshClient;
  readonly #sftp: SFTPWrapper;
  readonly #internals: Internals;
  /** Rejections of what is under way: ssh2 answers most of them itself, but not all on a destroyed socket. */
  readonly #pending = new Set<(error: SftpFailure) => void>();
  readonly #adjust: ((channel: number, bytes: number) => void) | undefined;
  #closed = false;
  roundTripMs = Number.POSITIVE_INFINITY;

  constructor(ssh: SshClient, sftp: SFTPWrapper) {
    this.#ssh = ssh;
    this.#sftp = sftp;
    this.#internals = sftp as unknown as Internals;
    const protocol = (ssh as unknown as ProtocolInternals)._protocol;
    const adjust = protocol?.channelWindowAdjust;
    this.#adjust =
      typeof adjust === 'function' && typeof this.#internals.incoming?.window === 'number'
        ? (channel, bytes) => void adjust.call(protocol, channel, bytes)
        : undefined;
    const end = (): void => this.#end();
    ssh.on('error', end).on('end', end).on('close', end);
    sftp.on('error', end).on('end', end).on('close', end);
  }

  get closed(): boolean {
    return this.#closed;
  }
  get readBytesMax(): number {
    return Math.min(CHUNK_BYTES, positive(this.#internals._maxReadLen, CAUTIOUS_BYTES));
  }
  get writeBytesMax(): number {
    return Math.min(CHUNK_BYTES, positive(this.#internals._maxWriteLen, CAUTIOUS_BYTES));
  }
  get widens(): boolean {
    return this.#adjust !== undefined;
  }
  get renamesOver(): boolean {
    return this.#internals._extensions?.['posix-rename@openssh.com'] === '1';
  }
  get syncs(): boolean {
    return this.#internals._extensions?.['fsync@openssh.com'] === '1';
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const reject of this.#pending) reject(new SftpFailure('lost'));
    this.#pending.clear();
    this.#ssh.destroy();
  }

  #ask<T>(send: (done: Done<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) return reject(new SftpFailure('lost'));
      this.#pending.add(reject);
      try {
        send((error, value) => {
          this.#pending.delete(reject);
          if (error === null || error === undefined) resolve(value);
          else if (isEndOfFile(error)) reject(error);
          else reject(new SftpFailure(statusOf(error), error));
        });
      } catch (error) {
        // ssh2 throws when a request does not fit, for instance an extension that the server lacks.
        this.#pending.delete(reject);
        reject(new SftpFailure('unsupported', error));
      }
    });
  }

  /** Like `#ask`, for answers without work on the server: they tell the round trip. */
  async #timed<T>(send: (done: Done<T>) => void): Promise<T> {
    const start = performance.now();
    try {
      return await this.#ask(send);
    } finally {
      if (!this.#closed) this.roundTripMs = Math.min(this.roundTripMs, performance.now() - start);
    }
  }

  async stat(path: string): Promise<FileStat> {
    return fileStat(await this.#timed<Stats>((done) => this.#sftp.stat(path, done)));
  }
  realpath(path: string): Promise<string> {
    return this.#timed<string>((done) => this.#sftp.realpath(path, done));
  }
  openFolder(path: string): Promise<Handle> {
    return this.#ask<Buffer>((done) => this.#sftp.opendir(path, done));
  }
  async readFolder(handle: Handle): Promise<readonly NamedStat[] | null> {
    try {
      const entries = await this.#ask<FileEntryWithStats[]>((done) =>
        this.#sftp.readdir(handle, done),
      );
      return entries
        .filter(({ filename }) => filename !== '.' && filename !== '..')
        .map((entry) => named(entry));
    } catch (error) {
      if (isEndOfFile(error)) return null;
      throw error;
    }
  }
  open(path: string, flags: OpenFlags): Promise<Handle> {
    return this.#ask<Buffer>((done) => this.#sftp.open(path, openBits[flags], done));
  }
  async fstat(handle: Handle): Promise<FileStat> {
    return fileStat(await this.#timed<Stats>((done) => this.#sftp.fstat(handle, done)));
  }
  read(handle: Handle, buffer: Buffer, range: BufferRange): Promise<number> {
    const { offset, length, position } = range;
    // ssh2 turns the status "end of file" into 0 bytes.
    return this.#ask<number>((done) =>
      this.#sftp.read(handle, buffer, offset, length, position, (error, bytes) =>
        done(error, bytes),
      ),
    );
  }
  write(handle: Handle, buffer: Buffer, range: BufferRange): Promise<void> {
    const { offset, length, position } = range;
    return this.#ask<void>((done) =>
      this.#sftp.write(handle, buffer, offset, length, position, (error) => done(error)),
    );
  }
  sync(handle: Handle): Promise<void> {
    return this.#ask<void>((done) => this.#sftp.ext_openssh_fsync(handle, (error) => done(error)));
  }
  close(handle: Handle): Promise<void> {
    return this.#ask<void>((done) => this.#sftp.close(handle, (error) => done(error)));
  }
  setModified(path: string, epochSeconds: number): Promise<void> {
    return this.#ask<void>((done) =>
      this.#sftp.utimes(path, epochSeconds, epochSeconds, (error) => done(error)),
    );
  }
  truncate(path: string, bytes: number): Promise<void> {
    return this.#ask<void>((done) =>
      this.#sftp.setstat(path, { size: bytes } as InputAttributes, (error) => done(error)),
    );
  }
  rename(from: string, to: string): Promise<void> {
    return this.#ask<void>((done) => this.#sftp.rename(from, to, (error) => done(error)));
  }
  renameOver(from: string, to: string): Promise<void> {
    return this.#ask<void>((done) =>
      this.#sftp.ext_openssh_rename(from, to, (error) => done(error)),
    );
  }
  remove(path: string): Promise<void> {
    return this.#ask<void>((done) => this.#sftp.unlink(path, (error) => done(error)));
  }
  makeFolder(path: string): Promise<void> {
    return this.#ask<void>((done) => this.#sftp.mkdir(path, (error) => done(error)));
  }

  keepWindow(bytes: number): void {
    const incoming = this.#internals.incoming;
    const channel = this.#internals.outgoing?.id;
    if (this.#closed || this.#adjust === undefined || incoming === undefined) return;
    if (typeof incoming.window !== 'number' || typeof channel !== 'number') return;
    const missing = bytes - incoming.window;
    if (missing < WINDOW_STEP_BYTES) return;
    incoming.window += missing;
    this.#adjust(channel, missing);
  }

  destroy(): void {
    this.#end();
  }
}

export interface SshLogin {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password?: string;
  /** PEM. */
  readonly privateKey?: string;
  readonly passphrase?: string;
  /** In the order of preference. */
  readonly hostKeyAlgorithms: readonly HostKeyAlgorithm[];
  /** Gives up waiting for the server. */
  readonly signal: AbortSignal;
  /** Called once with the public blob that the server shows. */
  acceptsKey(blob: Buffer): boolean;
}

/** Why no connection came about. */
export interface ConnectFailure {
  readonly reason: 'login' | 'negotiation' | 'network' | 'subsystem';
  /** The operating system's code, `ECONNREFUSED`; empty where there is none. */
  readonly code: string;
  readonly cause: unknown;
}

const READY_TIMEOUT_MS = 20_000;
/** An idle connection that a firewall forgot is noticed after three unanswered of these. */
const KEEPALIVE_MS = 10_000;

/** AES-GCM first: 1.6 times faster than the rest, see performance.md §2a. */
const ciphers = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
] as const;

const connectFailure = (error: Error & { level?: string; code?: unknown }): ConnectFailure => {
  const code = typeof error.code === 'string' ? error.code : '';
  const reasons: Readonly<Record<string, ConnectFailure['reason']>> = {
    'client-authentication': 'login',
    handshake: 'negotiation',
  };
  // A connection that closes in the middle of the handshake is the network's or the server's, not the algorithms'.
  const known = code === '' ? reasons[error.level ?? ''] : undefined;
  return { reason: known ?? 'network', code, cause: error };
};

/** Is that a private key, and is it the right passphrase? */
export const isPrivateKey = (pem: string, passphrase?: string): boolean => {
  const parsed = ssh2.utils.parseKey(pem, passphrase);
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  return key !== undefined && !(key instanceof Error) && key.isPrivateKey();
};

/** Round trips of the first answers; the very first includes the start of the server's process. */
const warmUp = async (client: SftpClient): Promise<SftpClient> => {
  await client.realpath('.');
  await client.realpath('.');
  return client;
};

/** Logs in and opens the SFTP channel; never rejects. */
export const openSsh = (login: SshLogin): Promise<SftpClient | ConnectFailure> =>
  new Promise((settle) => {
    const ssh = new ssh2.Client();
    let settled = false;
    const resolve = (outcome: SftpClient | ConnectFailure): void => {
      settled = true;
      settle(outcome);
    };
    const fail = (error: Error): void => {
      resolve(connectFailure(error));
      ssh.destroy();
    };
    // Once the promise is settled this does nothing: the connection has its own end by then.
    onAbort(login.signal, () => {
      if (!settled) fail(new Error('given up'));
    });
    const lost = (): void => fail(new Error('closed before the connection was ready'));
    ssh.on('error', fail).on('end', lost).on('close', lost);
    // Servers that allow passwords only by this method ask for them in prompts; each gets the password.
    ssh.on('keyboard-interactive', (...[, , , prompts, finish]) =>
      finish(prompts.map(() => login.password ?? '')),
    );
    ssh.on('ready', () => {
      ssh.setNoDelay(true);
      ssh.sftp((error, sftp) => {
        if (error) {
          resolve({ reason: 'subsystem', code: '', cause: error });
          ssh.destroy();
          return;
        }
        ssh.off('error', fail).off('end', lost).off('close', lost);
        warmUp(new Ssh2Client(ssh, sftp)).then(resolve, fail);
      });
    });
    try {
      ssh.connect({
        host: login.host,
        port: login.port,
        username: login.username,
        ...(login.password === undefined ? {} : { password: login.password, tryKeyboard: true }),
        ...(login.privateKey === undefined ? {} : { privateKey: login.privateKey }),
        ...(login.passphrase === undefined ? {} : { passphrase: login.passphrase }),
        readyTimeout: READY_TIMEOUT_MS,
        keepaliveInterval: KEEPALIVE_MS,
        algorithms: { cipher: [...ciphers], serverHostKey: [...login.hostKeyAlgorithms] },
        hostVerifier: (blob: Buffer) => login.acceptsKey(blob),
      });
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
