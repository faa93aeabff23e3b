/**
 * The reducer of a run of several partitions: which child runs to start next. Pure.
 *
 * Keeps true: every partition of the list is started once, in order, and at most `parallel` are under way; while it is
 * paused nothing is started; one that fails does not stop the others. Where continue-as-new would come, it stops
 * starting and waits until nothing is under way.
 */
import { invariant } from '../errors/invariant.js';
import type { BackfillPlan, PartitionPage } from '../plan/backfill-plan.js';

/** Failures that are told one by one; more are only counted. */
export const failuresMax = 50;

export interface PartitionFailure {
  readonly partition: string;
  readonly code: string;
  readonly message: string;
}

/** What a child run did, for the sums. */
export interface PartitionSums {
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
}

export interface BackfillState {
  readonly isPaused: boolean;
  /** Position of the next page in the list; null: every page was listed. */
  readonly next: number | null;
  readonly isListing: boolean;
  /** Listed, and not started yet. */
  readonly queue: readonly string[];
  readonly running: readonly string[];
  readonly done: number;
  /** Left out, because they were made before. */
  readonly made: number;
  readonly failed: number;
  /** The first failures. */
  readonly failures: readonly PartitionFailure[];
  readonly sums: PartitionSums;
}

export const startBackfill = (): BackfillState => ({
  isPaused: false,
  next: 0,
  isListing: false,
  queue: [],
  running: [],
  done: 0,
  made: 0,
  failed: 0,
  failures: [],
  sums: { rows: 0, files: 0, bytes: 0 },
});

export type BackfillAction =
  | { readonly do: 'list'; readonly after: number }
  | { readonly do: 'run'; readonly partition: string };

export type BackfillEvent =
  | { readonly kind: 'listed'; readonly page: PartitionPage }
  | { readonly kind: 'done'; readonly partition: string; readonly sums: PartitionSums }
  | { readonly kind: 'failed'; readonly failure: PartitionFailure }
  | { readonly kind: 'paused' | 'resumed' };

export const isBackfillFinished = (state: BackfillState): boolean =>
  state.next === null && !state.isListing && state.queue.length === 0 && state.running.length === 0;

/** Is nothing under way? Only then may the run continue as new. */
export const isBackfillIdle = (state: BackfillState): boolean =>
  !state.isListing && state.running.length === 0;

const oneAction = (plan: BackfillPlan, state: BackfillState): BackfillAction | null => {
  if (state.isPaused) return null;
  const [partition] = state.queue;
  if (partition !== undefined && state.running.length < plan.parallel)
    return { do: 'run', partition };
  if (partition === undefined && state.next !== null && !state.isListing)
    return { do: 'list', after: state.next };
  return null;
};

const started = (state: BackfillState, action: BackfillAction): BackfillState =>
  action.do === 'list'
    ? { ...state, isListing: true }
    : { ...state, queue: state.queue.slice(1), running: [...state.running, action.partition] };

export interface BackfillActions {
  readonly actions: readonly BackfillAction[];
  readonly state: BackfillState;
}

/** What to start now, and the state after starting it. */
export const nextBackfillActions = (plan: BackfillPlan, before: BackfillState): BackfillActions => {
  const actions: BackfillAction[] = [];
  let state = before;
  for (;;) {
    const action = oneAction(plan, state);
    if (action === null) return { actions, state };
    actions.push(action);
    state = started(state, action);
  }
};

const ended = (state: BackfillState, partition: string): BackfillState => {
  invariant(state.running.includes(partition), `partition ${partition} was running when it ended`);
  return { ...state, running: state.running.filter((other) => other !== partition) };
};

export const applyBackfillEvent = (before: BackfillState, event: BackfillEvent): BackfillState => {
  switch (event.kind) {
    case 'listed': {
      const { keys, made, next } = event.page;
      return {
        ...before,
        isListing: false,
        next,
        queue: [...before.queue, ...keys],
        made: before.made + made,
      };
    }
    case 'done': {
      const state = ended(before, event.partition);
      const { rows, files, bytes } = event.sums;
      return {
        ...state,
        done: state.done + 1,
        sums: {
          rows: state.sums.rows + rows,
          files: state.sums.files + files,
          bytes: state.sums.bytes + bytes,
        },
      };
    }
    case 'failed': {
      const state = ended(before, event.failure.partition);
      return {
        ...state,
        failed: state.failed + 1,
        failures: [...state.failures, event.failure].slice(0, failuresMax),
      };
    }
    case 'paused':
      return { ...before, isPaused: true };
    case 'resumed':
      return { ...before, isPaused: false };
  }
};

/** The account of a run of several partitions; each child run has a receipt of its own. */
export interface BackfillReceipt {
  readonly project: string;
  readonly name: string;
  readonly workflow_id: string;
  readonly run_id: string;
  readonly plan_hash: string;
  readonly partitions: {
    readonly done: number;
    /** Made before, and left out. */
    readonly made_before: number;
    readonly failed: number;
  };
  readonly failures: readonly PartitionFailure[];
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
}

export const summariseBackfill = (
  plan: BackfillPlan,
  state: BackfillState,
  run: { readonly workflowId: string; readonly runId: string },
): BackfillReceipt => ({
  project: plan.project,
  name: plan.name,
  workflow_id: run.workflowId,
  run_id: run.runId,
  plan_hash: plan.hash,
  partitions: { done: state.done, made_before: state.made, failed: state.failed },
  failures: state.failures,
  ...state.sums,
});
