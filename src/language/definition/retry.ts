/** `retry_policy` (D19): attempts without progress. */
import type { RetrySpec } from '../../core/plan/plan.js';
import type { RetryShape } from './shapes.js';

/** Five attempts without progress, ten seconds apart (design §5: `initialInterval` 10 s, coefficient 1). */
export const defaultRetry: RetrySpec = {
  attemptsWithoutProgress: 30,
  delayMs: 10_000,
  backoff: 'constant',
};

/** `max_retries` counts retries, so there is one attempt more. What is not given comes from `defaults`. */
export const retrySpec = (shape: RetryShape | undefined, defaults: RetrySpec): RetrySpec => ({
  attemptsWithoutProgress:
    shape?.max_retries === undefined ? defaults.attemptsWithoutProgress : shape.max_retries + 1,
  delayMs:
    shape?.delay_seconds === undefined ? defaults.delayMs : Math.round(shape.delay_seconds * 1000),
  backoff: shape?.backoff_type ?? defaults.backoff,
});
