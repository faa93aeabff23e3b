/**
 * Several partitions of one job or asset: each is a child run with an id of its own, `<project>/<name>/<partition>`, so
 * that its history stands by itself and a second backfill waits for it instead of doubling it.
 *
 * A thin driver of `src/core/run/backfill-run.ts`. Signals: `pause` starts nothing more, `resume` goes on. A partition that
 * fails is told at the end; the same range with `missing` then runs what is left.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  executeChild,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { BackfillPlan, PartitionPage } from '../src/core/plan/backfill-plan.js';
import type { RunRequest } from '../src/core/plan/plan.js';
import {
  applyBackfillEvent,
  type BackfillAction,
  type BackfillEvent,
  type BackfillReceipt,
  type BackfillState,
  isBackfillFinished,
  isBackfillIdle,
  nextBackfillActions,
  summariseBackfill,
} from '../src/core/run/backfill-run.js';
import type { RunReceipt } from '../src/core/run/receipt.js';
import { callLight, failureFacts } from './call.js';
import { describeBackfill } from './details.js';
import { isHistoryLong } from './driver.js';
import { backfillStateQuery, pauseSignal, resumeSignal, statusQuery } from './messages.js';

/** What a run of several partitions hands to the run that continues it. */
export interface BackfillResume {
  readonly backfill: { readonly plan: BackfillPlan; readonly state: BackfillState };
}

class BackfillDriver {
  readonly #plan: BackfillPlan;
  #state: BackfillState;
  #changes = 0;
  #failure: unknown = null;

  constructor(plan: BackfillPlan, state: BackfillState) {
    this.#plan = plan;
    this.#state = state;
  }

  get state(): BackfillState {
    return this.#state;
  }

  apply(event: BackfillEvent): void {
    this.#state = applyBackfillEvent(this.#state, event);
    this.#changes++;
    setCurrentDetails(describeBackfill(this.#plan, this.#state, workflowInfo().namespace));
  }

  async drive(): Promise<'finished' | 'pause'> {
    try {
      return await this.#loop();
    } catch (error) {
      // Cancelled: the child runs were cancelled too, and clean up before this one ends.
      await CancellationScope.nonCancellable(() =>
        condition(() => this.#state.running.length === 0),
      );
      throw error;
    }
  }

  async #loop(): Promise<'finished' | 'pause'> {
    while (!isBackfillFinished(this.#state)) {
      if (!isHistoryLong()) this.#startMore();
      else if (isBackfillIdle(this.#state)) return 'pause';
      const seen = this.#changes;
      await condition(() => this.#changes !== seen);
      if (this.#failure !== null) throw this.#failure as Error;
    }
    return 'finished';
  }

  #startMore(): void {
    const { actions, state } = nextBackfillActions(this.#plan, this.#state);
    this.#state = state;
    for (const action of actions) void this.#perform(action);
  }

  /** Never rejects. */
  async #perform(action: BackfillAction): Promise<void> {
    if (action.do === 'list') {
      await this.#list(action.after);
      return;
    }
    const { partition } = action;
    try {
      const { rows, files, bytes } = await this.#run(partition);
      this.apply({ kind: 'done', partition, sums: { rows, files, bytes } });
    } catch (error) {
      this.apply({ kind: 'failed', failure: { partition, ...failureFacts(error) } });
    }
  }

  async #list(after: number): Promise<void> {
    const input = { plan: this.#plan, after };
    const summary = `partitions ${String(after + 1)} and following`;
    try {
      const page = await callLight<PartitionPage>('list-partitions', input, { summary });
      this.apply({ kind: 'listed', page });
    } catch (error) {
      this.#failure = error;
      this.#changes++;
    }
  }

  async #run(partition: string): Promise<RunReceipt> {
    const { project, name, request } = this.#plan;
    const workflowId = `${project}/${name}/${partition}`;
    const asked: RunRequest = { ...request, partition };
    for (;;) {
      try {
        return (await executeChild(name, {
          workflowId,
          args: [asked],
          parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
          staticSummary: `${name}, partition ${partition}`,
        })) as RunReceipt;
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        const summary = `wait for ${workflowId}`;
        await callLight('await-run', { workflowId }, { summary, hours: 24 * 30 });
      }
    }
  }
}

const refuseFailed = (receipt: BackfillReceipt): void => {
  const { failed } = receipt.partitions;
  const [first] = receipt.failures;
  if (first === undefined) return;
  const more = failed > 1 ? ` (and ${String(failed - 1)} more partitions failed)` : '';
  throw ApplicationFailure.nonRetryable(
    `${receipt.name}: partition ${first.partition} failed: ${first.message}${more}. Fix: run the same range again with missing, which leaves out what is made`,
    'run/partitions-failed',
    receipt,
  );
};

export const runBackfill = async ({
  backfill: { plan, state },
}: BackfillResume): Promise<BackfillReceipt> => {
  const driver = new BackfillDriver(plan, state);
  const { workflowId, firstExecutionRunId: runId, namespace } = workflowInfo();
  setHandler(pauseSignal, () => {
    driver.apply({ kind: 'paused' });
  });
  setHandler(resumeSignal, () => {
    driver.apply({ kind: 'resumed' });
  });
  setHandler(statusQuery, () => describeBackfill(plan, driver.state, namespace));
  setHandler(backfillStateQuery, () => driver.state);
  if ((await driver.drive()) === 'pause') {
    const resumed: BackfillResume = { backfill: { plan, state: driver.state } };
    await continueAsNew({}, resumed);
  }
  const receipt = summariseBackfill(plan, driver.state, { workflowId, runId });
  refuseFailed(receipt);
  return receipt;
};
