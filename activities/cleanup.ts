/** `<kind>.cleanup`: discards by name what a run opened and will not complete (G8). Idempotent. */
import type { UploadHandle } from '../src/core/plan/file.js';
import type { EndpointPlan } from '../src/core/plan/plan.js';
import { runLight } from './light.js';
import type { Ports } from './ports.js';

export interface CleanupInput {
  readonly target: EndpointPlan;
  readonly uploads: readonly UploadHandle[];
}

export const cleanup =
  (ports: Ports) =>
  (input: CleanupInput): Promise<{ readonly discarded: number }> =>
    runLight(ports, async (signal) => {
      const { target } = await ports.connections.target(input.target);
      for (const upload of input.uploads) await target.abort(upload, signal);
      return { discarded: input.uploads.length };
    });
