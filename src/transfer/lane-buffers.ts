/**
 * Buffers of one size for one lane. One of them is the lane's own and was leased before the lane began; others come from
 * the budget only where it has them at once. So a lane that waits waits for work of its own, and lanes that share a small
 * budget never wait for each other in a circle.
 */
import type { Lease, MemoryBudget } from './memory-budget.js';

export interface Region {
  readonly buffer: Buffer;
  /** Nobody uses it any more. Once. */
  giveBack(): void;
}

export class LaneBuffers {
  readonly #budget: MemoryBudget;
  readonly #most: number;
  #bufferBytes: number;
  /** Instead of the first own buffer, once it had to grow. */
  #grown: Lease | null = null;
  #own: Buffer | null;
  #out = 0;
  readonly #waiting: ((region: Region) => void)[] = [];

  constructor(own: Buffer, budget: MemoryBudget, most: number) {
    this.#own = own;
    this.#bufferBytes = own.length;
    this.#budget = budget;
    this.#most = most;
  }

  get bufferBytes(): number {
    return this.#bufferBytes;
  }

  /** Larger buffers from now on, if the budget has one; only while none is out. */
  grow(bytes: number): void {
    if (this.#out > 0) return;
    const lease = this.#budget.tryTake(bytes);
    if (lease === null) return;
    this.#grown?.[Symbol.dispose]();
    this.#grown = lease;
    this.#own = lease.buffer;
    this.#bufferBytes = bytes;
  }

  /** The lane has ended and nothing uses a buffer. */
  [Symbol.dispose](): void {
    this.#grown?.[Symbol.dispose]();
    this.#grown = null;
  }

  /** A buffer if there is one now. */
  tryTake(): Region | null {
    const own = this.#own;
    if (own !== null) {
      this.#own = null;
      this.#out++;
      return this.#region(own, null);
    }
    if (this.#out >= this.#most) return null;
    const extra = this.#budget.tryTake(this.#bufferBytes);
    if (extra === null) return null;
    this.#out++;
    return this.#region(extra.buffer, extra);
  }

  /** A buffer, as soon as the lane gives one back. Rejects when the signal aborts. */
  take(signal: AbortSignal): Promise<Region> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    const now = this.#waiting.length === 0 ? this.tryTake() : null;
    if (now !== null) return Promise.resolve(now);
    return new Promise((resolve, reject) => {
      const granted = (region: Region): void => {
        signal.removeEventListener('abort', onAbort);
        resolve(region);
      };
      const onAbort = (): void => {
        const index = this.#waiting.indexOf(granted);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(granted);
    });
  }

  #region(buffer: Buffer, extra: Lease | null): Region {
    let isOut = true;
    return {
      buffer,
      giveBack: () => {
        if (!isOut) return;
        isOut = false;
        const next = this.#waiting.shift();
        if (next !== undefined) {
          next(this.#region(buffer, extra));
          return;
        }
        this.#out--;
        if (extra === null) this.#own = buffer;
        else extra[Symbol.dispose]();
      },
    };
  }
}
