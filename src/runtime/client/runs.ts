/**
 * Starts runs and looks at them, as `tidemark run` does: id `<project>/<name>/<partition or UTC time>`, on the project's
 * task queue.
 * Looking changes nothing; whoever stops following leaves the run alone.
 */
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import {
  ApplicationFailure,
  CancelledFailure,
  defaultPayloadConverter,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import proto from '@temporalio/proto';
import { z } from 'zod';
import { defineError, TidemarkError } from '../../core/errors/error.js';
import type { RunRequest } from '../../core/plan/plan.js';
import type { BackfillReceipt } from '../../core/run/backfill-run.js';
import type { RunReceipt } from '../../core/run/receipt.js';
import { asUnreachable, callTemporal } from './call.js';

export interface RunOrder {
  readonly project: string;
  /** Job or asset: the workflow type. */
  readonly name: string;
  readonly taskQueue: string;
  readonly request: RunRequest;
  readonly nowMs: number;
}

export const runIsOpen = defineError({
  code: 'temporal/run-is-open',
  recovery: 'never',
  summary: 'A run of the same partition is open.',
  fix: 'Wait for its end, or cancel it: `temporal workflow cancel --workflow-id …`.',
});

export interface StartedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly handle: WorkflowHandle;
}

export const startRun = async (client: Client, order: RunOrder): Promise<StartedRun> => {
  const { project, name, taskQueue, request, nowMs } = order;
  const workflowId = `${project}/${name}/${request.partition ?? new Date(nowMs).toISOString()}`;
  const start = (): Promise<WorkflowHandle & { readonly firstExecutionRunId: string }> =>
    client.workflow.start(name, {
      workflowId,
      taskQueue,
      args: [request],
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `${name}, by the tidemark command`,
    });
  const handle = await callTemporal(client, `starting ${workflowId}`, start).catch(
    (error: unknown) => {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      throw new TidemarkError(runIsOpen, `starting ${workflowId}: a run of this id is open`);
    },
  );
  return { workflowId, runId: handle.firstExecutionRunId, handle };
};

/** A worker asks again at least each minute. */
const pollerMs = 75_000;

/** Is there a worker that takes workflow tasks from the queue? A worker that died a moment ago still counts. */
export const isQueuePolled = async (client: Client, taskQueue: string): Promise<boolean> => {
  const { pollers } = await callTemporal(client, `looking at task queue ${taskQueue}`, () =>
    client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    }),
  );
  const oldestMs = Date.now() - pollerMs;
  return (pollers ?? []).some(
    ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 >= oldestMs,
  );
};

export type RunEnd =
  | { readonly kind: 'done'; readonly receipt: RunReceipt | BackfillReceipt }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

const endOf = (error: unknown): RunEnd | null => {
  if (!(error instanceof WorkflowFailedError)) return null;
  const { cause } = error;
  if (cause instanceof ApplicationFailure) {
    return { kind: 'failed', code: cause.type ?? 'run/failed', message: cause.message };
  }
  if (cause instanceof CancelledFailure) {
    return { kind: 'failed', code: 'run/cancelled', message: 'the run was cancelled' };
  }
  if (cause instanceof TerminatedFailure) {
    return { kind: 'failed', code: 'run/terminated', message: 'the run was terminated' };
  }
  if (cause instanceof TimeoutFailure) {
    return {
      kind: 'failed',
      code: 'run/timed-out',
      message: 'the run took longer than its timeout',
    };
  }
  return { kind: 'failed', code: 'run/failed', message: cause?.message ?? error.message };
};

/** Waits for the end of the run; rejects when `signal` ends the waiting. */
export const endOfRun = async (
  client: Client,
  run: StartedRun,
  signal: AbortSignal,
): Promise<RunEnd> => {
  try {
    const receipt = await client.connection.withAbortSignal(signal, () => run.handle.result());
    return { kind: 'done', receipt: receipt as RunReceipt | BackfillReceipt };
  } catch (error) {
    const end = endOf(error);
    if (end !== null) return end;
    throw asUnreachable(`following ${run.workflowId}`, error);
  }
};

const progressShape = z.object({
  assets: z.record(
    z.string(),
    z.object({ state: z.string(), files: z.number(), bytes: z.number() }),
  ),
});

const transferShape = z.object({
  object: z.string(),
  percent: z.number(),
  rate: z.string(),
  eta: z.string(),
});

export type RunProgress = z.infer<typeof progressShape>;
/** An object that moves now, as the transfer's last heartbeat told. */
export type MovingObject = z.infer<typeof transferShape>;

export interface RunLook {
  readonly progress: RunProgress | null;
  readonly moving: readonly MovingObject[];
}

/** Children that are looked at; each costs a call. */
const childrenMax = 8;

const movingIn = async (client: Client, workflowId: string): Promise<readonly MovingObject[]> => {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  return (raw.pendingActivities ?? []).flatMap(({ heartbeatDetails }) => {
    const [payload] = heartbeatDetails?.payloads ?? [];
    if (payload === undefined) return [];
    const details = transferShape.safeParse(defaultPayloadConverter.fromPayload(payload));
    return details.success ? [details.data] : [];
  });
};

/** What the run does now. Nothing in it is needed: what cannot be had (no worker answers the query) is left out. */
export const lookAtRun = async (client: Client, run: StartedRun): Promise<RunLook> => {
  const look = async (): Promise<RunLook> => {
    const progress = progressShape.safeParse(await run.handle.query('progress'));
    const { raw } = await run.handle.describe();
    const children = (raw.pendingChildren ?? []).slice(0, childrenMax);
    const moving = await Promise.all(
      children.map((child) => movingIn(client, child.workflowId ?? '')),
    );
    return { progress: progress.success ? progress.data : null, moving: moving.flat() };
  };
  return client.connection
    .withDeadline(Date.now() + 5_000, look)
    .catch(() => ({ progress: null, moving: [] }));
};
