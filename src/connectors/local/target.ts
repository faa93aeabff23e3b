/**
 * Writes files into a local folder: into a hidden temporary beside the target, then by link or rename.
 *
 * Keeps true: a file appears complete, read back and compared by CRC32, with the source's modification time; a file
 * that is expected to be absent is made by link(2), which fails where one stands, so two writers never both succeed.
 */
import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { mkdir, open, opendir, rename } from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
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
import { combineCrc32, formatCrc32, parseCrc32 } from '../../core/values/crc32.js';
import { targetConflict, targetMismatch, uploadGone } from '../file-errors.js';
import { baseName, folderName, joinPath, temporaryName } from '../folder-files.js';
import { folderLedger } from '../folder-ledger.js';
import type { LedgerStore } from '../row-connector.js';
import { ConfinedFolder, isMissing } from './confined.js';
import { fileCrc32, linkNew, statOrNull, syncFolder, unlinkIfThere } from './disk.js';
import { textFiles } from './text-files.js';
import type { LocalConnection } from './options.js';

const STEP_BYTES = 1024 * 1024;

const tagChars = 16;

/** Every attempt of a unit writes the same bytes to the same name; another source version has another name. */
const orderTag = ({ unit, copiedFrom, size }: ObjectOrder): string =>
  createHash('sha256')
    .update(JSON.stringify([unit, copiedFrom, size]))
    .digest('hex')
    .slice(0, tagChars);

const temporaryOf = (order: ObjectOrder): string => {
  const { key } = order.address;
  return joinPath(folderName(key), temporaryName(baseName(key), orderTag(order)));
};

/** Whole seconds: what every kind of source can be compared with. */
const secondsTextOf = (stats: BigIntStats): string => String(stats.mtimeNs / 1_000_000_000n);

const tagOf = (stats: BigIntStats): string => `${stats.size}-${stats.mtimeNs}`;

/** Whole milliseconds: what every file system and Node's own `utimes` keep. Null: the file keeps its own time. */
const modifiedMs = ({ modified }: ObjectOrder): number | null =>
  modified === null ? null : Math.floor(Number(modified) * 1000);

/** Where the order gives no time, the caller compares the checksum: size alone would prove nothing. */
const isOurs = ({ order, bytes, crc32: wanted }: PublishStep, stats: BigIntStats): boolean => {
  const wantedMs = modifiedMs(order);
  if (Number(stats.size) !== bytes) return false;
  // `utimes` takes seconds as a double: the last millisecond may come back one lower.
  return wantedMs === null ? wanted !== undefined : Math.abs(Number(stats.mtimeMs) - wantedMs) <= 1;
};

const isExpected = (order: ObjectOrder, stats: BigIntStats | null): boolean =>
  'absent' in order.expected
    ? stats === null
    : stats !== null && tagOf(stats) === order.expected.tag;

/** What the parts say about the whole object; undefined when one of them has no checksum. */
const partsCrc32 = (parts: readonly PartRecord[]): string | undefined => {
  let whole = 0;
  for (const part of parts) {
    const crc = parseCrc32(part.crc32);
    if (crc === undefined) return undefined;
    whole = combineCrc32(whole, crc, part.size);
  }
  return formatCrc32(whole);
};

/** Temporaries of exactly that file in its folder; none where its name is so long that others share the short form. */
const temporariesOf = async (key: string, realFolder: string): Promise<readonly string[]> => {
  const prefix = temporaryName(baseName(key), '');
  if (!temporaryName(baseName(key), '0'.repeat(tagChars)).startsWith(prefix)) return [];
  const found: string[] = [];
  for await (const { name } of await opendir(realFolder)) {
    if (name.startsWith(prefix)) found.push(path.join(realFolder, name));
  }
  return found;
};

interface WriteIo {
  readonly position: number;
  readonly body: Buffer;
  readonly signal: AbortSignal;
  readonly progress?: ByteProgress;
}

interface PublishStep {
  readonly order: ObjectOrder;
  readonly temporary: string;
  readonly realPath: string;
  /** Size of the finished file. */
  readonly bytes: number;
  /** Of the whole object as it was read at the source side. */
  readonly crc32: string | undefined;
  readonly signal: AbortSignal;
}

class LocalTarget implements FileTarget {
  readonly #folder: ConfinedFolder;

  constructor(folder: ConfinedFolder) {
    this.#folder = folder;
  }

  #error(kind: typeof targetConflict, order: ObjectOrder, what: string): TidemarkError {
    const place = `connection ${this.#folder.context.connectionName}: ${order.address.key}`;
    return new TidemarkError(kind, `${place}: ${what}`);
  }

  #conflict(order: ObjectOrder, stats: BigIntStats | null): TidemarkError {
    const found = stats === null ? 'nothing stands there' : `version ${tagOf(stats)} stands there`;
    const planned = 'absent' in order.expected ? 'nothing' : `version ${order.expected.tag}`;
    return this.#error(targetConflict, order, `${found}, planned was ${planned}`);
  }

  async #written(
    order: ObjectOrder,
    realPath: string,
    signal: AbortSignal,
  ): Promise<WrittenObject> {
    const file = await open(realPath, constants.O_RDONLY);
    try {
      const stats = await file.stat({ bigint: true });
      const crc = await fileCrc32(file, signal);
      return { address: order.address, size: Number(stats.size), tag: tagOf(stats), crc32: crc };
    } finally {
      await file.close();
    }
  }

  objects(
    addresses: readonly TargetAddress[],
    signal: AbortSignal,
  ): Promise<readonly (TargetObject | null)[]> {
    return this.#folder.doing('looking at target files', signal, () =>
      Promise.all(
        addresses.map(async ({ key }) => {
          const stats = await statOrNull(await this.#folder.real(key));
          return stats === null
            ? null
            : { size: Number(stats.size), tag: tagOf(stats), modified: secondsTextOf(stats) };
        }),
      ),
    );
  }

  put(order: ObjectOrder, body: Buffer, crc: string, signal: AbortSignal): Promise<WrittenObject> {
    return this.#folder.doing(`writing ${order.address.key}`, signal, async () => {
      if (order.size !== null && body.length !== order.size) {
        const what = `${body.length} bytes were given, planned were ${order.size}`;
        throw this.#error(targetMismatch, order, what);
      }
      const realPath = await this.#folder.real(order.address.key);
      const temporary = await this.#folder.real(temporaryOf(order));
      const step = { order, temporary, realPath, bytes: body.length, crc32: crc, signal };
      if (!isExpected(order, await statOrNull(realPath))) return this.#lost(step);
      try {
        await this.#create(temporary);
        await this.#write(temporary, { position: 0, body, signal });
        return await this.#publish(step);
      } catch (error) {
        await unlinkIfThere(temporary);
        throw error;
      }
    });
  }

  /** Creates what is missing and keeps what is there: a late repetition cannot empty a file. */
  async #create(temporary: string): Promise<void> {
    await mkdir(path.dirname(temporary), { recursive: true });
    await (await open(temporary, constants.O_WRONLY | constants.O_CREAT)).close();
  }

  async #write(temporary: string, { position, body, signal, progress }: WriteIo): Promise<void> {
    const file = await open(temporary, constants.O_WRONLY);
    try {
      for (let done = 0; done < body.length;) {
        const length = Math.min(STEP_BYTES, body.length - done);
        await this.#folder.context.throttle(length, signal);
        signal.throwIfAborted();
        const { bytesWritten } = await file.write(body, done, length, position + done);
        done += bytesWritten;
        progress?.(bytesWritten);
      }
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /** Checks the temporary, gives it its time and its name, if the target still is what was planned. */
  async #publish(step: PublishStep): Promise<WrittenObject> {
    const { order, temporary, realPath, bytes, signal } = step;
    await this.#stamp(step);
    const ready = await this.#written(order, temporary, signal);
    if (ready.size !== bytes || (step.crc32 !== undefined && step.crc32 !== ready.crc32)) {
      const what = `the disk holds ${ready.size} bytes with CRC32 ${ready.crc32}, planned were ${bytes} bytes`;
      throw this.#error(targetMismatch, order, what);
    }
    const found = await statOrNull(realPath);
    if (!isExpected(order, found)) return this.#lost(step);
    signal.throwIfAborted();
    if (found !== null) await rename(temporary, realPath);
    else if (!(await linkNew(temporary, realPath))) return this.#lost(step);
    await syncFolder(path.dirname(realPath));
    return ready;
  }

  async #stamp({ order, temporary, bytes }: PublishStep): Promise<void> {
    const file = await open(temporary, constants.O_RDWR);
    try {
      // An earlier attempt may have written further than the rows go now.
      if (order.size === null && (await file.stat()).size > bytes) await file.truncate(bytes);
      const seconds = (modifiedMs(order) ?? Number.NaN) / 1000;
      if (Number.isFinite(seconds)) await file.utimes(seconds, seconds);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Somebody was faster: the same bytes with the same time are an attempt of ours, all else is a conflict. */
  async #lost(step: PublishStep): Promise<WrittenObject> {
    const { order, temporary, realPath, crc32: wanted, signal } = step;
    await unlinkIfThere(temporary);
    const found = await statOrNull(realPath);
    if (found === null || !isOurs(step, found)) throw this.#conflict(order, found);
    const written = await this.#written(order, realPath, signal);
    if (wanted !== undefined && written.crc32 !== wanted) throw this.#conflict(order, found);
    return written;
  }

  openUpload(
    order: ObjectOrder,
    partBytes: number,
    _startedAfterMs: number,
    signal: AbortSignal,
  ): Promise<UploadHandle> {
    return this.#folder.doing(`opening ${order.address.key}`, signal, async () => {
      const id = temporaryOf(order);
      await this.#create(await this.#folder.real(id));
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
    const { number } = part;
    if (formatCrc32(crc32(body)) !== part.crc32) {
      const what = `part ${number} is not what was read at the source: its CRC32 differs`;
      return Promise.reject(this.#error(targetMismatch, upload.order, what));
    }
    return this.#folder.doing(`writing part ${number} of ${upload.id}`, io.signal, async () => {
      const temporary = await this.#folder.real(upload.id);
      await this.#write(temporary, { position: part.position, body, ...io }).catch(
        (error: unknown) => {
          throw isMissing(error) ? this.#gone(upload) : error;
        },
      );
      return { number, size: body.length, crc32: part.crc32, tag: '' };
    });
  }

  #gone(upload: UploadHandle): TidemarkError {
    return this.#error(
      uploadGone,
      upload.order,
      `its temporary ${upload.id} does not exist any more`,
    );
  }

  complete(
    upload: UploadHandle,
    parts: readonly PartRecord[],
    signal: AbortSignal,
  ): Promise<WrittenObject> {
    const { order } = upload;
    return this.#folder.doing(`completing ${order.address.key}`, signal, async () => {
      const bytes = this.#assertParts(order, parts);
      const temporary = await this.#folder.real(upload.id);
      const realPath = await this.#folder.real(order.address.key);
      const step = { order, temporary, realPath, bytes, crc32: partsCrc32(parts), signal };
      if (!isExpected(order, await statOrNull(realPath))) return this.#lost(step);
      if ((await statOrNull(temporary)) === null) throw this.#gone(upload);
      await this.#removeRivals(order, temporary);
      return this.#publish(step);
    });
  }

  /** Their size: that of the order, if it has one. */
  #assertParts(order: ObjectOrder, parts: readonly PartRecord[]): number {
    const bytes = parts.reduce((sum, part) => sum + part.size, 0);
    const gap = parts.findIndex((part, index) => part.number !== index + 1);
    if (gap >= 0) throw this.#error(targetMismatch, order, `part ${gap + 1} is missing`);
    if (order.size === null || bytes === order.size) return bytes;
    const what = `the parts have ${bytes} bytes, planned were ${order.size}`;
    throw this.#error(targetMismatch, order, what);
  }

  /** Takes away what a frozen writer of an earlier run would rename later (correctness.md §6.2). */
  async #removeRivals(order: ObjectOrder, temporary: string): Promise<void> {
    const own = path.basename(temporary);
    for (const rival of await temporariesOf(order.address.key, path.dirname(temporary))) {
      if (path.basename(rival) !== own) await unlinkIfThere(rival);
    }
  }

  /** An empty id stands for the temporary of the order: what a killed `put` may have left. */
  abort(upload: UploadHandle, signal: AbortSignal): Promise<void> {
    const id = upload.id === '' ? temporaryOf(upload.order) : upload.id;
    return this.#folder.doing(`removing ${id}`, signal, async () =>
      unlinkIfThere(await this.#folder.real(id)),
    );
  }

  /** A file does not say whose it is: a finished one stays, and whose temporary it is its name and its time tell. */
  discard(
    { key }: TargetAddress,
    _unitPrefix: string,
    startedAfterMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#folder.doing(`discarding ${key}`, signal, async () => {
      const folder = path.dirname(await this.#folder.real(key));
      if ((await statOrNull(folder)) === null) return;
      // File systems may round times down.
      const sinceMs = Math.floor(startedAfterMs / 1000) * 1000;
      for (const temporary of await temporariesOf(key, folder)) {
        const stats = await statOrNull(temporary);
        if (stats === null || Number(stats.mtimeMs) < sinceMs) continue;
        await unlinkIfThere(temporary);
      }
    });
  }

  ledger(folder: TargetAddress): LedgerStore {
    return folderLedger(textFiles(this.#folder), folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is kept open between calls.
  }
}

export const openTarget = (connection: LocalConnection, context: OpenContext): FileTarget =>
  new LocalTarget(new ConfinedFolder(connection, context));
