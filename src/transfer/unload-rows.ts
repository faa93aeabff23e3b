/**
 * The pump of rows into one object: pages between keys become parts, and every confirmed part is a place to go on from.
 *
 * Keeps true: nothing of a page is written before the whole page is there; a page that does not fit is read again with
 * fewer rows; memory is taken from the budget before a byte is read, and a lane that waits waits for its own work.
 */
import { setMaxListeners } from 'node:events';
import type { FileTarget } from '../connectors/connector.js';
import type { RowReader, RowStream } from '../connectors/row-connector.js';
import { TidemarkError } from '../core/errors/error.js';
import type { UploadHandle } from '../core/plan/file.js';
import type { FileFormat, RowKey, RowSizes } from '../core/plan/rows.js';
import type { LaneCheckpoint } from '../core/run/lane.js';
import type { ParquetColumn, ParquetEngine } from '../formats/conversions.js';
import { draining, rowTooLarge } from './errors.js';
import { LaneBuffers } from './lane-buffers.js';
import type { MemoryBudget } from './memory-budget.js';
import { GzipPacking, plainPacking, unloadMemory } from './page-packing.js';
import type { PagePacking, UnloadMemory } from './page-packing.js';
import { PageSizer, partBytesOf } from './page-sizer.js';
import { PageWalk } from './page-walk.js';
import { PartBuilder, noParts } from './part-builder.js';
import { rowsToParquet } from './recode-parquet.js';
import type { TransferProgress } from './transfer-progress.js';

/** Parts that are sent at once, and members that are filled or compressed at once, where the budget has the buffers. */
const partsAtOnce = 4;
const membersAtOnce = 3;

export interface UnloadLane {
  readonly reader: RowReader;
  /** The read has a key: it is paged and can go on in the middle. */
  readonly hasKey: boolean;
  readonly after: RowKey | null;
  readonly upTo: RowKey | null;
  /** Accepted by `acceptCheckpoint`; null: the lane starts at its beginning. */
  readonly checkpoint: LaneCheckpoint | null;
  /** Rows whose cursor is NULL follow the last page. */
  readonly includeNulls: boolean;
  readonly target: FileTarget;
  readonly upload: UploadHandle;
  readonly format: FileFormat;
  /** The rows, in the format's CSV, become a Parquet file: it is written whole, or starts again. Absent: they stay as they are. */
  readonly parquet?: { readonly engine: ParquetEngine; readonly columns: readonly ParquetColumn[] };
  readonly sizes: RowSizes;
  /** Parts of this chunk. A read without a key has no chunks: it ends at its end. */
  readonly maxParts: number;
  readonly budget: MemoryBudget;
  readonly progress: TransferProgress;
  /** Aborted when the worker is asked to stop: the part under way is finished. */
  readonly draining: AbortSignal;
  /** Rows that were read, page by page. */
  rowsRead(rows: number): void;
  /** Called in the order of the parts, for each one that the target confirmed and behind which a read can go on. */
  confirmed(checkpoint: LaneCheckpoint): void;
}

export interface UnloadOutcome {
  /** Zero bytes and `done`: nothing was written, an empty object is the caller's to put. */
  readonly checkpoint: LaneCheckpoint;
  readonly done: boolean;
}

interface Work extends UnloadLane {
  readonly start: LaneCheckpoint;
  readonly parts: PartBuilder;
  readonly packing: PagePacking;
  readonly memory: UnloadMemory;
  readonly signal: AbortSignal;
}

interface Count {
  rows: number;
  rawBytes: number;
  /** The next bytes are the first of the object. */
  isFirst: boolean;
}

const tooLarge = Symbol('too large');

/** The bytes of a page into `room`, or `tooLarge`. */
const readPage = async (
  work: Work,
  stream: RowStream,
  room: Buffer,
): Promise<{ readonly bytes: number; readonly rows: number } | typeof tooLarge> => {
  const most = Math.min(room.length, work.memory.pageBytesMax);
  let bytes = 0;
  for await (const chunk of stream) {
    work.progress.read(chunk.length);
    // What came so far is forgotten.
    if (bytes + chunk.length > most) return tooLarge;
    chunk.copy(room, bytes);
    bytes += chunk.length;
  }
  const rows = stream.rows();
  work.rowsRead(rows);
  return { bytes, rows };
};

const requireSmaller = (work: Work, sizer: PageSizer, rows: number): void => {
  if (sizer.tooLarge(rows)) return;
  throw new TidemarkError(
    rowTooLarge,
    `writing ${JSON.stringify(work.upload.order.address.key)}: one row has more than ${String(work.memory.pageBytesMax)} bytes, which is all that a page may have`,
    { details: { pageBytes: work.memory.pageBytesMax } },
  );
};

/** Stops between pages: at the end of the share, or when the worker stops and the part under way is done. */
const stopCheck = (work: Work): (() => boolean) => {
  let closedWhenAsked: number | null = null;
  return () => {
    const { closed } = work.parts;
    if (closed >= work.maxParts) return true;
    if (!work.draining.aborted) return false;
    closedWhenAsked ??= closed;
    if (closed === closedWhenAsked && !work.packing.isAtPartEnd) return false;
    throw new TidemarkError(draining, `${String(closed)} parts are done, the worker stops`);
  };
};

const withHeader = (work: Work, count: Count): boolean =>
  count.isFirst && work.format.rows.kind === 'csv' && work.format.rows.header;

/** True when the last page was read; false when the share of this chunk is done. */
const readPages = async (work: Work, count: Count): Promise<boolean> => {
  const { start, memory, reader, packing } = work;
  const sizer = new PageSizer({ ...work.sizes, pageBytes: memory.pageBytes }, start);
  const bounds = { after: start.upper ?? work.after, upTo: work.upTo };
  const header = withHeader(work, count);
  const walk = new PageWalk({ reader, ...bounds, header, sizer }, work.signal);
  const isStopped = stopCheck(work);
  try {
    while (!isStopped()) {
      const page = await walk.next();
      const read = await readPage(work, page.stream, await packing.room());
      if (read === tooLarge) {
        requireSmaller(work, sizer, page.rows);
        walk.again(page, withHeader(work, count));
        continue;
      }
      sizer.took(read.rows, read.bytes);
      count.rows += read.rows;
      count.rawBytes += read.bytes;
      count.isFirst = false;
      const { rows, rawBytes } = count;
      // Behind the last page nobody knows the key: only the end of the lane counts there.
      const point = { rows, rawBytes, upper: page.end, resumes: page.end !== null };
      await packing.took(read.bytes, point);
      if (page.end === null) return true;
    }
    return false;
  } finally {
    walk.stop();
  }
};

/** A stream of the source whose bytes are counted as read. */
const counted = ({ progress }: Work, stream: RowStream): RowStream => {
  async function* pieces(): AsyncGenerator<Buffer> {
    for await (const chunk of stream) {
      progress.read(chunk.length);
      yield chunk;
    }
  }
  return { [Symbol.asyncIterator]: pieces, rows: () => stream.rows() };
};

/** A whole stream; its parts close anywhere, and nothing goes on in its middle. */
const readThrough = async (work: Work, count: Count, stream: RowStream): Promise<void> => {
  const { packing, memory } = work;
  const { rows } = count;
  let filled = 0;
  const cut = async (): Promise<void> => {
    if (filled === 0) return;
    count.rawBytes += filled;
    const point = { rows, rawBytes: count.rawBytes, upper: null, resumes: false };
    await packing.took(filled, point);
    filled = 0;
  };
  for await (const chunk of stream) {
    for (let from = 0; from < chunk.length;) {
      const room = await packing.room();
      const to = Math.min(chunk.length, from + memory.pageBytes - filled);
      chunk.copy(room, filled, from, to);
      filled += to - from;
      from = to;
      if (filled === memory.pageBytes) await cut();
    }
  }
  await cut();
  count.rows += stream.rows();
  work.rowsRead(stream.rows());
  count.isFirst = false;
};

const encoded = (
  { format, progress, signal }: Work,
  { engine, columns }: NonNullable<UnloadLane['parquet']>,
  streams: readonly RowStream[],
): RowStream => {
  const { compression } = format.parquet ?? { compression: 'snappy' };
  return rowsToParquet(streams, { columns, compression }, { engine, progress, signal });
};

const finished = async ({ packing, parts }: Work, count: Count): Promise<UnloadOutcome> => {
  await packing.flush();
  const { rows, rawBytes } = count;
  return { checkpoint: parts.done({ rows, rawBytes, upper: null, resumes: false }), done: true };
};

const readLane = async (work: Work): Promise<UnloadOutcome> => {
  const { start, parts, reader, signal } = work;
  const count: Count = { rows: start.rows, rawBytes: start.rawBytes, isFirst: start.parts === 0 };
  const nulls = work.includeNulls ? [counted(work, reader.readNulls(signal))] : [];
  if (work.parquet !== undefined) {
    const { after, upTo } = work;
    const whole = counted(work, reader.read({ after, upTo, header: false }, signal));
    await readThrough(work, count, encoded(work, work.parquet, [whole, ...nulls]));
    return finished(work, count);
  }
  if (work.hasKey) {
    if (!(await readPages(work, count))) {
      await parts.settled();
      return { checkpoint: parts.checkpoint, done: false };
    }
  } else {
    const header = withHeader(work, count);
    const whole = reader.read({ after: null, upTo: null, header }, signal);
    await readThrough(work, count, counted(work, whole));
  }
  for (const stream of nulls) await readThrough(work, count, stream);
  return finished(work, count);
};

const memoryOf = (lane: UnloadLane, start: LaneCheckpoint): UnloadMemory => {
  const { sizes, format, budget } = lane;
  const partBytes = partBytesOf(sizes.partBytes, start.parts + 1);
  const wanted = unloadMemory({ ...sizes, partBytes }, format.compression, budget.totalBytes);
  if (wanted.rawBytes + wanted.bodyBytes <= budget.totalBytes) return wanted;
  return unloadMemory(sizes, format.compression, budget.totalBytes);
};

const packingOf = (
  lane: UnloadLane,
  memory: UnloadMemory,
  parts: PartBuilder,
  io: {
    readonly raw: Buffer;
    readonly signal: AbortSignal;
    readonly failed: (error: unknown) => void;
  },
): PagePacking => {
  if (lane.format.compression === 'none') return plainPacking(parts);
  const raws = new LaneBuffers(io.raw, lane.budget, membersAtOnce);
  const { signal, failed } = io;
  return new GzipPacking({ parts, raws, memory, maxParts: lane.maxParts, signal, failed });
};

/**
 * Writes the rows of one lane into its upload, at most `maxParts` parts of them. Throws `rows/row-too-large`,
 * `transfer/worker-stops`, `format/bad-parquet`, and what source and target throw.
 */
export const unloadLane = async (lane: UnloadLane, outer: AbortSignal): Promise<UnloadOutcome> => {
  const start = lane.checkpoint ?? noParts;
  if (start.done) return { checkpoint: start, done: true };
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  // Every part and page under way listens to it: many, and no leak.
  setMaxListeners(0, signal);
  const failed = (error: unknown): void => {
    stop.abort(error);
  };
  const memory = memoryOf(lane, start);
  using lease = await lane.budget.take(memory.rawBytes + memory.bodyBytes, signal);
  const own = lease.buffer.subarray(memory.rawBytes);
  using bodies = new LaneBuffers(own, lane.budget, partsAtOnce);
  const { target, upload, progress } = lane;
  const confirmed: UnloadLane['confirmed'] = (checkpoint) => {
    lane.confirmed(checkpoint);
  };
  const { partBytes } = lane.sizes;
  const { spareBytes } = memory;
  const parts = new PartBuilder(
    { partBytes, spareBytes, target, upload, start, progress, signal, failed, confirmed },
    bodies,
  );
  const raw = lease.buffer.subarray(0, memory.rawBytes);
  const packing = packingOf(lane, memory, parts, { raw, signal, failed });
  progress.phase = 'copying';
  try {
    return await readLane({ ...lane, start, parts, packing, memory, signal });
  } catch (error) {
    // A failed part ended the reading: its own error says more than the end does.
    const cause: unknown = stop.signal.aborted ? stop.signal.reason : error;
    stop.abort(error);
    throw outer.aborted ? outer.reason : cause;
  } finally {
    await packing.ended();
  }
};
