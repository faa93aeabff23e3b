/**
 * The reducer of a run: which assets to start next. Pure.
 *
 * An asset waits for its upstreams. When one of them fails, everything downstream is skipped and the rest goes on;
 * the run then fails with the list. At most `assetsMax` assets run at the same time.
 */
import { invariant } from '../errors/invariant.js';
import type { AssetSpec, RunContext, RunPlan } from '../plan/plan.js';
import type { AssetReceipt } from './receipt.js';

/** Children under way at the same time; far below Temporal's limit of 2,000. */
export const assetsMax = 100;

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export type AssetState =
  | { readonly state: 'waiting' }
  | { readonly state: 'running'; readonly startedMs: number }
  | { readonly state: 'done'; readonly receipt: AssetReceipt; readonly ms: number }
  | { readonly state: 'failed'; readonly failure: Failure; readonly ms: number }
  /** Not run, because of an upstream or because another run of it was open. */
  | { readonly state: 'skipped'; readonly because: string };

export type RunState = Readonly<Record<string, AssetState>>;

export type RunEvent =
  | { readonly kind: 'started'; readonly asset: string; readonly atMs: number }
  | {
      readonly kind: 'done';
      readonly asset: string;
      readonly receipt: AssetReceipt;
      readonly atMs: number;
    }
  | {
      readonly kind: 'failed';
      readonly asset: string;
      readonly failure: Failure;
      readonly atMs: number;
    }
  | { readonly kind: 'skipped'; readonly asset: string; readonly because: string };

export const startRun = (plan: RunPlan): RunState =>
  Object.fromEntries(plan.assets.map((asset) => [asset.name, { state: 'waiting' }]));

const isOver = (state: AssetState | undefined): boolean =>
  state?.state === 'done' || state?.state === 'failed' || state?.state === 'skipped';

export const isRunFinished = (state: RunState): boolean => Object.values(state).every(isOver);

const blockedBy = (asset: AssetSpec, state: RunState): string | undefined =>
  asset.upstreams.find(({ asset: upstream }) => {
    const found = state[upstream]?.state;
    return found === 'failed' || found === 'skipped';
  })?.asset;

const isReady = (asset: AssetSpec, state: RunState): boolean =>
  asset.upstreams.every(({ asset: upstream }) => {
    const found = state[upstream];
    return found === undefined || found.state === 'done';
  });

/** What an asset sees of its run: the partition only where the asset has partitions. */
export const contextOf = (context: RunContext, asset: AssetSpec): RunContext =>
  asset.partitions === null ? { ...context, partition: null, partitionKey: null } : context;

export interface RunActions {
  readonly start: readonly AssetSpec[];
  readonly skip: readonly { readonly asset: string; readonly because: string }[];
}

export const nextAssets = (plan: RunPlan, state: RunState): RunActions => {
  const waiting = plan.assets.filter((asset) => state[asset.name]?.state === 'waiting');
  const running = Object.values(state).filter((asset) => asset.state === 'running').length;
  const blocked = waiting.flatMap((asset) => {
    const upstream = blockedBy(asset, state);
    return upstream === undefined
      ? []
      : [{ asset: asset.name, because: `upstream ${upstream} did not finish` }];
  });
  const ready = waiting.filter(
    (asset) => isReady(asset, state) && blockedBy(asset, state) === undefined,
  );
  return { start: ready.slice(0, Math.max(0, assetsMax - running)), skip: blocked };
};

const runningSince = (state: RunState, asset: string): number => {
  const found = state[asset];
  invariant(found?.state === 'running', `asset ${asset} was running when it ended`);
  return found.startedMs;
};

export const applyRunEvent = (state: RunState, event: RunEvent): RunState => {
  invariant(state[event.asset] !== undefined, `asset ${event.asset} belongs to the run`);
  const next = (asset: AssetState): RunState => ({ ...state, [event.asset]: asset });
  switch (event.kind) {
    case 'started':
      return next({ state: 'running', startedMs: event.atMs });
    case 'done': {
      const ms = event.atMs - runningSince(state, event.asset);
      return next({ state: 'done', receipt: event.receipt, ms });
    }
    case 'failed': {
      const ms = event.atMs - runningSince(state, event.asset);
      return next({ state: 'failed', failure: event.failure, ms });
    }
    case 'skipped':
      return next({ state: 'skipped', because: event.because });
  }
};
