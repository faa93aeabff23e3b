/** A batch: files that one activity moves, each in one conditional step. What all batches have in common. */
import type { BatchOutcome } from '../src/core/run/outcome.js';
import type { AssetPlan, PlannedItem } from '../src/core/plan/plan.js';
import { type Attempt, runAttempt } from './heartbeat.js';
import type { Ports } from './ports.js';

export interface BatchInput {
  readonly plan: AssetPlan;
  readonly items: readonly PlannedItem[];
}

/** One attempt at a batch. `movesBytes`: false where the server copies, and no byte passes that a stall could be told by. */
export const runBatch = (
  ports: Ports,
  { plan, items }: BatchInput,
  movesBytes: boolean,
  body: (attempt: Attempt) => Promise<BatchOutcome>,
): Promise<BatchOutcome> =>
  runAttempt(
    ports,
    {
      timing: plan.timing,
      attemptsWithoutProgress: plan.retry.attemptsWithoutProgress,
      totalBytes: items.reduce((sum, { source }) => sum + source.size, 0),
      object: `${String(items.length)} files of ${plan.name}`,
      movesBytes,
    },
    body,
  );
