/** From a planned item to the order that a target takes: what to write, on which condition, under which name. */
import type { FileIdentity, ObjectOrder } from '../src/core/plan/file.js';
import type { AssetPlan, PlannedItem } from '../src/core/plan/plan.js';
import type { Ports } from './ports.js';

export const orderOf = (
  ports: Ports,
  plan: AssetPlan,
  item: PlannedItem,
  identity: FileIdentity,
): ObjectOrder => ({
  address: item.target,
  unit: ports.planner.unitOf(plan.owner, identity),
  copiedFrom: ports.planner.originOf(identity, plan.recoding),
  size: identity.size,
  modified: identity.modified,
  expected: item.replaces === undefined ? { absent: true } : { tag: item.replaces },
});
