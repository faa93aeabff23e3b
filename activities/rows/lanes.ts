/** The lanes of a read: the ranges between keys, and for objects the order of each. */
import { invariant } from '../../src/core/errors/invariant.js';
import type { ObjectOrder, TargetObject } from '../../src/core/plan/file.js';
import type { AssetPlan } from '../../src/core/plan/plan.js';
import type { RowKey } from '../../src/core/plan/rows.js';
import type { LanePlan } from '../../src/core/run/rows-state.js';
import type { Granted, Inspected, Step } from './grant.js';
import { rangeOf, rowsOf, targetOf } from './window.js';

const orderFor = (
  { ports, plan }: Step,
  granted: Granted | null,
  lane: { readonly number: number; readonly of: number },
): Omit<ObjectOrder, 'expected'> => {
  const window = granted?.window ?? null;
  const address = ports.planner.objectAddress(plan, {
    low: window?.low ?? null,
    high: window?.high ?? null,
    repeat: granted?.repeat ?? 1,
    lane: lane.number,
    lanes: lane.of,
  });
  const owner = window === null ? plan.owner : `${window.id}/${String(window.token)}`;
  const unit = `${owner}/${String(lane.number)}`;
  return { address, unit, copiedFrom: unit, size: null, modified: null };
};

const expectationOf = (found: TargetObject | null): ObjectOrder['expected'] =>
  found === null ? { absent: true } : { tag: found.tag };

/** The ranges of the lanes: between the keys that cut the read into pieces. */
const rangesOf = (cuts: readonly RowKey[]): readonly NonNullable<LanePlan['range']>[] =>
  [...cuts, null].map((upTo, index) => ({ after: cuts[index - 1] ?? null, upTo }));

const cutRead = async (
  { plan, signal }: Step,
  { source, shape }: Inspected,
  granted: Granted | null,
): Promise<readonly NonNullable<LanePlan['range']>[]> => {
  const { query, sizes, format } = rowsOf(plan);
  invariant(query !== null, 'rows come from a database');
  if (sizes.lanes === 1 || shape.key === null) return rangesOf([]);
  const window = rangeOf(granted?.window ?? null);
  return rangesOf(
    await source.split({ query, shape, window, format: format.rows }, sizes.lanes, signal),
  );
};

const objectLanes = async (
  step: Step,
  source: Inspected,
  granted: Granted | null,
): Promise<readonly LanePlan[]> => {
  const { ports, plan, signal } = step;
  const ranges = await cutRead(step, source, granted);
  const orders = ranges.map((_, index) =>
    orderFor(step, granted, { number: index, of: ranges.length }),
  );
  const { target } = await ports.connections.target(targetOf(plan));
  const found = await target.objects(
    orders.map(({ address }) => address),
    signal,
  );
  return ranges.map((range, index): LanePlan => {
    const order = orders[index];
    invariant(order !== undefined, 'every lane has an object');
    const lane = { lane: index + 1, range, file: null };
    return { ...lane, order: { ...order, expected: expectationOf(found[index] ?? null) } };
  });
};

const withNulls = (plan: AssetPlan, lanes: readonly LanePlan[]): readonly LanePlan[] =>
  rowsOf(plan).mark?.nulls === 'include'
    ? lanes.map((lane, index) => (index === lanes.length - 1 ? { ...lane, withNulls: true } : lane))
    : lanes;

export const lanesOf = async (
  step: Step,
  source: Inspected | null,
  granted: Granted | null,
): Promise<readonly LanePlan[]> => {
  const { plan } = step;
  if (source === null) return [];
  if (rowsOf(plan).load === null) {
    return withNulls(plan, await objectLanes(step, source, granted));
  }
  const ranges = await cutRead(step, source, granted);
  return withNulls(
    plan,
    ranges.map((range, index) => ({ lane: index + 1, range, file: null, order: null })),
  );
};
