/** `await-run`: waits for the end of another run of the same asset and partition (`on_overlap: wait`). */
import { Context } from '@temporalio/activity';
import { TidemarkError } from '../src/core/errors/error.js';
import { otherRunFailed } from './errors.js';
import { runLight } from './light.js';
import type { Ports } from './ports.js';

export interface AwaitRunInput {
  readonly workflowId: string;
}

/** However it ended, it has ended; any other error is about reaching the server. */
const saysEnded = (error: unknown): boolean =>
  error instanceof Error && ['WorkflowFailedError', 'WorkflowNotFoundError'].includes(error.name);

export const awaitRun =
  (ports: Ports) =>
  (input: AwaitRunInput): Promise<void> =>
    runLight(ports, async (signal) => {
      const handle = Context.current().client.workflow.getHandle(input.workflowId);
      const ended = handle.result().catch((error: unknown) => {
        if (saysEnded(error)) return;
        throw new TidemarkError(otherRunFailed, `cannot follow ${input.workflowId}`, {
          cause: error,
        });
      });
      const stopped = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
      await Promise.race([ended, stopped]);
    });
