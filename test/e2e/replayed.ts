/**
 * Replays what a run and its assets have recorded against the workflows as they are now. Every test of a whole run
 * ends with it: a workflow that is not deterministic passes no such test.
 */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { Worker, type WorkflowBundle } from '@temporalio/worker';

/** The runs of one workflow id, from the one that was started to the last that it continued as. */
const runIdsOf = async (client: Client, workflowId: string): Promise<readonly string[]> => {
  const runs: { readonly runId: string; readonly ms: number }[] = [];
  const query = `WorkflowId = ${JSON.stringify(workflowId)}`;
  for await (const { runId, startTime } of client.workflow.list({ query })) {
    runs.push({ runId, ms: startTime.getTime() });
  }
  return runs.sort((a, b) => a.ms - b.ms).map(({ runId }) => runId);
};

export interface Recorded {
  readonly workflowId: string;
  readonly history: Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
}

/** The histories of every run of these ids that is not among `done`, and notes them there. */
export const recordedRuns = async (
  client: Client,
  ids: readonly string[],
  done: Set<string>,
): Promise<readonly Recorded[]> => {
  const found: Recorded[] = [];
  for (const workflowId of ids) {
    // The list is written some moments after the end of a run; the description is not.
    const { runId: last } = await client.workflow.getHandle(workflowId).describe();
    const runIds = new Set([...(await runIdsOf(client, workflowId)), last]);
    for (const runId of runIds) {
      if (done.has(runId)) continue;
      done.add(runId);
      found.push({
        workflowId,
        history: await client.workflow.getHandle(workflowId, runId).fetchHistory(),
      });
    }
  }
  return found;
};

/** Replays histories; throws the error of the first that differs. Gives their number. */
export const replayed = async (
  workflowBundle: WorkflowBundle,
  histories: readonly Recorded[],
): Promise<number> => {
  for await (const { workflowId, error } of Worker.runReplayHistories(
    { workflowBundle },
    histories,
  )) {
    if (error !== undefined)
      throw new Error(`replay of ${workflowId}: ${error.message}`, { cause: error });
  }
  return histories.length;
};
