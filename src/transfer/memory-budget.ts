/**
 * The bytes that one worker process may hold in buffers (promise G12). A transfer takes its buffers from here or waits:
 * waiting for a buffer is the back-pressure of every pump. First come, first served, so that nobody starves.
 */
import { TidemarkError } from '../core/errors/error.js';
import { bufferTooLarge } from './errors.js';

export interface Lease extends Disposable {
  readonly buffer: Buffer;
}

interface Waiting {
  readonly bytes: number;
  readonly grant: () => void;
}

export class MemoryBudget {
  readonly #totalBytes: number;
  #usedBytes = 0;
  readonly #waiting: Waiting[] = [];
  /** Buffers of the size that was asked for last; a pump asks for the same size again and again. */
  #spare: Buffer[] = [];

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** What the process holds: buffers in use and spare ones. Never more than the total. */
  get heldBytes(): number {
    return this.#usedBytes + this.#spareBytes();
  }

  /** A buffer of exactly that many bytes; `release` (or dispose) gives it back. Rejects when the signal aborts. */
  async take(bytes: number, signal: AbortSignal): Promise<Lease> {
    if (bytes > this.#totalBytes) {
      throw new TidemarkError(
        bufferTooLarge,
        `a buffer of ${String(bytes)} bytes was asked for, the worker may hold ${String(this.#totalBytes)}`,
      );
    }
    signal.throwIfAborted();
    if (this.#waiting.length > 0 || this.#usedBytes + bytes > this.#totalBytes) {
      await this.#wait(bytes, signal);
    } else {
      this.#usedBytes += bytes;
    }
    return this.#lease(bytes);
  }

  /** A buffer if it is there now and nobody waits; never more than others left. */
  tryTake(bytes: number): Lease | null {
    if (this.#waiting.length > 0 || this.#usedBytes + bytes > this.#totalBytes) return null;
    this.#usedBytes += bytes;
    return this.#lease(bytes);
  }

  #wait(bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        const index = this.#waiting.indexOf(waiting);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(signal.reason as Error);
        this.#grant();
      };
      const waiting: Waiting = {
        bytes,
        grant: () => {
          signal.removeEventListener('abort', onAbort);
          this.#usedBytes += bytes;
          resolve();
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiting);
    });
  }

  #grant(): void {
    for (
      let next = this.#waiting[0];
      next !== undefined && this.#usedBytes + next.bytes <= this.#totalBytes;
      next = this.#waiting[0]
    ) {
      this.#waiting.shift();
      next.grant();
    }
  }

  #spareBytes(): number {
    return this.#spare.reduce((sum, buffer) => sum + buffer.length, 0);
  }

  #lease(bytes: number): Lease {
    const at = this.#spare.findIndex((buffer) => buffer.length === bytes);
    const buffer = at >= 0 ? this.#spare.splice(at, 1)[0] : undefined;
    while (this.#usedBytes + this.#spareBytes() > this.#totalBytes) this.#spare.pop();
    const held = buffer ?? Buffer.allocUnsafeSlow(bytes);
    let isHeld = true;
    return {
      buffer: held,
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#usedBytes -= bytes;
        this.#spare = this.#spare.filter((spare) => spare.length === bytes);
        if (bytes >= 65_536) this.#spare.push(held);
        this.#grant();
      },
    };
  }
}
