/**
 * Our own bounded retry. The driver's is off: a call that changes something is repeated only by code that knows
 * whether it still may (correctness §2.4), and everything else waits the same short, predictable time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf, isPassing } from './errors.js';

/** Four tries: at once, then after these waits. */
export const retryDelaysMs: readonly number[] = [200, 650, 2000];

/** Waits; rejects with the signal's reason. */
export const pause = async (delayMs: number, signal: AbortSignal): Promise<void> => {
  signal.throwIfAborted();
  try {
    await sleep(delayMs, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
};

/** Runs a step that may be repeated without harm. Throws the S3Failure of the last try. */
export const withRetries = async <T>(signal: AbortSignal, step: () => Promise<T>): Promise<T> => {
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await step();
    } catch (error) {
      signal.throwIfAborted();
      const failure = failureOf(error);
      const delayMs = retryDelaysMs[attempt];
      if (delayMs === undefined || !isPassing(failure)) throw failure;
      await pause(delayMs, signal);
    }
  }
};
