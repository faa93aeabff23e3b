/**
 * One asset of a run: asks its reducer what to do next, does it with activities, feeds the answers back.
 *
 * The workflow's id is the lock: one writer per asset and partition.
 */
import {
  ApplicationFailure,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { AssetOrder, AssetPlan, RunPlan } from '../src/core/plan/plan.js';
import { type CopyState, startCopy } from '../src/core/run/copy-state.js';
import { type AssetReceipt, summariseAsset } from '../src/core/run/receipt.js';
import { summariseRows } from '../src/core/run/rows-receipt.js';
import { type RowsState, startRows } from '../src/core/run/rows-state.js';
import type { AssetOf, AssetResume, Handed } from './asset-input.js';
import { callLight } from './call.js';
import { copyMovement } from './copy-movement.js';
import { describeCopy, describeRows } from './details.js';
import { Driver } from './driver.js';
import { progressQuery, statusQuery } from './messages.js';
import { rowsMovement } from './rows-movement.js';

/** What one kind of movement needs beside its driver: its words and its account. */
interface Words<State> {
  describe(state: State): string;
  moved(state: State): { readonly files: number; readonly bytes: number; readonly rows?: number };
  summarise(state: State): AssetReceipt;
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

const listen = <State>(
  plan: AssetPlan,
  words: Words<State>,
  driver: { readonly state: State },
): void => {
  setHandler(statusQuery, () => words.describe(driver.state));
  setHandler(progressQuery, () => ({
    state: 'running',
    assets: { [plan.name]: { state: 'running', ...words.moved(driver.state) } },
    receipt: null,
  }));
};

const move = async <State extends CopyState | RowsState, Action, Event>(
  asset: AssetOf,
  driver: Driver<State, Action, Event>,
  words: Words<State>,
): Promise<AssetReceipt> => {
  listen(asset.plan, words, driver);
  if ((await driver.drive()) === 'pause') {
    const resumed: Handed = { resume: { ...asset, state: driver.state } };
    await continueAsNew({}, resumed);
  }
  setCurrentDetails(words.describe(driver.state));
  const receipt = words.summarise(driver.state);
  refuseUnreconciled(receipt);
  return receipt;
};

const moveFiles = (asset: AssetOf, state: CopyState): Promise<AssetReceipt> =>
  move(asset, new Driver(copyMovement(asset), state), {
    describe: (now) => describeCopy(asset.plan, now),
    moved: ({ totals }) => ({ files: totals.files, bytes: totals.bytes }),
    summarise: ({ totals }) => summariseAsset(asset.plan, totals),
  });

const moveRows = (asset: AssetOf, state: RowsState): Promise<AssetReceipt> =>
  move(asset, new Driver(rowsMovement(asset), state), {
    describe: (now) => describeRows(asset.plan, now),
    moved: ({ totals, done }) => ({ files: done.length, bytes: totals.bytes, rows: totals.rows }),
    summarise: (now) => summariseRows(asset.plan, now),
  });

/** Plans one asset and moves its data; `run` where this is its run's own workflow. */
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
  const asset: AssetOf = { plan, queue, ...(run === undefined ? {} : { run }) };
  return plan.rows === undefined ? moveFiles(asset, startCopy()) : moveRows(asset, startRows());
};

/** Goes on after continue-as-new. */
export const resumeAsset = ({ state, ...asset }: AssetResume): Promise<AssetReceipt> =>
  asset.plan.rows === undefined
    ? moveFiles(asset, state as CopyState)
    : moveRows(asset, state as RowsState);
