/**
 * `list-partitions`: the next partitions of a run of several. With `missing`, those are left out that were made before:
 * the ledger of each asset says so, whatever Temporal remembers; of copies of files, which keep no ledger, the newest run
 * of the asset and partition does.
 */
import { Context } from '@temporalio/activity';
import { invariant } from '../src/core/errors/invariant.js';
import { TidemarkError } from '../src/core/errors/error.js';
import type { BackfillPlan, PartitionPage } from '../src/core/plan/backfill-plan.js';
import type { AssetSpec, RunPlan } from '../src/core/plan/plan.js';
import { contextOf } from '../src/core/run/job-run.js';
import { standInResults } from '../src/core/run/stand-in-result.js';
import { otherRunFailed } from './errors.js';
import { runLight } from './light.js';
import type { Ports } from './ports.js';
import { keepsLedger, ledgerNameOf, ledgerOf } from './rows/window.js';

export interface ListPartitionsInput {
  readonly plan: BackfillPlan;
  readonly after: number;
}

const hasCompleted = async (workflowId: string): Promise<boolean> => {
  const { workflow } = Context.current().client;
  try {
    return (await workflow.getHandle(workflowId).describe()).status.name === 'COMPLETED';
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return false;
    throw new TidemarkError(otherRunFailed, `cannot look at ${workflowId}`, { cause: error });
  }
};

const isMade = async (
  ports: Ports,
  run: RunPlan,
  asset: AssetSpec,
  signal: AbortSignal,
): Promise<boolean> => {
  const { connections, searchAttributes } = run;
  const context = contextOf(run.context, asset);
  const upstreams = standInResults(asset);
  const plan = ports.planner.planAsset(
    { context, asset, connections, upstreams, runId: '', searchAttributes },
    { owner: '', ownerStartedMs: 0 },
  );
  if (plan.rows === undefined || !keepsLedger(plan))
    return hasCompleted(run.assetIds[asset.name] ?? '');
  const store = await ledgerOf(ports, plan);
  const found = await store.read(ledgerNameOf(plan), signal);
  return (found?.document.windows ?? 0) > 0;
};

const isPartitionMade = async (
  ports: Ports,
  plan: BackfillPlan,
  partition: string,
  signal: AbortSignal,
): Promise<boolean> => {
  const planned = await ports.planner.planRun(plan.name, { ...plan.request, partition });
  invariant(planned.kind === 'run', 'one partition is one run');
  for (const asset of planned.plan.assets) {
    if (asset.partitions === null) continue;
    if (!(await isMade(ports, planned.plan, asset, signal))) return false;
  }
  return true;
};

const missingOf = async (
  ports: Ports,
  plan: BackfillPlan,
  page: PartitionPage,
  signal: AbortSignal,
): Promise<PartitionPage> => {
  const keys: string[] = [];
  for (const key of page.keys) {
    if (!(await isPartitionMade(ports, plan, key, signal))) keys.push(key);
  }
  return { ...page, keys, made: page.keys.length - keys.length };
};

export const listPartitions =
  (ports: Ports) =>
  ({ plan, after }: ListPartitionsInput): Promise<PartitionPage> =>
    runLight(ports, (signal) => {
      const page = ports.planner.partitionPage(plan, after);
      return plan.onlyMissing ? missingOf(ports, plan, page, signal) : page;
    });
