/**
 * Writes files over SFTP: into a hidden temporary beside the target, then by rename.
 *
 * Keeps true: a file appears complete, with its size checked and the source's modification time; what stands at the
 * path is compared with the plan just before the rename. SFTP has no conditional rename over an existing file: a
 * foreign writer between look and rename is not seen (`limits` of the declaration).
 */
import { createHash } from 'node:crypto';
import { TidemarkError } from '../../core/errors/error.js';
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
import { baseName, folderName, joinPath, temporaryName } from '../folder-files.js';
import type { FileStat, Handle, OpenFlags, SftpClient } from './client.js';
import { declared, hasStatus } from './errors.js';
import type { SftpConnection } from './options.js';
import { SftpPool, type SftpLink } from './pool.js';

/** Every attempt of a unit writes the same bytes to the same name; another source version has another name. */
const orderTag = ({ unit, copiedFrom, size }: ObjectOrder): string =>
  createHash('sha256')
    .update(JSON.stringify([unit, copiedFrom, size]))
    .digest('hex')
    .slice(0, 16);

const temporaryOf = (order: ObjectOrder): string => {
  const { key } = order.address;
  return joinPath(folderName(key), temporaryName(baseName(key), orderTag(order)));
};

const tagOf = (stat: FileStat): string => `${stat.size}-${stat.modified}`;

/** The time that a published file gets: SFTP version 3 knows whole seconds. */
const secondsOf = (order: ObjectOrder): number => Math.floor(Number(order.modified));

const isOurs = (order: ObjectOrder, stat: FileStat): boolean =>
  stat.size === order.size && stat.modified === String(secondsOf(order));

const isExpected = (order: ObjectOrder, stat: FileStat | null): boolean =>
  'absent' in order.expected ? stat === null : stat !== null && tagOf(stat) === order.expected.tag;

const written = (order: ObjectOrder, stat: FileStat): WrittenObject => ({
  address: order.address,
  size: stat.size,
  tag: tagOf(stat),
  crc32: null,
});

const statOrNull = async (client: SftpClient, path: string): Promise<FileStat | null> => {
  try {
    return await client.stat(path);
  } catch (error) {
    if (hasStatus(error, 'missing')) return null;
    throw error;
  }
};

const removeIfThere = async (client: SftpClient, path: string): Promise<void> => {
  try {
    await client.remove(path);
  } catch (error) {
    if (!hasStatus(error, 'missing')) throw error;
  }
};

/** Makes a folder and those above it; one that another writer makes at the same time is fine. */
const makeFolders = async (client: SftpClient, path: string): Promise<void> => {
  if (path === '' || path === '/' || (await statOrNull(client, path))?.kind === 'folder') return;
  await makeFolders(client, folderName(path));
  try {
    await client.makeFolder(path);
  } catch (error) {
    if ((await statOrNull(client, path))?.kind !== 'folder') throw error;
  }
};

const openTemporary = async (
  client: SftpClient,
  path: string,
  flags: OpenFlags,
): Promise<Handle> => {
  try {
    return await client.open(path, flags);
  } catch (error) {
    if (flags === 'r+' || !hasStatus(error, 'missing')) throw error;
    await makeFolders(client, folderName(path));
    return client.open(path, flags);
  }
};

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

  put(order: ObjectOrder, body: Buffer, _crc32: string, signal: AbortSignal) {
    return this.#doing(`writing ${order.address.key}`, signal, async (link) => {
      if (body.length !== order.size) {
        throw this.#mismatch(order, `${body.length} bytes were given, planned were ${order.size}`);
      }
      const found = await statOrNull(link.client, order.address.key);
      if (!isExpected(order, found)) {
        if (found !== null && isOurs(order, found)) return written(order, found);
        throw this.#conflict(order, found);
      }
      const temporary = temporaryOf(order);
      try {
        await this.#write(link, temporary, 'c', { position: 0, body, signal });
        return await this.#publish(link, order, temporary, signal);
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

  /** Gives the finished temporary its time and its name, if the target still is what was planned. */
  async #publish(
    link: SftpLink,
    order: ObjectOrder,
    temporary: string,
    signal: AbortSignal,
  ): Promise<WrittenObject> {
    const { client } = link;
    const seconds = secondsOf(order);
    if (Number.isFinite(seconds)) await client.setModified(temporary, seconds);
    const ready = await client.stat(temporary);
    if (ready.size !== order.size) {
      throw this.#mismatch(
        order,
        `the server holds ${ready.size} bytes, planned were ${order.size}`,
      );
    }
    const found = await statOrNull(client, order.address.key);
    if (!isExpected(order, found)) {
      await removeIfThere(client, temporary);
      if (found !== null && isOurs(order, found)) return written(order, found);
      throw this.#conflict(order, found);
    }
    signal.throwIfAborted();
    await this.#rename(client, order, temporary, found);
    return written(order, ready);
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
      if (!hasStatus(error, 'missing')) throw error;
      throw new TidemarkError(
        uploadGone,
        `connection ${this.#pool.context.connectionName}: the temporary file ${upload.id} does not exist any more`,
        { cause: error },
      );
    }
  }

  complete(
    upload: UploadHandle,
    parts: readonly PartRecord[],
    signal: AbortSignal,
  ): Promise<WrittenObject> {
    const { order } = upload;
    return this.#doing(`completing ${order.address.key}`, signal, async (link) => {
      this.#assertParts(order, parts);
      if ((await statOrNull(link.client, upload.id)) === null) {
        const found = await statOrNull(link.client, order.address.key);
        if (found !== null && isOurs(order, found)) return written(order, found);
        if (!isExpected(order, found)) throw this.#conflict(order, found);
      }
      await this.#removeRivals(link.client, upload);
      return this.#gone(upload, () => this.#publish(link, order, upload.id, signal));
    });
  }

  #assertParts(order: ObjectOrder, parts: readonly PartRecord[]): void {
    const bytes = parts.reduce((sum, part) => sum + part.size, 0);
    const gap = parts.findIndex((part, index) => part.number !== index + 1);
    if (gap >= 0) throw this.#mismatch(order, `part ${gap + 1} is missing`);
    if (bytes !== order.size) {
      throw this.#mismatch(order, `the parts have ${bytes} bytes, planned were ${order.size}`);
    }
  }

  /**
   * Takes the temporaries of other units of this very file away before our rename: what a frozen writer of an
   * earlier run would rename later is gone then (correctness.md §6.2). They could only end in a conflict.
   */
  async #removeRivals(client: SftpClient, upload: UploadHandle): Promise<void> {
    const folder = folderName(upload.id);
    const own = baseName(upload.id);
    const prefix = temporaryName(baseName(upload.order.address.key), '');
    // A shortened name is shared by other long names: theirs must not be touched.
    if (!own.startsWith(prefix)) return;
    const found = await statOrNull(client, upload.order.address.key);
    if (!isExpected(upload.order, found)) return;
    const handle = await client.openFolder(folder === '' ? '.' : folder);
    try {
      for (;;) {
        const entries = await client.readFolder(handle);
        if (entries === null) return;
        const rivals = entries.filter(({ name }) => name.startsWith(prefix) && name !== own);
        for (const { name } of rivals) await removeIfThere(client, joinPath(folder, name));
      }
    } finally {
      await client.close(handle);
    }
  }

  /** An empty id stands for the temporary of the order: what a killed `put` may have left. */
  abort(upload: UploadHandle, signal: AbortSignal): Promise<void> {
    const temporary = upload.id === '' ? temporaryOf(upload.order) : upload.id;
    return this.#doing(`removing ${temporary}`, signal, ({ client }) =>
      removeIfThere(client, temporary),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }
}

/** Opens nothing yet: the first call connects. */
export const openTarget = (connection: SftpConnection, context: OpenContext): FileTarget =>
  new SftpTarget(new SftpPool(connection, context));
