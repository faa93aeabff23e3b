/** Rows as a movement: one action of the reducer is one activity, and its answer one event. */
import { ApplicationFailure, CancellationScope, setCurrentDetails } from '@temporalio/workflow';
import type { UploadHandle } from '../src/core/plan/file.js';
import type { ItemPage } from '../src/core/plan/plan.js';
import type { CheckResult } from '../src/core/run/receipt.js';
import {
  applyRowsEvent,
  failedChecks,
  isRowsFinished,
  nextRowsActions,
} from '../src/core/run/rows-run.js';
import type {
  Begun,
  LaneOutcome,
  LanePlan,
  RowsAction,
  RowsEvent,
  RowsPublished,
  RowsState,
} from '../src/core/run/rows-state.js';
import { isStaleCode } from '../src/core/run/stale.js';
import type { AssetOf } from './asset-input.js';
import { applicationFailureOf, callTransfer, failureNumber } from './call.js';
import { describeRows, rowsText } from './details.js';
import type { Movement } from './driver.js';

const uploadsOf = (state: RowsState): readonly UploadHandle[] =>
  [...Object.values(state.lanes), ...state.done].flatMap(({ upload }) =>
    upload === null ? [] : [upload],
  );

const laneName = (lane: LanePlan): string => {
  if (lane.file !== null) return lane.file.path.slice(lane.file.path.lastIndexOf('/') + 1);
  return lane.order?.address.key ?? `lane ${String(lane.lane)}`;
};

const summaryOf = ({ plan }: AssetOf, state: RowsState, action: RowsAction): string => {
  switch (action.do) {
    case 'begin':
      return `${plan.name}: open the window`;
    case 'list':
      return `${plan.name}: ${action.after === null ? 'first page' : 'next page'} of files`;
    case 'open':
      return `${plan.name}: open ${laneName(action.lane)}`;
    case 'lane': {
      const { outcome, plan: lane } = action.lane;
      return `${plan.name}: ${laneName(lane)}${outcome === null ? '' : `, after ${rowsText(outcome.rows)} rows`}`;
    }
    case 'restart':
      return `${plan.name}: starts again, try ${String(action.restart)}`;
    case 'check':
      return `${plan.name}: check ${rowsText(state.totals.rows)} rows`;
    case 'publish':
      return `${plan.name}: publish ${rowsText(state.totals.rows)} rows`;
  }
};

/** A failed step, as an event where the window can start again. */
const staleOr = (error: unknown, lane: number | null): RowsEvent => {
  const failure = applicationFailureOf(error);
  if (failure === undefined || !isStaleCode(failure.type ?? '')) throw error;
  return {
    kind: 'stale',
    lane,
    rowsRead: failureNumber(failure, 'rowsRead'),
    bytesRead: failureNumber(failure, 'bytesRead'),
  };
};

const perform = async (
  asset: AssetOf,
  state: RowsState,
  action: RowsAction,
): Promise<RowsEvent> => {
  const { plan, queue } = asset;
  const { timing, retry } = plan;
  const summary = summaryOf(asset, state, action);
  const call = <R>(activity: string, input: object): Promise<R> =>
    callTransfer<R>(activity, { plan, ...input }, { queue, timing, retry, summary });
  const source = plan.source.kind;
  const target = plan.target?.kind ?? '';
  const { begun } = state;
  switch (action.do) {
    case 'begin':
      return { kind: 'begun', begun: await call<Begun>(`${target}.begin`, {}) };
    case 'list': {
      const input = { after: action.after, begun };
      const listed = await call<{ page: ItemPage; lanes: readonly LanePlan[] }>(
        `${source}.list-loads`,
        input,
      );
      return { kind: 'listed', ...listed };
    }
    case 'open': {
      const upload = await call<UploadHandle>(`${target}.open-object`, { lane: action.lane });
      return { kind: 'opened', lane: action.lane.lane, upload };
    }
    case 'lane': {
      const { plan: lane, upload, outcome } = action.lane;
      const isUnload = plan.route === 'unload-rows';
      const name = isUnload ? `${source}.unload` : `${target}.load`;
      return call<LaneOutcome>(name, { begun, lane, upload, outcome }).then(
        (moved): RowsEvent => ({ kind: 'moved', outcome: moved }),
        (error: unknown) => staleOr(error, lane.lane),
      );
    }
    case 'restart': {
      const uploads = uploadsOf(state);
      await call(`${target}.restart`, { begun, uploads, restart: action.restart });
      return { kind: 'restarted' };
    }
    case 'check':
      return {
        kind: 'checked',
        checks: await call<readonly CheckResult[]>(`${target}.check`, { begun }),
      };
    case 'publish':
      return call<RowsPublished>(`${target}.publish-rows`, { begun, done: state.done }).then(
        (published): RowsEvent => ({ kind: 'published', published }),
        (error: unknown) => staleOr(error, null),
      );
  }
};

/** What a window opened and will not publish: its objects, its staging table, its entry in the ledger. */
const discard = async ({ plan, queue }: AssetOf, state: RowsState): Promise<void> => {
  const target = plan.target;
  if (target === null || state.begun === null || state.begun.isEmpty) return;
  if (state.phase === 'done') return;
  await CancellationScope.nonCancellable(() =>
    callTransfer(
      `${target.kind}.discard-window`,
      { plan, begun: state.begun, uploads: uploadsOf(state) },
      {
        queue,
        timing: plan.timing,
        retry: plan.retry,
        summary: `${plan.name}: discard the window`,
      },
    ),
  );
};

const refusalOf = (name: string, state: RowsState): Error | null => {
  const [failed] = failedChecks(state);
  if (failed === undefined) return null;
  return ApplicationFailure.nonRetryable(
    `${name}: check ${failed.name} failed: ${failed.message}. Nothing was published`,
    'run/check-failed',
    { checks: state.checks },
  );
};

export const rowsMovement = (asset: AssetOf): Movement<RowsState, RowsAction, RowsEvent> => ({
  next: (state) => nextRowsActions(asset.plan, state),
  apply: (state, event) => applyRowsEvent(asset.plan, state, event),
  isFinished: isRowsFinished,
  perform: (action, state) => perform(asset, state, action),
  refusal: (state) => refusalOf(asset.plan.name, state),
  discard: (state) => discard(asset, state),
  show: (state) => {
    setCurrentDetails(describeRows(asset.plan, state));
  },
  mayContinue: (asset.run?.assets.length ?? 1) <= 1,
});
