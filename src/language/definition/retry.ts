/** `retry_policy` (D19): attempts without progress. */
import type { RetrySpec } from '../../core/plan/plan.js';
import type { RetryShape } from './shapes.js';

/** Thirty attempts without progress at the worker's own interval (10 s): a server may be away for five minutes. */
export const defaultRetry: RetrySpec = {
  attemptsWithoutProgress: 30,
  delayMs: 0,
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
