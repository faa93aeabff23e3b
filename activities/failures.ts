/**
 * TidemarkError ⇄ ApplicationFailure: the only place that knows both, and the one wrapper around every activity body.
 *
 * What crosses to Temporal is built from our code, message and details; a driver's text and stack stay in the worker's
 * log. An aborted signal is mapped by its reason: a plain AbortError would be reported as "cancelled", which the server
 * refuses when nobody asked for it, and the activity would hang until its heartbeat timeout.
 */
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { defineError, isErrorOf, TidemarkError } from '../src/core/errors/error.js';
import { isStaleCode } from '../src/core/run/stale.js';
import type { JsonObject } from '../src/core/values/json.js';
import { draining } from '../src/transfer/errors.js';
import type { Ports } from './ports.js';

export const unexpected = defineError({
  code: 'activity/unexpected',
  recovery: 'retry',
  summary:
    'An error that Tidemark does not know ended an attempt; its text is in the log of the worker.',
  fix: 'Look at the log of the worker that the failure names; the attempt is repeated.',
});

export const workerShutdown = defineError({
  code: 'activity/worker-shutdown',
  recovery: 'retry',
  summary: 'The worker was asked to stop; another one goes on with the newest progress.',
  fix: 'Nothing.',
});

/** The failure that Temporal records for an error of ours. */
export const toFailure = (error: TidemarkError, details: JsonObject = {}): ApplicationFailure =>
  ApplicationFailure.create({
    type: error.code,
    message: `${error.message}. Fix: ${error.fix}`,
    // A stale unit is started again by its workflow, not tried again as it is.
    nonRetryable: error.kind.recovery !== 'retry' || isStaleCode(error.code),
    details: [{ ...error.details, ...details }],
  });

const shutdownFailure = (): ApplicationFailure =>
  ApplicationFailure.create({
    type: workerShutdown.code,
    message: workerShutdown.summary,
    nextRetryDelay: '1s',
  });

/** What an attempt ends with; `details` are added to failures of ours. */
export const failureOf = (error: unknown, ports: Ports, details: JsonObject): unknown => {
  const context = Context.current();
  if (context.cancellationSignal.aborted) {
    return context.cancellationDetails?.workerShutdown === true
      ? shutdownFailure()
      : cancelled(context.cancellationSignal.reason);
  }
  if (isErrorOf(error, draining)) return shutdownFailure();
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof TidemarkError) {
    if (error.cause !== undefined) log(ports, error.code, error.cause);
    return toFailure(error, details);
  }
  log(ports, 'unexpected error', error);
  const name = error instanceof Error ? error.name : typeof error;
  return toFailure(
    new TidemarkError(unexpected, `${name} in ${context.info.activityType}`),
    details,
  );
};

const cancelled = (reason: unknown): unknown =>
  reason instanceof CancelledFailure ? reason : new CancelledFailure('cancelled');

const log = (ports: Ports, what: string, error: unknown): void => {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  Context.current().log.warn(`${what}: ${ports.redact(text)}`);
};
