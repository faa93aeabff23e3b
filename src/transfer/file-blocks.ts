/**
 * The bytes of one file in order, read ahead in several ranges and decompressed where they are compressed.
 *
 * Keeps true: what is read ahead was taken from the budget; a piece that was handed out is never written to again, so
 * whoever gets it may keep it as long as its own line needs.
 */
import type { FileReader } from '../connectors/connector.js';
import { gunzip } from '../formats/compression.js';
import { LaneBuffers, type Region } from './lane-buffers.js';
import type { MemoryBudget } from './memory-budget.js';
import type { TransferProgress } from './transfer-progress.js';

const blockBytesMax = 2 * 1024 * 1024;
const blocksAtOnce = 6;
/** Pieces that are handed out. */
const pieceBytes = 256 * 1024;

export interface BlockOrder {
  /** For messages. */
  readonly path: string;
  readonly reader: FileReader;
  /** As the file's identity says. */
  readonly fileBytes: number;
  readonly budget: MemoryBudget;
  readonly progress: TransferProgress;
  /** A buffer of the caller's own, leased already; without it one is leased. */
  readonly own?: Buffer;
}

interface Block {
  readonly bytes: Buffer;
  readonly region: Region;
}

const readBlock = async (
  order: BlockOrder,
  region: Region,
  position: number,
  signal: AbortSignal,
): Promise<Block> => {
  try {
    const bytes = region.buffer.subarray(
      0,
      Math.min(region.buffer.length, order.fileBytes - position),
    );
    await order.reader.read(position, bytes, order.progress.read, signal);
    return { bytes, region };
  } catch (error) {
    region.giveBack();
    throw error;
  }
};

/** Blocks from `from` on; each is the receiver's until it asks for the next. */
async function* readAhead(
  order: BlockOrder,
  from: number,
  outer: AbortSignal,
): AsyncGenerator<Buffer> {
  if (from >= order.fileBytes) return;
  const left = order.fileBytes - from;
  const wanted = Math.max(1, Math.floor(order.budget.totalBytes / 4));
  const blockBytes = Math.min(order.own?.length ?? Math.min(blockBytesMax, wanted), left);
  using lease = order.own === undefined ? await order.budget.take(blockBytes, outer) : null;
  const own = (lease?.buffer ?? order.own ?? Buffer.alloc(0)).subarray(0, blockBytes);
  using buffers = new LaneBuffers(own, order.budget, blocksAtOnce);
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  const ahead: Promise<Block>[] = [];
  let next = from;
  const fill = (): void => {
    while (next < order.fileBytes && ahead.length < blocksAtOnce) {
      const region = buffers.tryTake();
      if (region === null) return;
      const block = readBlock(order, region, next, signal);
      block.catch(() => undefined);
      ahead.push(block);
      next += blockBytes;
    }
  };
  try {
    for (;;) {
      fill();
      const block = await ahead.shift();
      if (block === undefined) return;
      try {
        yield block.bytes;
      } finally {
        block.region.giveBack();
      }
    }
  } finally {
    stop.abort(new Error('nobody reads on'));
    for (const late of await Promise.allSettled(ahead)) {
      if (late.status === 'fulfilled') late.value.region.giveBack();
    }
  }
}

/** Pieces of a plain file from `from` on. */
async function* plainPieces(
  order: BlockOrder,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const block of readAhead(order, from, signal)) {
    for (let at = 0; at < block.length; at += pieceBytes) {
      // A copy: the receiver's line may still hold the piece when the block is read into again.
      yield Buffer.from(block.subarray(at, at + pieceBytes));
    }
  }
}

/** The bytes of the file as records see them, from `from` (an offset of the uncompressed stream) on. */
export async function* filePieces(
  order: BlockOrder,
  place: { readonly compression: 'none' | 'gzip'; readonly from: number },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  if (place.compression === 'none') {
    yield* plainPieces(order, place.from, signal);
    return;
  }
  let position = 0;
  for await (const piece of gunzip(readAhead(order, 0, signal))) {
    const skip = Math.max(0, place.from - position);
    position += piece.length;
    if (skip < piece.length) yield piece.subarray(skip);
  }
}
