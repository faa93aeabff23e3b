/**
 * `<kind>.replan`: a file turned out to be another version. Discards what was written of the old one and looks at the
 * file again; after a few times it gives up, since a writer that never stops cannot be copied.
 */
import { TidemarkError } from '../src/core/errors/error.js';
import { sourceMissing } from '../src/connectors/file-errors.js';
import type { AssetPlan, PlannedItem } from '../src/core/plan/plan.js';
import type { OpenedUnit } from '../src/core/run/outcome.js';
import { stillChanging } from '../src/transfer/errors.js';
import { runLight } from './light.js';
import type { Ports } from './ports.js';

/** How often a file may be another version than planned within one run. */
export const restartsMax = 3;

export interface ReplanInput {
  readonly plan: AssetPlan;
  readonly item: PlannedItem;
  readonly opened: OpenedUnit | null;
  readonly restart: number;
}

const replan = async (
  ports: Ports,
  { plan, item, opened, restart }: ReplanInput,
  signal: AbortSignal,
): Promise<PlannedItem> => {
  if (opened !== null && plan.target !== null) {
    const { target } = await ports.connections.target(plan.target);
    await target.abort(opened.upload, signal);
  }
  const { path } = item.source;
  if (restart > restartsMax) {
    throw new TidemarkError(stillChanging, `${path} changed ${String(restart)} times in this run`);
  }
  const { source, options } = await ports.connections.source(plan.source);
  const identity = await source.identify(options, path, signal);
  if (identity === null) {
    throw new TidemarkError(sourceMissing, `${path} vanished while it was being copied`);
  }
  return { ...item, source: identity };
};

export const replanItem =
  (ports: Ports) =>
  (input: ReplanInput): Promise<PlannedItem> =>
    runLight(ports, (signal) => replan(ports, input, signal));
