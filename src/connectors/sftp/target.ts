/**
 * Writes files over SFTP: into a hidden temporary beside the target, then by rename.
 *
 * Keeps true: a file appears complete, with its size checked and the source's modification time; what stands at the
 * path is compared with the plan just before the rename. SFTP has no conditional rename over an existing file: a
 * foreign writer between look and rename is not seen (`limits` of the declaration).
 */
import { TidemarkError } from '../../core/errors/error.js';
import { combineCrc32, formatCrc32, parseCrc32 } from '../../core/values/crc32.js';
import type {
  ObjectOrder,
  PartRecord,
  TargetAddress,
  TargetObject,
  UploadHandle,
  WrittenObject,
} from '../../core/plan/file.js';
import type { ByteProgress, FileTarget, OpenContext } from '../connector.js';
import { targetConflict, targetMismatch, uploadGone } from '../file-errors.js';
import { folderLedger } from '../folder-ledger.js';
import { folderName } from '../folder-files.js';
import type { LedgerStore } from '../row-connector.js';
import type { FileStat, OpenFlags, SftpClient } from './client.js';
import { declared, hasStatus } from './errors.js';
import type { SftpConnection } from './options.js';
import { SftpPool, type SftpLink } from './pool.js';
import { fileCrc32, openTemporary, removeIfThere, statOrNull } from './server-files.js';
import { temporariesOf, temporaryOf } from './temporaries.js';
import { textFiles } from './text-files.js';

const tagOf = (stat: FileStat): string => `${stat.size}-${stat.modified}`;

/** The time that a published file gets: SFTP version 3 knows whole seconds. NaN: its own. */
const secondsOf = ({ modified }: ObjectOrder): number =>
  modified === null ? Number.NaN : Math.floor(Number(modified));

/** A file that is to appear, and what must be in it. */
interface Finished {
  readonly order: ObjectOrder;
  readonly bytes: number;
  /** Null: some part has no checksum. */
  readonly crc32: string | null;
}

/** Is that the work of an attempt of ours? Without a time its bytes are read back: size alone would prove nothing. */
const isOurs = async (
  client: SftpClient,
  { order, bytes, crc32 }: Finished,
  stat: FileStat,
  signal: AbortSignal,
): Promise<boolean> => {
  if (stat.size !== bytes) return false;
  if (order.modified !== null) return stat.modified === String(secondsOf(order));
  return crc32 !== null && (await fileCrc32(client, order.address.key, signal)) === crc32;
};

const wholeCrc32 = (parts: readonly PartRecord[]): string | null => {
  let whole = 0;
  for (const part of parts) {
    const crc = parseCrc32(part.crc32);
    if (crc === undefined) return null;
    whole = combineCrc32(whole, crc, part.size);
  }
  return formatCrc32(whole);
};

const isExpected = (order: ObjectOrder, stat: FileStat | null): boolean =>
  'absent' in order.expected ? stat === null : stat !== null && tagOf(stat) === order.expected.tag;

const written = (order: ObjectOrder, stat: FileStat): WrittenObject => ({
  address: order.address,
  size: stat.size,
  tag: tagOf(stat),
  crc32: null,
});

class SftpTarget implements FileTarget {
  readonly #pool: SftpPool;

  constructor(pool: SftpPool) {
    this.#pool = pool;
  }

  async #doing<T>(doing: string, signal: AbortSignal, work: (link: SftpLink) => Promise<T>) {
    try {
      return await this.#pool.use(signal, work);
    } catch (error) {
      throw declared(error, this.#pool.context.connectionName, doing);
    }
  }

  #conflict(order: ObjectOrder, stat: FileStat | null): TidemarkError {
    const found = stat === null ? 'nothing' : `${stat.size} bytes modified at ${stat.modified}`;
    const planned = 'absent' in order.expected ? 'nothing' : `version ${order.expected.tag}`;
    return new TidemarkError(
      targetConflict,
      `connection ${this.#pool.context.connectionName}: at ${order.address.key} stands ${found}, planned was ${planned}`,
    );
  }

  #mismatch(order: ObjectOrder, what: string): TidemarkError {
    return new TidemarkError(
      targetMismatch,
      `connection ${this.#pool.context.connectionName}: writing ${order.address.key}: ${what}`,
    );
  }

  objects(
    addresses: readonly TargetAddress[],
    signal: AbortSignal,
  ): Promise<readonly (TargetObject | null)[]> {
    return this.#doing('looking at target files', signal, ({ client }) =>
      Promise.all(
        addresses.map(async ({ key }) => {
          const stat = await statOrNull(client, key);
          return stat === null
            ? null
            : { size: stat.size, tag: tagOf(stat), modified: stat.modified };
        }),
      ),
    );
  }

  put(order: ObjectOrder, body: Buffer, crc32: string, signal: AbortSignal) {
    return this.#doing(`writing ${order.address.key}`, signal, async (link) => {
      if (order.size !== null && body.length !== order.size) {
        throw this.#mismatch(order, `${body.length} bytes were given, planned were ${order.size}`);
      }
      const finished: Finished = { order, bytes: body.length, crc32 };
      const found = await statOrNull(link.client, order.address.key);
      if (!isExpected(order, found)) return this.#lost(link.client, finished, found, signal);
      const temporary = temporaryOf(order);
      try {
        await this.#write(link, temporary, 'c', { position: 0, body, signal });
        return await this.#publish(link, finished, temporary, signal);
      } catch (error) {
        // Not awaited: a cancelled attempt must end now; what cannot be removed is found by the next attempt.
        void link.client.remove(temporary).catch(() => undefined);
        throw error;
      }
    });
  }

  async #write(
    link: SftpLink,
    path: string,
    flags: OpenFlags,
    io: { position: number; body: Buffer; signal: AbortSignal; progress?: ByteProgress },
  ): Promise<void> {
    const { client } = link;
    const handle = await openTemporary(client, path, flags);
    try {
      await link.writes.run({
        length: io.body.length,
        signal: io.signal,
        throttle: (bytes) => this.#pool.context.throttle(bytes, io.signal),
        move: async (offset, length) => {
          await client.write(handle, io.body, { offset, length, position: io.position + offset });
          io.progress?.(length);
        },
      });
      if (client.syncs) await client.sync(handle);
    } finally {
      await client.close(handle);
    }
  }

  /** Somebody was faster: an attempt of ours, or else it is a conflict. */
  async #lost(
    client: SftpClient,
    finished: Finished,
    found: FileStat | null,
    signal: AbortSignal,
  ): Promise<WrittenObject> {
    const { order } = finished;
    if (found !== null && (await isOurs(client, finished, found, signal))) {
      return written(order, found);
    }
    throw this.#conflict(order, found);
  }

  /** Gives the finished temporary its time and its name, if the target still is what was planned. */
  async #publish(
    link: SftpLink,
    finished: Finished,
    temporary: string,
    signal: AbortSignal,
  ): Promise<WrittenObject> {
    const { client } = link;
    const { order } = finished;
    const ready = await this.#finish(client, finished, temporary);
    const found = await statOrNull(client, order.address.key);
    if (!isExpected(order, found)) {
      await removeIfThere(client, temporary);
      return this.#lost(client, finished, found, signal);
    }
    signal.throwIfAborted();
    await this.#rename(client, order, temporary, found);
    return written(order, ready);
  }

  /** Gives the temporary its time, after what an earlier attempt wrote further than the rows go now is cut off. */
  async #finish(
    client: SftpClient,
    { order, bytes }: Finished,
    temporary: string,
  ): Promise<FileStat> {
    const isLonger = order.size === null && (await client.stat(temporary)).size > bytes;
    if (isLonger) await client.truncate(temporary, bytes);
    const seconds = secondsOf(order);
    if (Number.isFinite(seconds)) await client.setModified(temporary, seconds);
    const ready = await client.stat(temporary);
    if (ready.size === bytes) return ready;
    if (isLonger) {
      // The server cuts nothing: the next attempt begins with an empty file.
      await removeIfThere(client, temporary);
      throw this.#goneError(temporary);
    }
    throw this.#mismatch(order, `the server holds ${ready.size} bytes, planned were ${bytes}`);
  }

  async #rename(
    client: SftpClient,
    order: ObjectOrder,
    temporary: string,
    found: FileStat | null,
  ): Promise<void> {
    const { key } = order.address;
    if (found !== null && client.renamesOver) return client.renameOver(temporary, key);
    // Without the extension there is a moment without a file: a reader may miss it, nothing is lost.
    if (found !== null) await removeIfThere(client, key);
    try {
      await client.rename(temporary, key);
    } catch (error) {
      if (!hasStatus(error, 'failure')) throw error;
      // A plain rename refuses an existing name: somebody was faster.
      const now = await statOrNull(client, key);
      if (now === null) throw error;
      await removeIfThere(client, temporary);
      throw this.#conflict(order, now);
    }
  }

  /** One temporary per unit: a repetition after a lost answer finds its own name, and never empties it. */
  openUpload(
    order: ObjectOrder,
    partBytes: number,
    _startedAfterMs: number,
    signal: AbortSignal,
  ): Promise<UploadHandle> {
    const id = temporaryOf(order);
    return this.#doing(`opening ${order.address.key}`, signal, async ({ client }) => {
      await client.close(await openTemporary(client, id, 'c'));
      return { id, order, partBytes };
    });
  }

  /** Not declared (`listsParts`): a temporary file does not say which of its bytes were written. */
  listParts(): Promise<readonly PartRecord[]> {
    return Promise.resolve([]);
  }

  writePart(
    upload: UploadHandle,
    part: { readonly number: number; readonly position: number; readonly crc32: string },
    body: Buffer,
    io: { readonly progress: ByteProgress; readonly signal: AbortSignal },
  ): Promise<PartRecord> {
    const { key } = upload.order.address;
    return this.#doing(`writing part ${part.number} of ${key}`, io.signal, async (link) => {
      await this.#gone(upload, () =>
        this.#write(link, upload.id, 'r+', { position: part.position, body, ...io }),
      );
      return { number: part.number, size: body.length, crc32: part.crc32, tag: '' };
    });
  }

  /** A temporary that is missing is `target/upload-gone`: somebody cleaned up, or a newer run took over. */
  async #gone<T>(upload: UploadHandle, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw hasStatus(error, 'missing') ? this.#goneError(upload.id, error) : error;
    }
  }

  #goneError(temporary: string, cause?: unknown): TidemarkError {
    return new TidemarkError(
      uploadGone,
      `connection ${this.#pool.context.connectionName}: the temporary file ${temporary} does not exist any more`,
      { cause },
    );
  }

  complete(
    upload: UploadHandle,
    parts: readonly PartRecord[],
    signal: AbortSignal,
  ): Promise<WrittenObject> {
    const { order } = upload;
    return this.#doing(`completing ${order.address.key}`, signal, async (link) => {
      const bytes = this.#assertParts(order, parts);
      const finished: Finished = { order, bytes, crc32: wholeCrc32(parts) };
      if ((await statOrNull(link.client, upload.id)) === null) {
        const found = await statOrNull(link.client, order.address.key);
        if (found !== null && (await isOurs(link.client, finished, found, signal))) {
          return written(order, found);
        }
        if (!isExpected(order, found)) throw this.#conflict(order, found);
      }
      await this.#removeRivals(link.client, upload);
      return this.#gone(upload, () => this.#publish(link, finished, upload.id, signal));
    });
  }

  /** Their size: that of the order, if it has one. */
  #assertParts(order: ObjectOrder, parts: readonly PartRecord[]): number {
    const bytes = parts.reduce((sum, part) => sum + part.size, 0);
    const gap = parts.findIndex((part, index) => part.number !== index + 1);
    if (gap >= 0) throw this.#mismatch(order, `part ${gap + 1} is missing`);
    if (order.size === null || bytes === order.size) return bytes;
    throw this.#mismatch(order, `the parts have ${bytes} bytes, planned were ${order.size}`);
  }

  /**
   * Takes the temporaries of other units of this very file away before our rename: what a frozen writer of an
   * earlier run would rename later is gone then (correctness.md §6.2). They could only end in a conflict.
   */
  async #removeRivals(client: SftpClient, upload: UploadHandle): Promise<void> {
    const { key } = upload.order.address;
    const found = await statOrNull(client, key);
    if (!isExpected(upload.order, found)) return;
    for (const { path } of await temporariesOf(client, key)) {
      if (path !== upload.id) await removeIfThere(client, path);
    }
  }

  /** An empty id stands for the temporary of the order: what a killed `put` may have left. */
  abort(upload: UploadHandle, signal: AbortSignal): Promise<void> {
    const temporary = upload.id === '' ? temporaryOf(upload.order) : upload.id;
    return this.#doing(`removing ${temporary}`, signal, ({ client }) =>
      removeIfThere(client, temporary),
    );
  }

  /** A file does not say whose it is: a finished one stays, and whose temporary it is its name and its time tell. */
  discard(
    { key }: TargetAddress,
    _unitPrefix: string,
    startedAfterMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#doing(`discarding ${key}`, signal, async ({ client }) => {
      const folder = folderName(key);
      if (folder !== '' && (await statOrNull(client, folder)) === null) return;
      // The protocol gives whole seconds.
      const since = Math.floor(startedAfterMs / 1000);
      for (const { path, modified } of await temporariesOf(client, key)) {
        if (Number(modified) >= since) await removeIfThere(client, path);
      }
    });
  }

  ledger(folder: TargetAddress): LedgerStore {
    return folderLedger(textFiles(this.#pool), folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }
}

/** Opens nothing yet: the first call connects. */
export const openTarget = (connection: SftpConnection, context: OpenContext): FileTarget =>
  new SftpTarget(new SftpPool(connection, context));
