/**
 * One run: the selected assets in dependency order, each a child workflow whose id is the asset's lock.
 *
 * A thin driver of the reducer in `src/core/run/job-run.ts`. When an asset fails, what does not depend on it goes on;
 * the run then fails with the list of what went wrong.
 */
import { defineSearchAttributeKey, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  ContinueAsNew,
  executeChild,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { AssetOrder, AssetResult, AssetSpec, RunPlan } from '../src/core/plan/plan.js';
import {
  applyRunEvent,
  contextOf,
  isRunFinished,
  nextAssets,
  type RunEvent,
  type RunState,
  startRun,
} from '../src/core/run/job-run.js';
import type { AssetReceipt, RunReceipt } from '../src/core/run/receipt.js';
import { resumeAsset, startAsset } from './asset.js';
import type { AssetResume, Handed } from './asset-input.js';
import { callLight, failureFacts } from './call.js';
import { describeRun } from './details.js';
import { progressQuery, statusQuery } from './messages.js';

const attributeValues = (
  plan: RunPlan,
  asset: string | null,
): Readonly<Record<string, string>> => ({
  TidemarkJob: plan.context.name,
  TidemarkTrigger:
    plan.context.trigger?.sensor ?? plan.context.tags['tidemark/trigger'] ?? 'manual',
  ...(plan.context.partition === null ? {} : { TidemarkPartition: plan.context.partition }),
  ...(asset === null ? {} : { TidemarkAsset: asset }),
});

/** Search attributes that the namespace knows; setting another one would hang the workflow. */
const knownAttributes = (plan: RunPlan, asset: string | null) =>
  Object.entries(attributeValues(plan, asset))
    .filter(([name]) => plan.searchAttributes.includes(name))
    .map(([name, value]) => ({ key: defineSearchAttributeKey(name, 'KEYWORD'), value }));

class OverlapError extends Error {}

class RunDriver {
  readonly #plan: RunPlan;
  readonly #resume: AssetResume | null;
  #state: RunState;
  #changes = 0;
  /** Thrown by the asset that runs in this very workflow: its history is long. */
  #continued: ContinueAsNew | null = null;

  constructor(plan: RunPlan, resume: AssetResume | null) {
    this.#plan = plan;
    this.#resume = resume;
    this.#state = startRun(plan);
  }

  get state(): RunState {
    return this.#state;
  }

  receipt(): RunReceipt {
    const info = workflowInfo();
    const { context, hash } = this.#plan;
    const assets = Object.values(this.#state).flatMap((asset) =>
      asset.state === 'done' ? [asset.receipt] : [],
    );
    return {
      project: context.project,
      name: context.name,
      workflow_id: info.workflowId,
      run_id: info.runId,
      plan_hash: hash,
      partition: context.partition,
      trigger: context.trigger?.sensor ?? 'manual',
      assets,
      files: assets.reduce((sum, asset) => sum + asset.files.copied, 0),
      bytes: assets.reduce((sum, asset) => sum + asset.bytes.target, 0),
      rows: assets.reduce((sum, asset) => sum + (asset.rows?.read ?? 0), 0),
      reconciled: assets.every((asset) => asset.reconciled),
    };
  }

  async drive(): Promise<void> {
    try {
      await this.#loop();
    } catch (error) {
      if (error === this.#continued) throw error;
      // Cancelled: the assets were cancelled with the run; the run ends after them, when all is cleaned up.
      await CancellationScope.nonCancellable(() => condition(() => !this.#isAnyRunning()));
      throw error;
    }
  }

  #isAnyRunning(): boolean {
    return Object.values(this.#state).some((asset) => asset.state === 'running');
  }

  async #loop(): Promise<void> {
    for (;;) {
      const { start, skip } = nextAssets(this.#plan, this.#state);
      for (const skipped of skip) this.#apply({ kind: 'skipped', ...skipped });
      for (const asset of start) {
        this.#apply({ kind: 'started', asset: asset.name, atMs: Date.now() });
        void this.#runAsset(asset);
      }
      this.#show();
      if (isRunFinished(this.#state)) return;
      if (skip.length > 0) continue;
      const seen = this.#changes;
      await condition(() => this.#changes !== seen);
      if (this.#continued !== null) throw this.#continued;
    }
  }

  #apply(event: RunEvent): void {
    this.#state = applyRunEvent(this.#state, event);
    this.#changes++;
  }

  #show(): void {
    setCurrentDetails(describeRun(this.#plan, this.#state, workflowInfo().namespace));
  }

  /** Never rejects: every end of an asset is an event. */
  async #runAsset(asset: AssetSpec): Promise<void> {
    try {
      const receipt = await this.#receiptOf(asset);
      this.#apply({ kind: 'done', asset: asset.name, receipt, atMs: Date.now() });
    } catch (error) {
      if (error instanceof ContinueAsNew) {
        this.#continued = error;
        this.#changes++;
        return;
      }
      if (error instanceof OverlapError) {
        this.#apply({ kind: 'skipped', asset: asset.name, because: error.message });
        return;
      }
      const failure = failureFacts(error);
      this.#apply({ kind: 'failed', asset: asset.name, failure, atMs: Date.now() });
    }
  }

  async #receiptOf(asset: AssetSpec): Promise<AssetReceipt> {
    const order = this.#orderOf(asset);
    const workflowId = this.#plan.assetIds[asset.name] ?? `${asset.name}`;
    // Somebody started the asset under its own id: this run is the lock's holder already.
    if (workflowInfo().workflowId === workflowId) {
      return this.#resume === null ? startAsset(order, this.#plan) : resumeAsset(this.#resume);
    }
    for (;;) {
      try {
        const handed: Handed = { order };
        const attributes = knownAttributes(this.#plan, asset.name);
        return await executeChild(asset.name, {
          workflowId,
          args: [{}, handed],
          // A terminated run cancels its assets, so that they discard what they opened.
          parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
          staticSummary: `${asset.name} of ${this.#plan.context.name}`,
          ...(attributes.length === 0 ? {} : { typedSearchAttributes: attributes }),
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        await this.#waitForOther(asset, workflowId);
      }
    }
  }

  async #waitForOther(asset: AssetSpec, workflowId: string): Promise<void> {
    if (asset.onOverlap === 'skip') {
      throw new OverlapError(`another run of ${asset.name} is open (${workflowId})`);
    }
    if (asset.onOverlap === 'fail') {
      throw ApplicationFailure.nonRetryable(
        `another run of ${asset.name} is open (${workflowId}) and on_overlap is "fail". Fix: wait for it, or set on_overlap: wait`,
        'run/overlap',
      );
    }
    await callLight(
      'await-run',
      { workflowId },
      { summary: `wait for ${workflowId}`, hours: 24 * 30 },
    );
  }

  #orderOf(asset: AssetSpec): AssetOrder {
    const info = workflowInfo();
    const upstreams: Record<string, AssetResult> = {};
    for (const { asset: name, alias } of asset.upstreams) {
      const found = this.#state[name];
      if (alias !== null && found?.state === 'done') upstreams[alias] = found.receipt.result;
    }
    return {
      context: contextOf(this.#plan.context, asset),
      asset,
      connections: this.#plan.connections,
      upstreams,
      runId: `${info.workflowId}/${info.runId}`,
      searchAttributes: this.#plan.searchAttributes,
    };
  }
}

const refuseFailed = (plan: RunPlan, state: RunState): void => {
  const failed = Object.entries(state).flatMap(([name, asset]) =>
    asset.state === 'failed' ? [{ name, ...asset.failure }] : [],
  );
  const [first] = failed;
  if (first === undefined) return;
  const skipped = Object.values(state).filter((asset) => asset.state === 'skipped').length;
  const more = failed.length > 1 ? ` (and ${String(failed.length - 1)} more assets failed)` : '';
  const rest = skipped > 0 ? `; ${String(skipped)} assets were skipped` : '';
  throw ApplicationFailure.nonRetryable(
    `${plan.context.name}: asset ${first.name} failed: ${first.message}${more}${rest}`,
    first.code,
    { failed, skipped },
  );
};

/** Runs a plan to its receipt; `resume` after its only asset, which runs in this workflow, continued as new. */
export const runPlan = async (
  plan: RunPlan,
  resume: AssetResume | null = null,
): Promise<RunReceipt> => {
  const attributes = knownAttributes(plan, null);
  if (attributes.length > 0) upsertSearchAttributes(attributes);
  const driver = new RunDriver(plan, resume);
  let receipt: RunReceipt | null = null;
  setHandler(statusQuery, () => describeRun(plan, driver.state, workflowInfo().namespace), {
    description: 'The table of the run: each asset with its state, files and bytes',
  });
  setHandler(
    progressQuery,
    () => ({
      state: receipt === null ? 'running' : 'finished',
      assets: Object.fromEntries(
        Object.entries(driver.state).map(([name, asset]) => [
          name,
          asset.state === 'done'
            ? {
                state: 'done',
                files: asset.receipt.files.copied,
                bytes: asset.receipt.bytes.target,
              }
            : { state: asset.state, files: 0, bytes: 0 },
        ]),
      ),
      receipt,
    }),
    { description: 'What the run has moved so far, as JSON' },
  );
  await driver.drive();
  refuseFailed(plan, driver.state);
  receipt = driver.receipt();
  return receipt;
};
