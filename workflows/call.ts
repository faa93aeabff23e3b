/**
 * How workflows call activities: names, queues, deadlines and retries in one place.
 *
 * Light activities are short and run on the workflow's own queue; transfers have a queue of their own with slots from
 * the memory budget. A transfer has no `maximumAttempts`: its limit is attempts without progress, and it keeps that
 * itself, because every shutdown of a worker costs an attempt.
 */
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  scheduleActivity,
} from '@temporalio/workflow';
import type { RetrySpec, Timing } from '../src/core/plan/plan.js';
import type { Failure } from '../src/core/run/job-run.js';

/** Summaries longer than this are cut: the server refuses more than 400 bytes of encoded payload. */
const summaryMax = 120;

export const shortly = (text: string): string =>
  text.length <= summaryMax ? text : `${text.slice(0, summaryMax - 1)}…`;

/** A light activity: planning, waiting, poking. */
export const callLight = <R>(
  name: string,
  input: unknown,
  options: { readonly summary: string; readonly hours?: number },
): Promise<R> =>
  scheduleActivity<R>(name, [input], {
    startToCloseTimeout: `${String(options.hours ?? 0.1)}h`,
    heartbeatTimeout: '30s',
    summary: shortly(options.summary),
    retry: { initialInterval: '1s', maximumInterval: '30s', maximumAttempts: 20 },
  });

export interface TransferCall {
  readonly queue: string;
  readonly timing: Timing;
  readonly retry: RetrySpec;
  readonly summary: string;
}

/** An activity that lists, moves or publishes. */
export const callTransfer = <R>(name: string, input: unknown, call: TransferCall): Promise<R> => {
  const { timing, retry } = call;
  return scheduleActivity<R>(name, [input], {
    taskQueue: call.queue,
    startToCloseTimeout: timing.statementTimeoutMs,
    heartbeatTimeout: timing.heartbeatTimeoutMs,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary: shortly(call.summary),
    retry: {
      initialInterval: retry.delayMs > 0 ? retry.delayMs : timing.retryIntervalMs,
      backoffCoefficient: retry.backoff === 'exponential' ? 2 : 1,
      maximumInterval: Math.max(60_000, retry.delayMs),
    },
  });
};

/** The failure of ours inside whatever Temporal wrapped around it; undefined for anything else. */
export const applicationFailureOf = (error: unknown): ApplicationFailure | undefined => {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof ActivityFailure && error.cause instanceof ApplicationFailure)
    return error.cause;
  return undefined;
};

/** What went wrong in a child run or an activity, in our words. */
export const failureFacts = (error: unknown): Failure => {
  const cause = error instanceof ChildWorkflowFailure ? error.cause : error;
  const failure = applicationFailureOf(cause);
  if (failure !== undefined) {
    return { code: failure.type ?? 'run/failed', message: failure.message };
  }
  return { code: 'run/failed', message: cause instanceof Error ? cause.message : String(cause) };
};

/** Extra facts that an activity put into its failure. */
export const failureNumber = (failure: ApplicationFailure, name: string): number => {
  const [details] = (failure.details ?? []) as readonly Record<string, unknown>[];
  const value = details?.[name];
  return typeof value === 'number' ? value : 0;
};
