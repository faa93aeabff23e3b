/**
 * `bytes_per_second` of a connection: a token bucket shared by every transfer of the process over that connection.
 * Waiters are served in turn. The bucket holds a quarter of a second, so that the line is used evenly.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export class RateLimit {
  readonly #bytesPerMs: number;
  /** The moment at which everything promised so far will have been paid. */
  #paidUntilMs = 0;
  readonly #nowMs: () => number;

  constructor(bytesPerSecond: number, nowMs: () => number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#nowMs = nowMs;
  }

  /** Returns when `bytes` more may cross the wire; rejects when the signal aborts. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    const burstMs = 250;
    const now = this.#nowMs();
    this.#paidUntilMs = Math.max(this.#paidUntilMs, now - burstMs) + bytes / this.#bytesPerMs;
    const waitMs = this.#paidUntilMs - now;
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
  }
}
