/** Asks again and again until there is an answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DemoError } from './child-program.js';

export interface Patience {
  /** Said when there is no answer in time. */
  readonly what: string;
  readonly timeoutMs: number;
  /** Pause between two questions. */
  readonly pauseMs: number;
  readonly signal: AbortSignal;
}

/** The first answer that is not null. */
export const waitUntil = async <T>(
  ask: () => Promise<T | null>,
  { what, timeoutMs, pauseMs, signal }: Patience,
): Promise<T> => {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > deadlineMs) {
      throw new DemoError(`waited ${String(timeoutMs / 1000)} s in vain for ${what}`);
    }
    await sleep(pauseMs, undefined, { signal });
  }
};
