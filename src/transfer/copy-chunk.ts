/**
 * The pump of large files: consecutive parts of one file, from a reader into an upload.
 *
 * Reads of the next parts are under way while earlier parts are written; nothing but the buffers bounds them. The
 * CRC32 is computed where the bytes were read. A part counts only when the target has confirmed it.
 */
import { setMaxListeners } from 'node:events';
import { crc32 } from 'node:zlib';
import type { FileReader, FileTarget } from '../connectors/connector.js';
import { TidemarkError } from '../core/errors/error.js';
import type { PartRecord, UploadHandle } from '../core/plan/file.js';
import { formatCrc32 } from '../core/values/crc32.js';
import { draining } from './errors.js';
import type { MemoryBudget } from './memory-budget.js';
import type { PartRange } from './parts.js';
import type { TransferProgress } from './transfer-progress.js';

export interface ChunkCopy {
  readonly reader: FileReader;
  readonly target: FileTarget;
  readonly upload: UploadHandle;
  readonly parts: readonly PartRange[];
  readonly budget: MemoryBudget;
  readonly progress: TransferProgress;
  /** Aborted when the worker is asked to stop: no further part is started, those under way are finished. */
  readonly draining: AbortSignal;
  /** Called for each part that the target confirmed, in the order of confirmation. */
  confirmed(part: PartRecord): void;
}

const copyPart = async (
  copy: ChunkCopy,
  part: PartRange,
  buffer: Buffer,
  signal: AbortSignal,
): Promise<PartRecord> => {
  await copy.reader.read(part.position, buffer, copy.progress.read, signal);
  const crc = formatCrc32(crc32(buffer));
  const record = await copy.target.writePart(
    copy.upload,
    { number: part.number, position: part.position, crc32: crc },
    buffer,
    { progress: copy.progress.written, signal },
  );
  copy.progress.confirmedBytes += part.size;
  copy.confirmed(record);
  return record;
};

/**
 * Copies the parts and returns their records in order. The first failure stops the others; buffers go back only after
 * every read and write into them has ended.
 */
export const copyParts = async (
  copy: ChunkCopy,
  outer: AbortSignal,
): Promise<readonly PartRecord[]> => {
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  // Every part under way listens to it: many, and no leak.
  setMaxListeners(0, signal);
  const running: Promise<PartRecord>[] = [];
  copy.progress.phase = 'copying';
  try {
    for (const part of copy.parts) {
      if (copy.draining.aborted) break;
      const lease = await copy.budget.take(part.size, signal);
      const work = copyPart(copy, part, lease.buffer, signal).finally(() => {
        lease[Symbol.dispose]();
      });
      // A failure ends the loop at the next `take`, and is rethrown below.
      work.catch((failure: unknown) => {
        stop.abort(failure);
      });
      running.push(work);
    }
    const records = await Promise.all(running);
    if (records.length < copy.parts.length) {
      throw new TidemarkError(
        draining,
        `${String(records.length)} parts are done, the worker stops`,
      );
    }
    return records;
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(running);
    throw outer.aborted ? outer.reason : error;
  }
};
