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

  /** Returns when `bytes` more may cross the wire; rejects with the signal's reason, and then they cost nothing. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const burstMs = 250;
    const now = this.#nowMs();
    const costMs = bytes / this.#bytesPerMs;
    this.#paidUntilMs = Math.max(this.#paidUntilMs, now - burstMs) + costMs;
    const waitMs = this.#paidUntilMs - now;
    if (waitMs <= 0) return;
    try {
      await sleep(waitMs, undefined, { signal });
    } catch (error) {
      this.#paidUntilMs -= costMs;
      signal.throwIfAborted();
      throw error;
    }
  }
}
