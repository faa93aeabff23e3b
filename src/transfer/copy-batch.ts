/**
 * The pump of small files: many at once, each read whole and written in one conditional step.
 *
 * Opens and reads are pipelined; the number under way is bounded, and so are their bytes (memory budget). A file that
 * changed while it was read is looked at again and copied in its new version, a few times.
 */
import { setMaxListeners } from 'node:events';
import { crc32 } from 'node:zlib';
import type { FileReader, FileSource, FileTarget } from '../connectors/connector.js';
import { isErrorOf, TidemarkError } from '../core/errors/error.js';
import { sourceChanged, sourceMissing, sourceTruncated } from '../connectors/file-errors.js';
import type { FileIdentity, ObjectOrder, WrittenObject } from '../core/plan/file.js';
import { formatCrc32 } from '../core/values/crc32.js';
import { draining, stillChanging } from './errors.js';
import type { MemoryBudget } from './memory-budget.js';
import type { TransferProgress } from './transfer-progress.js';

/** Files under way at once. Measured best for 64 on one SFTP connection (performance.md §2c). */
export const filesAtOnce = 64;

/** How often one file may change under our hands. */
const versionsMax = 4;

export interface SmallFile {
  readonly source: FileIdentity;
  /** The order for this version of the file; called again when the file has changed. */
  order(identity: FileIdentity): ObjectOrder;
}

export interface BatchCopy {
  readonly source: FileSource<unknown>;
  readonly options: unknown;
  readonly target: FileTarget;
  readonly files: readonly SmallFile[];
  readonly budget: MemoryBudget;
  readonly progress: TransferProgress;
  /** Aborted when the worker is asked to stop: no further file is started, those under way are finished. */
  readonly draining: AbortSignal;
  written(index: number, file: WrittenFile): void;
}

export interface WrittenFile {
  readonly object: WrittenObject;
  readonly identity: FileIdentity;
  readonly crc32: string;
}

const readWhole = async (
  reader: FileReader,
  buffer: Buffer,
  copy: BatchCopy,
  signal: AbortSignal,
): Promise<string> => {
  if (buffer.length > 0) await reader.read(0, buffer, copy.progress.read, signal);
  await reader.verify(signal);
  return formatCrc32(crc32(buffer));
};

const copyVersion = async (
  copy: BatchCopy,
  file: SmallFile,
  identity: FileIdentity,
  signal: AbortSignal,
): Promise<WrittenFile> => {
  using lease = await copy.budget.take(identity.size, signal);
  const reader = await copy.source.open(copy.options, identity, signal);
  let crc: string;
  try {
    crc = await readWhole(reader, lease.buffer, copy, signal);
  } finally {
    await reader[Symbol.asyncDispose]();
  }
  const object = await copy.target.put(file.order(identity), lease.buffer, crc, signal);
  copy.progress.written(identity.size);
  copy.progress.confirmedBytes += identity.size;
  return { object, identity, crc32: crc };
};

const hasChanged = (error: unknown): boolean =>
  isErrorOf(error, sourceChanged) || isErrorOf(error, sourceTruncated);

const copyFile = async (
  copy: BatchCopy,
  file: SmallFile,
  signal: AbortSignal,
): Promise<WrittenFile> => {
  let identity = file.source;
  for (let version = 1; ; version++) {
    try {
      return await copyVersion(copy, file, identity, signal);
    } catch (error) {
      if (!hasChanged(error)) throw error;
      if (version >= versionsMax) {
        throw new TidemarkError(
          stillChanging,
          `${identity.path} changed ${String(version)} times while it was being copied`,
          { cause: error },
        );
      }
      const now = await copy.source.identify(copy.options, identity.path, signal);
      if (now === null) {
        throw new TidemarkError(
          sourceMissing,
          `${identity.path} vanished while it was being copied`,
        );
      }
      identity = now;
    }
  }
};

/** Copies every file; the first failure stops the others and is thrown once all have ended. */
export const copyBatch = async (copy: BatchCopy, outer: AbortSignal): Promise<void> => {
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  // Every file under way listens to it: many, and no leak.
  setMaxListeners(0, signal);
  copy.progress.phase = 'copying';
  let next = 0;
  let left = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < copy.files.length; index = next++) {
      const file = copy.files[index];
      if (file === undefined || signal.aborted) return;
      if (copy.draining.aborted) {
        left++;
        continue;
      }
      try {
        copy.written(index, await copyFile(copy, file, signal));
      } catch (error) {
        stop.abort(error);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(filesAtOnce, copy.files.length) }, lane));
  outer.throwIfAborted();
  stop.signal.throwIfAborted();
  if (left > 0)
    throw new TidemarkError(draining, `${String(left)} files are left, the worker stops`);
};
