/** `<kind>.check`: judges the rows that wait to be published. A failing `abort` check leaves the target as it was. */
import { invariant } from '../../src/core/errors/invariant.js';
import type { AssetPlan } from '../../src/core/plan/plan.js';
import type { CheckResult } from '../../src/core/run/receipt.js';
import type { Begun } from '../../src/core/run/rows-state.js';
import { runAttempt } from '../heartbeat.js';
import type { Ports } from '../ports.js';
import { targetOf } from './window.js';

export interface CheckInput {
  readonly plan: AssetPlan;
  readonly begun: Begun;
}

export const checkRows =
  (ports: Ports) =>
  ({ plan, begun }: CheckInput): Promise<readonly CheckResult[]> =>
    runAttempt(
      ports,
      {
        timing: plan.timing,
        attemptsWithoutProgress: plan.retry.attemptsWithoutProgress,
        totalBytes: 0,
        object: `checks of ${plan.name}`,
        movesBytes: false,
      },
      async ({ signal, progress }) => {
        progress.phase = 'checking';
        const { load } = begun;
        invariant(load !== null, 'checks of rows need a load');
        const { target } = await ports.connections.rowTarget(targetOf(plan));
        const counted = plan.checks.filter((check) => check.type !== 'observation_diff');
        return target.check(load, counted, signal);
      },
    );
