/**
 * Parts of one object from pages of rows. Keeps true: a part is a whole number of pages (or of gzip members of whole
 * pages); parts are numbered without gaps; a checkpoint advances only over parts that the target confirmed up to it.
 */
import { crc32 } from 'node:zlib';
import type { FileTarget } from '../connectors/connector.js';
import { invariant } from '../core/errors/invariant.js';
import type { PartRecord, UploadHandle } from '../core/plan/file.js';
import type { RowKey } from '../core/plan/rows.js';
import type { LaneCheckpoint } from '../core/run/lane.js';
import { formatCrc32 } from '../core/values/crc32.js';
import type { LaneBuffers, Region } from './lane-buffers.js';
import { chainPart, emptyChain } from './lane-checkpoint.js';
import { partBytesOf } from './page-sizer.js';
import { crcOfPieces } from './parts.js';
import type { TransferProgress } from './transfer-progress.js';

/** Where the lane is behind a page. */
export interface LanePoint {
  readonly rows: number;
  readonly rawBytes: number;
  readonly upper: RowKey | null;
  /** A read can go on from here. */
  readonly resumes: boolean;
}

export const noParts: LaneCheckpoint = {
  parts: 0,
  bytes: 0,
  rawBytes: 0,
  rows: 0,
  crc32: '00000000',
  digest: emptyChain,
  upper: null,
  done: false,
};

export interface PartsOrder {
  /** Least bytes of the first parts. */
  readonly partBytes: number;
  /** Bytes of a buffer beyond those of its part, for the page that fills it. */
  readonly spareBytes: number;
  readonly target: FileTarget;
  readonly upload: UploadHandle;
  readonly start: LaneCheckpoint;
  readonly progress: TransferProgress;
  readonly signal: AbortSignal;
  /** The first failure of a part ends the lane. */
  failed(error: unknown): void;
  /** Parts up to this one are confirmed, and a read can go on behind it. In the order of the numbers. */
  confirmed(checkpoint: LaneCheckpoint): void;
}

interface Confirmed {
  readonly record: PartRecord;
  readonly point: LanePoint;
}

export class PartBuilder {
  readonly #order: PartsOrder;
  readonly #buffers: LaneBuffers;
  #body: Region | null = null;
  #used = 0;
  #point: LanePoint;
  /** Parts that were closed, with those of earlier chunks. */
  #closed: number;
  #position: number;
  #chain: LaneCheckpoint;
  #checkpoint: LaneCheckpoint;
  readonly #early = new Map<number, Confirmed>();
  readonly #running = new Set<Promise<void>>();

  constructor(order: PartsOrder, buffers: LaneBuffers) {
    const { start } = order;
    this.#order = order;
    this.#buffers = buffers;
    this.#point = { ...start, resumes: true };
    this.#closed = start.parts;
    this.#position = start.bytes;
    this.#chain = start;
    this.#checkpoint = start;
  }

  /** Parts of this chunk that are closed. */
  get closed(): number {
    return this.#closed - this.#order.start.parts;
  }

  /** Number of the part that is being filled. */
  get number(): number {
    return this.#closed + 1;
  }

  get usedBytes(): number {
    return this.#used;
  }

  /** The newest checkpoint from which a read can go on. */
  get checkpoint(): LaneCheckpoint {
    return this.#checkpoint;
  }

  /** The free room of the part that is being filled. */
  async room(): Promise<Buffer> {
    if (this.#body === null) {
      const needed = partBytesOf(this.#order.partBytes, this.number) + this.#order.spareBytes;
      if (needed > this.#buffers.bufferBytes) {
        await this.settled();
        this.#buffers.grow(needed);
      }
      this.#body = await this.#buffers.take(this.#order.signal);
    }
    return this.#body.buffer.subarray(this.#used);
  }

  /** That many bytes of the room were filled, up to `point`; a full part is sent. */
  filled(bytes: number, point: LanePoint): void {
    this.#used += bytes;
    this.#point = point;
    const wanted = partBytesOf(this.#order.partBytes, this.number);
    // Where the budget has no larger buffer parts stay as they are.
    const possible = this.#buffers.bufferBytes - this.#order.spareBytes;
    if (this.#used >= Math.min(wanted, possible)) this.close();
  }

  /** Sends the part; it is confirmed later. */
  close(): void {
    const region = this.#body;
    if (region === null) return;
    const size = this.#used;
    const sent = this.#send(region, size, this.#point).finally(() => {
      region.giveBack();
      this.#running.delete(sent);
    });
    sent.catch((error: unknown) => {
      this.#order.failed(error);
    });
    this.#running.add(sent);
    this.#closed++;
    this.#position += size;
    this.#body = null;
    this.#used = 0;
  }

  async #send(region: Region, size: number, point: LanePoint): Promise<void> {
    const { target, upload, progress, signal } = this.#order;
    const number = this.number;
    const body = region.buffer.subarray(0, size);
    const record = await target.writePart(
      upload,
      { number, position: this.#position, crc32: formatCrc32(crc32(body)) },
      body,
      { progress: progress.written, signal },
    );
    progress.confirmedBytes += size;
    this.#early.set(number, { record, point });
    this.#advance();
  }

  #advance(): void {
    for (;;) {
      const next = this.#early.get(this.#chain.parts + 1);
      if (next === undefined) return;
      const { record, point } = next;
      this.#early.delete(record.number);
      this.#chain = {
        parts: record.number,
        bytes: this.#chain.bytes + record.size,
        rawBytes: point.rawBytes,
        rows: point.rows,
        crc32: crcOfPieces([
          { crc32: this.#chain.crc32, size: this.#chain.bytes },
          { crc32: record.crc32, size: record.size },
        ]),
        digest: chainPart(this.#chain.digest, record),
        upper: point.upper,
        done: false,
      };
      if (!point.resumes) continue;
      this.#checkpoint = this.#chain;
      this.#order.confirmed(this.#chain);
    }
  }

  /** Waits until every part that was closed is confirmed. Throws the first failure. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
    // One that failed before is not under way any more; its failure is the signal's reason.
    this.#order.signal.throwIfAborted();
  }

  /** Waits until nothing uses a buffer any more, and forgets the part that was being filled. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#running);
    this.#body?.giveBack();
    this.#body = null;
    this.#used = 0;
  }

  /** Everything was read and confirmed. */
  done(point: LanePoint): LaneCheckpoint {
    invariant(this.#chain.parts === this.#closed, 'every part of a lane that is done is confirmed');
    const { rows, rawBytes, upper } = point;
    this.#checkpoint = { ...this.#chain, rows, rawBytes, upper, done: true };
    return this.#checkpoint;
  }
}
