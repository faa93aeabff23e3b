/** What an asset's workflow is given, by its run or by its own earlier run. */
import type { AssetOrder, AssetPlan, RunPlan } from '../src/core/plan/plan.js';
import type { CopyState } from '../src/core/run/copy-state.js';
import type { RowsState } from '../src/core/run/rows-state.js';

/** One asset in its workflow. */
export interface AssetOf {
  readonly plan: AssetPlan;
  readonly queue: string;
  /** Only where the asset runs inside its run's own workflow: that run, which goes on with it. */
  readonly run?: RunPlan;
}

/** What continue-as-new carries: the plan and how far it got. */
export interface AssetResume extends AssetOf {
  /** A `RowsState` where the plan has `rows`. */
  readonly state: CopyState | RowsState;
}

/**
 * The second argument of an asset's workflow: what its run, or its own earlier run, hands over. Only a child and a
 * continued run are believed; from anybody else it would be hostile input.
 */
export type Handed = { readonly order: AssetOrder } | { readonly resume: AssetResume };
