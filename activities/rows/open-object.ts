/** `<kind>.open-object`: opens the upload of one lane, so that its id is in the history before the first row is read. */
import { invariant } from '../../src/core/errors/invariant.js';
import type { UploadHandle } from '../../src/core/plan/file.js';
import type { AssetPlan } from '../../src/core/plan/plan.js';
import type { LanePlan } from '../../src/core/run/rows-state.js';
import { runAttempt } from '../heartbeat.js';
import type { Ports } from '../ports.js';
import { rowsOf, targetOf } from './window.js';

export interface OpenObjectInput {
  readonly plan: AssetPlan;
  readonly lane: LanePlan;
}

export const openObject =
  (ports: Ports) =>
  ({ plan, lane }: OpenObjectInput): Promise<UploadHandle> => {
    const { order } = lane;
    invariant(order !== null, 'a lane that is opened writes an object');
    return runAttempt(
      ports,
      {
        timing: plan.timing,
        attemptsWithoutProgress: plan.retry.attemptsWithoutProgress,
        totalBytes: 0,
        object: order.address.key,
        movesBytes: false,
      },
      async ({ signal }) => {
        const { target } = await ports.connections.target(targetOf(plan));
        const { partBytes } = rowsOf(plan).sizes;
        const upload = await target.openUpload(order, partBytes, plan.ownerStartedMs, signal);
        ports.faults.reach('upload-opened');
        return upload;
      },
    );
  };
