/**
 * One direction of a proxied connection: chunks go in when they arrive and out when their time has come.
 * Keeps true: order; the delay counts from arrival, so chunks under way overlap; what is
 * on the line is limited before the sender is paused: to what it carries in a quarter of a second and its delay, at most
 * 64 MB (more than any window of our clients), so that a sender that dies takes with it what it has not sent.
 */
import type { Socket } from 'node:net';

const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
/** Beside the delay. */
const QUEUE_MS = 250;

export interface DelayedPipeOptions {
  readonly from: Socket;
  readonly to: Socket;
  readonly delayMs: number;
  /** Infinity: no limit. */
  readonly bytesPerSecond: number;
}

export interface DelayedPipe {
  /** While held, nothing is forwarded; arrivals wait. */
  hold(on: boolean): void;
  /** Forgets what waits and forwards nothing any more. */
  stop(): void;
}

interface Waiting {
  /** undefined: the sender ended its side. */
  readonly chunk: Buffer | undefined;
  readonly dueMs: number;
}

/** @param admit called with each chunk when it is forwarded; answers what of it may pass */
export function createDelayedPipe(
  { from, to, delayMs, bytesPerSecond }: DelayedPipeOptions,
  admit: (chunk: Buffer) => Buffer,
): DelayedPipe {
  const queueBytesMax = Math.min(QUEUE_BYTES_MAX, ((QUEUE_MS + delayMs) / 1000) * bytesPerSecond);
  let queue: Waiting[] = [];
  let queueBytes = 0;
  let lineFreeMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let held = false;
  let stopped = false;

  const enqueue = (chunk: Buffer | undefined): void => {
    const bytes = chunk?.length ?? 0;
    const nowMs = performance.now();
    lineFreeMs = Math.max(lineFreeMs, nowMs) + (bytes / bytesPerSecond) * 1000;
    queue.push({ chunk, dueMs: lineFreeMs + delayMs });
    queueBytes += bytes;
    if (queueBytes > queueBytesMax) from.pause();
    schedule();
  };

  const schedule = (): void => {
    const next = queue[0];
    if (timer !== undefined || next === undefined || held || stopped) return;
    const waitMs = next.dueMs - performance.now();
    if (waitMs <= 0 && !to.writableNeedDrain) {
      release();
      return;
    }
    // A receiver that is behind wakes us by `drain`.
    if (to.writableNeedDrain) return;
    timer = setTimeout(() => {
      timer = undefined;
      release();
    }, waitMs);
  };

  const release = (): void => {
    const nowMs = performance.now();
    let taken = 0;
    // Half a millisecond early is nearer than a timer's next tick.
    while (!stopped && !to.writableNeedDrain && (queue[taken]?.dueMs ?? Infinity) <= nowMs + 0.5) {
      forward(queue[taken]?.chunk);
      taken += 1;
    }
    queue = queue.slice(taken);
    if (queueBytes <= queueBytesMax / 2) from.resume();
    if (taken > 0 || !stopped) schedule();
  };

  const forward = (chunk: Buffer | undefined): void => {
    if (chunk === undefined) {
      to.end();
      return;
    }
    queueBytes -= chunk.length;
    const admitted = admit(chunk);
    if (admitted.length > 0 && to.writable) to.write(admitted);
    if (admitted.length < chunk.length) stopped = true;
  };

  from.on('data', enqueue).once('end', () => enqueue(undefined));
  to.on('drain', schedule);
  return {
    hold: (on) => {
      held = on;
      if (on) {
        clearTimeout(timer);
        timer = undefined;
      } else schedule();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      queue = [];
    },
  };
}
