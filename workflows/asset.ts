/**
 * One asset of a run: asks the reducer what to do next, does it with activities, feeds the answers back.
 *
 * The workflow's id is the lock: one writer per asset and partition. Whatever ends the workflow, what it opened and
 * will not complete is discarded by name.
 */
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { UploadHandle } from '../src/core/plan/file.js';
import type { AssetOrder, AssetPlan, RunPlan } from '../src/core/plan/plan.js';
import { applyEvent, nextActions } from '../src/core/run/copy-run.js';
import {
  type CopyAction,
  type CopyEvent,
  type CopyState,
  isCopyFinished,
  startCopy,
} from '../src/core/run/copy-state.js';
import { type AssetReceipt, summariseAsset } from '../src/core/run/receipt.js';
import type { AssetResume, Handed } from './asset-input.js';
import { callLight, callTransfer } from './call.js';
import { describeCopy } from './details.js';
import { performCopyAction } from './copy-actions.js';
import { progressQuery, statusQuery } from './messages.js';

/** Below Temporal's own hint of 4,096 events: replaying longer histories costs more than starting anew. */
const eventsMax = 1500;

const openUploads = (state: CopyState): readonly UploadHandle[] =>
  Object.values(state.units).flatMap(({ opened }) => (opened === null ? [] : [opened.upload]));

const discard = async (resume: AssetResume, uploads: readonly UploadHandle[]): Promise<void> => {
  const { plan, queue } = resume;
  const target = plan.target;
  if (target === null || uploads.length === 0) return;
  await CancellationScope.nonCancellable(() =>
    callTransfer(
      `${target.kind}.cleanup`,
      { target, uploads },
      {
        queue,
        timing: plan.timing,
        retry: plan.retry,
        summary: `discard ${String(uploads.length)} uploads`,
      },
    ),
  );
};

class CopyDriver {
  readonly #resume: AssetResume;
  #state: CopyState;
  #failure: unknown = null;
  #ended = 0;

  constructor(resume: AssetResume) {
    this.#resume = resume;
    this.#state = resume.state;
  }

  get state(): CopyState {
    return this.#state;
  }

  /** Runs until the copy is finished, or until the history is long and nothing is under way. */
  async drive(): Promise<'finished' | 'pause'> {
    const scope = new CancellationScope();
    try {
      return await scope.run(() => this.#loop(scope));
    } catch (error) {
      await CancellationScope.nonCancellable(async () => {
        scope.cancel();
        // Activities acknowledge a cancel before they end: afterwards nothing writes any more.
        await condition(() => this.#state.running === 0);
        await discard(this.#resume, openUploads(this.#state));
      });
      throw this.#failure ?? error;
    }
  }

  async #loop(scope: CancellationScope): Promise<'finished' | 'pause'> {
    while (!isCopyFinished(this.#state)) {
      if (!this.#isLong()) this.#startMore(scope);
      else if (this.#state.running === 0) return 'pause';
      this.#show();
      const seen = this.#ended;
      await condition(() => this.#ended !== seen);
      if (this.#failure !== null) throw this.#failure as Error;
    }
    return 'finished';
  }

  #isLong(): boolean {
    // Children of the same workflow would be cancelled by its end.
    if ((this.#resume.run?.assets.length ?? 1) > 1) return false;
    const info = workflowInfo();
    return info.historyLength > eventsMax || info.continueAsNewSuggested;
  }

  #startMore(scope: CancellationScope): void {
    const { actions, state } = nextActions(this.#resume.plan, this.#state);
    this.#state = state;
    for (const action of actions) void this.#perform(action, scope);
  }

  /** Never rejects: a failure is remembered and ends the loop. */
  async #perform(action: CopyAction, scope: CancellationScope): Promise<void> {
    try {
      const event: CopyEvent = await performCopyAction(this.#resume, action);
      this.#state = applyEvent(this.#resume.plan, this.#state, event);
    } catch (error) {
      this.#failure ??= error;
      this.#state = { ...this.#state, running: this.#state.running - 1 };
      scope.cancel();
    }
    this.#ended++;
  }

  #show(): void {
    setCurrentDetails(describeCopy(this.#resume.plan, this.#state));
  }
}

const refuseUnreconciled = (receipt: AssetReceipt): void => {
  const failed = receipt.checks.find((check) => !check.passed && check.severity === 'abort');
  if (!receipt.reconciled) {
    throw ApplicationFailure.nonRetryable(
      `${receipt.asset}: the counts do not agree: ${receipt.differences.join('; ')}`,
      'run/not-reconciled',
      receipt,
    );
  }
  if (failed !== undefined) {
    throw ApplicationFailure.nonRetryable(
      `${receipt.asset}: check ${failed.name} failed: ${failed.message}`,
      'run/check-failed',
      receipt,
    );
  }
};

const runCopy = async (resume: AssetResume): Promise<AssetReceipt> => {
  const driver = new CopyDriver(resume);
  setHandler(statusQuery, () => describeCopy(resume.plan, driver.state));
  setHandler(progressQuery, () => ({
    state: 'running',
    assets: {
      [resume.plan.name]: {
        state: 'running',
        files: driver.state.totals.files,
        bytes: driver.state.totals.bytes,
      },
    },
    receipt: null,
  }));
  if ((await driver.drive()) === 'pause') {
    const resumed: Handed = { resume: { ...resume, state: driver.state } };
    await continueAsNew({}, resumed);
  }
  setCurrentDetails(describeCopy(resume.plan, driver.state));
  const receipt = summariseAsset(resume.plan, driver.state.totals);
  refuseUnreconciled(receipt);
  return receipt;
};

/** Plans one asset and copies it; `run` where this is its run's own workflow. */
export const startAsset = async (order: AssetOrder, run?: RunPlan): Promise<AssetReceipt> => {
  const info = workflowInfo();
  const plan = await callLight<AssetPlan>(
    'plan-asset',
    {
      order,
      owner: `${info.workflowId}/${info.firstExecutionRunId}`,
      ownerStartedMs: info.startTime.getTime(),
    },
    { summary: `plan ${order.asset.name}` },
  );
  const queue = order.context.transfersQueue;
  return runCopy({ plan, state: startCopy(), queue, ...(run === undefined ? {} : { run }) });
};

/** Goes on after continue-as-new. */
export const resumeAsset = (resume: AssetResume): Promise<AssetReceipt> => runCopy(resume);
