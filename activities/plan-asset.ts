/** `plan-asset`: completes one asset from the run's plan, its trigger and its upstreams' results. */
import type { AssetOrder, AssetPlan } from '../src/core/plan/plan.js';
import { runLight } from './light.js';
import type { Ports } from './ports.js';

export interface PlanAssetInput {
  readonly order: AssetOrder;
  readonly owner: string;
  readonly ownerStartedMs: number;
}

export const planAsset =
  (ports: Ports) =>
  (input: PlanAssetInput): Promise<AssetPlan> =>
    runLight(ports, () => ports.planner.planAsset(input.order, input));
