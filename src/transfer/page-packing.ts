/**
 * How pages become bytes of parts: as they are, or as members of a gzip file. Keeps true: what is in a part was not copied
 * more than once, and a lane's memory is what `unloadMemory` says.
 */
import { gzipMember } from '../formats/compression.js';
import type { RowSizes } from '../core/plan/rows.js';
import type { LaneBuffers, Region } from './lane-buffers.js';
import type { LanePoint, PartBuilder } from './part-builder.js';

/** Input of one gzip member: small enough to work on several at once, large enough to compress well. */
const memberBytesMax = 8 * 1024 * 1024;
/** A page that does not fit is made smaller by this much, and never as small. */
const stepBytes = 64 * 1024;

export interface UnloadMemory {
  /** Least bytes at which a page is cut, or closed where no key says its end. */
  readonly pageBytes: number;
  /** A page may have this many bytes, no more. */
  readonly pageBytesMax: number;
  readonly memberBytes: number;
  /** Buffer of pages that wait for compression; 0 without compression. */
  readonly rawBytes: number;
  /** Buffer of one part, and how much of it is for the page or member that fills it. */
  readonly bodyBytes: number;
  readonly spareBytes: number;
}

/** deflate's worst case, with header and trailer. */
const compressedMax = (bytes: number): number => bytes + 5 * Math.ceil(bytes / 16_384) + 64;

const memoryFor = (pageBytes: number, partBytes: number, gzip: boolean): UnloadMemory => {
  const pageBytesMax = 2 * pageBytes;
  // A page of the usual size is a member of its own, small ones are put together: the less to hold, the larger the pages.
  const memberBytes = Math.min(memberBytesMax, Math.ceil(pageBytes / 2));
  const rawBytes = gzip ? memberBytes + pageBytesMax : 0;
  const spareBytes = gzip ? compressedMax(rawBytes) : pageBytesMax;
  const bodyBytes = partBytes + spareBytes;
  return { pageBytes, pageBytesMax, memberBytes, rawBytes, bodyBytes, spareBytes };
};

/**
 * What a lane holds at least. Pages are made smaller where the worker's budget is small: half of it must do for one lane,
 * so that reading and writing overlap.
 */
export const unloadMemory = (
  sizes: Pick<RowSizes, 'pageBytes' | 'partBytes'>,
  compression: 'none' | 'gzip',
  budgetBytes: number,
): UnloadMemory => {
  const isGzip = compression === 'gzip';
  let pageBytes = sizes.pageBytes;
  let memory = memoryFor(pageBytes, sizes.partBytes, isGzip);
  while (memory.rawBytes + memory.bodyBytes > budgetBytes / 2 && pageBytes > stepBytes) {
    pageBytes -= stepBytes;
    memory = memoryFor(pageBytes, sizes.partBytes, isGzip);
  }
  return memory;
};

export interface PagePacking {
  /** Where the bytes of the next page go: a page's most bytes, or more. The same room again until `took`. */
  room(): Promise<Buffer>;
  /** A page of that many bytes is in the room, up to `point`. */
  took(bytes: number, point: LanePoint): Promise<void>;
  /** Nothing follows: what is left becomes the last part. */
  flush(): Promise<void>;
  /** Nothing is on its way to a part. */
  readonly isAtPartEnd: boolean;
  /** Waits for what is under way and gives back its buffers. */
  ended(): Promise<void>;
}

/** COPY chunks go straight into the part's buffer. */
export const plainPacking = (parts: PartBuilder): PagePacking => ({
  room: () => parts.room(),
  took: (bytes, point) => {
    parts.filled(bytes, point);
    return Promise.resolve();
  },
  flush: () => {
    if (parts.usedBytes > 0) parts.close();
    return parts.settled();
  },
  get isAtPartEnd() {
    return parts.usedBytes === 0;
  },
  ended: () => parts.ended(),
});

export interface GzipOrder {
  readonly parts: PartBuilder;
  readonly raws: LaneBuffers;
  readonly memory: UnloadMemory;
  readonly maxParts: number;
  readonly signal: AbortSignal;
  failed(error: unknown): void;
}

/** Members are compressed while the next one is filled, and put into parts in their order. */
export class GzipPacking implements PagePacking {
  readonly #order: GzipOrder;
  #raw: Region | null = null;
  #used = 0;
  #point: LanePoint | null = null;
  #chain: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(order: GzipOrder) {
    this.#order = order;
  }

  get isAtPartEnd(): boolean {
    return this.#used === 0 && this.#waiting === 0 && this.#order.parts.usedBytes === 0;
  }

  async room(): Promise<Buffer> {
    this.#raw ??= await this.#order.raws.take(this.#order.signal);
    return this.#raw.buffer.subarray(this.#used);
  }

  async took(bytes: number, point: LanePoint): Promise<void> {
    const { memory, parts, maxParts } = this.#order;
    this.#used += bytes;
    this.#point = point;
    const room = memory.rawBytes - this.#used;
    if (this.#used < memory.memberBytes && room >= memory.pageBytesMax) return;
    this.#seal();
    // In the last part of the chunk's share nothing is read ahead: it would be read again.
    if (parts.closed >= maxParts - 1) await this.#chain;
  }

  #seal(): void {
    const region = this.#raw;
    const point = this.#point;
    if (region === null || point === null) return;
    const member = gzipMember(region.buffer.subarray(0, this.#used));
    member.catch(() => undefined);
    const before = this.#chain;
    this.#waiting++;
    this.#chain = (async () => {
      try {
        await before;
        await this.#pack(await member, point);
      } finally {
        // Not before the member is done: the pool of threads reads the buffer.
        await member.catch(() => undefined);
        region.giveBack();
        this.#waiting--;
      }
    })();
    this.#chain.catch((error: unknown) => {
      this.#order.failed(error);
    });
    this.#raw = null;
    this.#used = 0;
    this.#point = null;
  }

  async #pack(member: Buffer, point: LanePoint): Promise<void> {
    const { parts } = this.#order;
    member.copy(await parts.room());
    parts.filled(member.length, point);
  }

  async flush(): Promise<void> {
    const { parts } = this.#order;
    if (this.#used > 0) this.#seal();
    await this.#chain;
    if (parts.number === 1 && parts.usedBytes === 0) {
      // No byte at all is no gzip file: an empty member is.
      const nothing = { rows: 0, rawBytes: 0, upper: null, resumes: false };
      await this.#pack(await gzipMember(Buffer.alloc(0)), nothing);
    }
    if (parts.usedBytes > 0) parts.close();
    await parts.settled();
  }

  async ended(): Promise<void> {
    await this.#chain.catch(() => undefined);
    this.#raw?.giveBack();
    this.#raw = null;
    this.#used = 0;
    await this.#order.parts.ended();
  }
}
