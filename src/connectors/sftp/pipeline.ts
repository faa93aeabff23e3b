/**
 * The order in which requests of many transfers leave on one connection: first come, first served, with a bounded
 * number outstanding that is never drained between two transfers.
 *
 * Keeps true: a transfer settles only when none of its requests is outstanding, so its buffer belongs to the caller
 * again; a cancelled transfer settles within `ABORT_GRACE_MS`, if need be by giving up the connection.
 */

import { onAbort } from './abort.js';

/** One stretch of bytes to move with as many requests as it takes. */
export interface Transfer {
  readonly length: number;
  /** Moves that stretch; `offset` counts from the start of the transfer. Called in order, not awaited in order. */
  move(offset: number, length: number): Promise<void>;
  /** Waits until that many bytes may be asked for. */
  throttle(bytes: number): Promise<void>;
  readonly signal: AbortSignal;
}

export interface PipelineLimits {
  /** Requests that may be outstanding. */
  outstanding(): number;
  /** Bytes of one request. */
  requestBytes(): number;
}

/** How long a cancelled transfer waits for answers before the connection is given up. */
export const ABORT_GRACE_MS = 400;

class Entry {
  readonly transfer: Transfer;
  readonly settled: Promise<void>;
  #settle: { readonly resolve: () => void; readonly reject: (reason: unknown) => void };
  #next = 0;
  #outstanding = 0;
  #failure: { readonly reason: unknown } | undefined;

  constructor(transfer: Transfer) {
    this.transfer = transfer;
    const { promise, resolve, reject } = promiseParts();
    this.settled = promise;
    this.#settle = { resolve, reject };
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }
  /** Nothing left to send. */
  get sent(): boolean {
    return this.failed || this.#next >= this.transfer.length;
  }

  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.settleIfDone();
  }

  /** The next stretch. It counts as outstanding from here on: the caller sends it or drops it. */
  take(most: number): { readonly offset: number; readonly length: number } {
    this.#outstanding++;
    const offset = this.#next;
    const length = Math.min(most, this.transfer.length - offset);
    this.#next += length;
    return { offset, length };
  }

  /** A stretch that is not sent because the transfer failed while it waited. */
  drop(): void {
    this.#outstanding--;
    this.settleIfDone();
  }

  async send(offset: number, length: number): Promise<void> {
    try {
      await this.transfer.move(offset, length);
    } catch (error) {
      this.#failure ??= { reason: error };
    }
    this.#outstanding--;
    this.settleIfDone();
  }

  settleIfDone(): void {
    if (this.#outstanding > 0 || !this.sent) return;
    if (this.#failure === undefined) this.#settle.resolve();
    else this.#settle.reject(this.#failure.reason);
  }
}

const promiseParts = () => {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<void>((onDone, onFailure) => {
    resolve = onDone;
    reject = onFailure;
  });
  return { promise, resolve, reject };
};

export class Pipeline {
  readonly #limits: PipelineLimits;
  readonly #giveUp: () => void;
  readonly #queue: Entry[] = [];
  #outstanding = 0;
  #pumping = false;
  #wake: (() => void) | undefined;

  /** `giveUp` ends the connection, which makes every outstanding request settle. */
  constructor(limits: PipelineLimits, giveUp: () => void) {
    this.#limits = limits;
    this.#giveUp = giveUp;
  }

  async run(transfer: Transfer): Promise<void> {
    const { signal } = transfer;
    signal.throwIfAborted();
    const entry = new Entry(transfer);
    let grace: NodeJS.Timeout | undefined;
    const release = onAbort(signal, () => {
      grace = setTimeout(this.#giveUp, ABORT_GRACE_MS);
      entry.fail(signal.reason);
    });
    this.#queue.push(entry);
    // Not awaited: it serves all transfers and lives as long as there are any.
    void this.#pump();
    try {
      entry.settleIfDone();
      await entry.settled;
    } finally {
      clearTimeout(grace);
      release();
    }
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    for (let entry = this.#queue[0]; entry !== undefined; entry = this.#queue[0]) {
      if (entry.sent) this.#queue.shift();
      else if (this.#outstanding >= this.#limits.outstanding()) await this.#slot();
      else await this.#sendNext(entry);
    }
    this.#pumping = false;
  }

  #slot(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #sendNext(entry: Entry): Promise<void> {
    const { offset, length } = entry.take(this.#limits.requestBytes());
    try {
      await entry.transfer.throttle(length);
    } catch (error) {
      entry.fail(error);
    }
    if (entry.failed) return entry.drop();
    this.#outstanding++;
    // Not awaited: many are under way; `send` never rejects.
    void entry.send(offset, length).then(() => {
      this.#outstanding--;
      this.#wake?.();
      this.#wake = undefined;
    });
  }
}
