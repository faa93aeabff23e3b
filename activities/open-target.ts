/**
 * `<kind>.open`: pins the identity of a large file and opens its upload. An activity of its own, so that both are in
 * the history before the first byte moves: every later attempt shares one upload and one source version.
 */
import { partBytesFor } from '../src/core/run/copy-run.js';
import type { OpenedUnit } from '../src/core/run/outcome.js';
import type { AssetPlan, PlannedItem } from '../src/core/plan/plan.js';
import { invariant } from '../src/core/errors/invariant.js';
import { runAttempt } from './heartbeat.js';
import type { Ports } from './ports.js';
import { orderOf } from './unit-order.js';

export interface OpenInput {
  readonly plan: AssetPlan;
  readonly item: PlannedItem;
}

const open = async (
  ports: Ports,
  { plan, item }: OpenInput,
  signal: AbortSignal,
): Promise<OpenedUnit> => {
  invariant(plan.target !== null, 'an upload is opened only where there is a target');
  const { source, options } = await ports.connections.source(plan.source);
  const { target } = await ports.connections.target(plan.target);
  const identity = await source.pin(options, item.source, signal);
  const upload = await target.openUpload(
    orderOf(ports, plan, item, identity),
    partBytesFor(identity.size, plan.sizes),
    plan.ownerStartedMs,
    signal,
  );
  ports.faults.reach('upload-opened');
  return { source: identity, upload };
};

export const openTarget =
  (ports: Ports) =>
  (input: OpenInput): Promise<OpenedUnit> =>
    runAttempt(
      ports,
      {
        timing: input.plan.timing,
        attemptsWithoutProgress: input.plan.retry.attemptsWithoutProgress,
        totalBytes: input.item.source.size,
        object: input.item.target.key,
        movesBytes: false,
      },
      ({ signal }) => open(ports, input, signal),
    );
