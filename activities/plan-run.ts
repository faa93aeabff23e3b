/** `plan-run`: reads the project and compiles what a workflow type stands for. Recorded in the history (G9). */
import { runLight } from './light.js';
import type { PlannedRun, Ports } from './ports.js';

export interface PlanRunInput {
  /** The workflow type. */
  readonly name: string;
  /** The one argument of the workflow, as it came. */
  readonly request: unknown;
  /** Epoch ms at which it was meant to start: a piece of time that is over by then is a partition. Absent: now. */
  readonly atMs?: number;
}

export const planRun =
  (ports: Ports) =>
  (input: PlanRunInput): Promise<PlannedRun> =>
    runLight(ports, () => ports.planner.planRun(input.name, input.request, input.atMs));
