/**
 * One open file: reads any stretch with pipelined requests, straight into the caller's buffer.
 *
 * Keeps true: every byte comes from a handle whose size and time were those of the planned identity; a short answer
 * is asked again; after a broken connection the next read opens the file anew and checks the identity again.
 */
import { createHash } from 'node:crypto';
import { TidemarkError } from '../../core/errors/error.js';
import type { FileIdentity } from '../../core/plan/file.js';
import type { ByteProgress, FileReader } from '../connector.js';
import { sourceChanged, sourceTruncated } from '../file-errors.js';
import type { FileStat, Handle } from './client.js';
import { declared, hasStatus } from './errors.js';
import type { SftpLink, SftpPool } from './pool.js';

interface OpenFile {
  readonly link: SftpLink;
  readonly handle: Handle;
}

/** How much of each end of a file goes into `FileIdentity.ends`. */
const END_BYTES = 64 * 1024;

const changed = (pool: SftpPool, identity: FileIdentity, how: string): TidemarkError =>
  new TidemarkError(
    sourceChanged,
    `connection ${pool.context.connectionName}: ${identity.path} ${how}`,
  );

/** Throws `source/changed` unless a server's answer still is that identity. */
export const assertSame = (pool: SftpPool, identity: FileIdentity, stat: FileStat): void => {
  if (stat.kind !== 'file') throw changed(pool, identity, 'is no regular file any more');
  if (stat.size !== identity.size) {
    throw changed(pool, identity, `has ${stat.size} bytes, planned were ${identity.size}`);
  }
  if (stat.modified !== identity.modified) {
    throw changed(
      pool,
      identity,
      `was modified at ${stat.modified}, planned was ${identity.modified}`,
    );
  }
};

const closeQuietly = (file: OpenFile): void => {
  // Not awaited: nothing depends on the answer, and a broken connection has closed the handle already.
  void file.link.client.close(file.handle).catch(() => undefined);
};

const openChecked = async (
  pool: SftpPool,
  identity: FileIdentity,
  signal: AbortSignal,
): Promise<OpenFile> => {
  const file = await pool.use(signal, async (link) => {
    const opened = { link, handle: await link.client.open(identity.path, 'r') };
    try {
      assertSame(pool, identity, await link.client.fstat(opened.handle));
      signal.throwIfAborted();
    } catch (error) {
      closeQuietly(opened);
      throw error;
    }
    return opened;
  });
  file.link.users++;
  return file;
};

export class SftpReader implements FileReader {
  readonly #pool: SftpPool;
  readonly #identity: FileIdentity;
  #file: OpenFile | undefined;
  #reopening: Promise<OpenFile> | undefined;
  #disposed = false;

  private constructor(pool: SftpPool, identity: FileIdentity) {
    this.#pool = pool;
    this.#identity = identity;
  }

  static async open(
    pool: SftpPool,
    identity: FileIdentity,
    signal: AbortSignal,
  ): Promise<SftpReader> {
    const reader = new SftpReader(pool, identity);
    try {
      await reader.#opened(signal);
      return reader;
    } catch (error) {
      await reader[Symbol.asyncDispose]();
      throw reader.#declared(error, 'opening');
    }
  }

  #declared(error: unknown, doing: string): unknown {
    const { path } = this.#identity;
    if (hasStatus(error, 'missing'))
      return changed(this.#pool, this.#identity, 'does not exist any more');
    return declared(error, this.#pool.context.connectionName, `${doing} ${path}`);
  }

  async #opened(signal: AbortSignal): Promise<OpenFile> {
    if (this.#file !== undefined && !this.#file.link.client.closed) return this.#file;
    this.#release();
    this.#reopening ??= this.#open(signal).finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  async #open(signal: AbortSignal): Promise<OpenFile> {
    const file = await openChecked(this.#pool, this.#identity, signal);
    this.#file = file;
    if (this.#disposed) this.#release();
    else if (this.#identity.ends !== undefined) await this.#checkEnds(file, signal);
    return file;
  }

  async #checkEnds(file: OpenFile, signal: AbortSignal): Promise<void> {
    if ((await this.#hashEnds(file, signal)) !== this.#identity.ends) {
      throw changed(
        this.#pool,
        this.#identity,
        'has other bytes at its ends than when it was planned',
      );
    }
  }

  /** First 32 hex digits of the SHA-256 of the first and the last 64 KiB; they overlap in small files. */
  async ends(signal: AbortSignal): Promise<string> {
    try {
      return await this.#hashEnds(await this.#opened(signal), signal);
    } catch (error) {
      throw this.#declared(error, 'reading');
    }
  }

  async #hashEnds(file: OpenFile, signal: AbortSignal): Promise<string> {
    const { size } = this.#identity;
    const length = Math.min(END_BYTES, size);
    const both = Buffer.allocUnsafeSlow(2 * length);
    const uncounted: ByteProgress = () => undefined;
    await Promise.all([
      this.#fill(file, { position: 0, buffer: both.subarray(0, length) }, uncounted, signal),
      this.#fill(
        file,
        { position: size - length, buffer: both.subarray(length) },
        uncounted,
        signal,
      ),
    ]);
    return createHash('sha256').update(both).digest('hex').slice(0, 32);
  }

  async read(
    position: number,
    buffer: Buffer,
    progress: ByteProgress,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const file = this.#usable() ?? (await this.#opened(signal));
      await this.#fill(file, { position, buffer }, progress, signal);
    } catch (error) {
      throw this.#declared(error, 'reading');
    }
  }

  /** The open file without a turn of the event loop: calls in one tick keep their order on the wire. */
  #usable(): OpenFile | undefined {
    const file = this.#reopening === undefined ? this.#file : undefined;
    return file === undefined || file.link.client.closed ? undefined : file;
  }

  #fill(
    file: OpenFile,
    { position, buffer }: { readonly position: number; readonly buffer: Buffer },
    progress: ByteProgress,
    signal: AbortSignal,
  ): Promise<void> {
    const { throttle } = this.#pool.context;
    return file.link.reads.run({
      length: buffer.length,
      signal,
      throttle: (bytes) => throttle(bytes, signal),
      move: async (offset, length) => {
        let done = 0;
        while (done < length) {
          const range = {
            offset: offset + done,
            length: length - done,
            position: position + offset + done,
          };
          const bytes = await file.link.client.read(file.handle, buffer, range);
          if (bytes === 0) throw this.#truncated(range.position);
          done += bytes;
          file.link.pace.arrived(bytes);
          if (done < length) file.link.pace.answeredShort();
          progress(bytes);
          signal.throwIfAborted();
        }
      },
    });
  }

  #truncated(position: number): TidemarkError {
    return new TidemarkError(
      sourceTruncated,
      `connection ${this.#pool.context.connectionName}: ${this.#identity.path} ends at byte ${position}, planned were ${this.#identity.size}`,
    );
  }

  /** Compares what is open and what stands at the path: a file that was replaced by a rename keeps our handle. */
  async verify(signal: AbortSignal): Promise<void> {
    try {
      const file = await this.#opened(signal);
      const stats = Promise.all([
        this.#pool.use(signal, (link) => link.client.stat(this.#identity.path)),
        this.#pool.use(signal, () => file.link.client.fstat(file.handle)),
      ]);
      for (const stat of await stats) assertSame(this.#pool, this.#identity, stat);
    } catch (error) {
      throw this.#declared(error, 'checking');
    }
  }

  #release(): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    file.link.users--;
    closeQuietly(file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#reopening?.catch(() => undefined);
    this.#release();
  }
}
