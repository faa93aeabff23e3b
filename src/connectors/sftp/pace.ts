/**
 * How many bytes one connection keeps under way: learnt from the round trip and the rate, in steps.
 *
 * Keeps true: at a round trip of about 0 the protocol's own window stays (a wide one halves the speed there); on a
 * long line the window grows like TCP's slow start up to 32 MB. Measured in performance.md §2b.
 */
import type { SftpClient } from './client.js';

const STOCK_WINDOW_BYTES = 2 * 1024 * 1024;
const FIRST_WINDOW_BYTES = 4 * 1024 * 1024;
const WINDOW_BYTES_MAX = 32 * 1024 * 1024;
/** Below this a line counts as local. */
const LOCAL_ROUND_TRIP_MS = 3;
const INTERVAL_MS = 100;
const OUTSTANDING_MIN = 16;
const OUTSTANDING_MAX = 256;
/** What every server takes; for those that answer large requests short. */
const SMALL_REQUEST_BYTES = 32 * 1024;
const SHORT_ANSWERS_MAX = 3;

export class Pace {
  readonly #client: SftpClient;
  #windowBytes = FIRST_WINDOW_BYTES;
  #intervalStart = performance.now();
  #intervalBytes = 0;
  #shortAnswers = 0;

  constructor(client: SftpClient) {
    this.#client = client;
  }

  get #distant(): boolean {
    return this.#client.roundTripMs >= LOCAL_ROUND_TRIP_MS;
  }

  get windowBytes(): number {
    return this.#distant && this.#client.widens ? this.#windowBytes : STOCK_WINDOW_BYTES;
  }

  get readBytes(): number {
    const most = this.#client.readBytesMax;
    return this.#shortAnswers < SHORT_ANSWERS_MAX ? most : Math.min(most, SMALL_REQUEST_BYTES);
  }

  get outstandingReads(): number {
    const bytes = this.#distant
      ? Math.max(this.windowBytes, FIRST_WINDOW_BYTES)
      : FIRST_WINDOW_BYTES;
    const reads = Math.floor(bytes / this.readBytes);
    return Math.min(OUTSTANDING_MAX, Math.max(OUTSTANDING_MIN, reads));
  }

  /** An answer that was shorter than asked, before the end of the file. */
  answeredShort(): void {
    this.#shortAnswers++;
  }

  /** Counts what arrived and keeps the window open. */
  arrived(bytes: number): void {
    if (!this.#distant) return;
    this.#intervalBytes += bytes;
    const now = performance.now();
    const elapsedMs = now - this.#intervalStart;
    const roundTripMs = this.#client.roundTripMs;
    if (elapsedMs >= Math.max(INTERVAL_MS, 3 * roundTripMs)) {
      const underWay = (2 * this.#intervalBytes * roundTripMs) / elapsedMs;
      if (underWay > 1.4 * this.#windowBytes) {
        this.#windowBytes = Math.min(WINDOW_BYTES_MAX, 2 * this.#windowBytes);
      }
      this.#intervalStart = now;
      this.#intervalBytes = 0;
    }
    this.#client.keepWindow(this.windowBytes);
  }
}
