/**
 * Replays what a run and its assets have recorded against the workflows as they are now. Every test of a whole run
 * ends with it: a workflow that is not deterministic passes no such test.
 */
import type { Client } from '@temporalio/client';
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

/** Replays every run of these ids; gives the number of runs. Throws the determinism error of the first that differs. */
export const replayed = async (
  client: Client,
  workflowBundle: WorkflowBundle,
  ids: readonly string[],
): Promise<number> => {
  let count = 0;
  for (const workflowId of ids) {
    // The list is written some moments after the end of a run; the description is not.
    const { runId: last } = await client.workflow.getHandle(workflowId).describe();
    const runIds = new Set([...(await runIdsOf(client, workflowId)), last]);
    for (const runId of runIds) {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      await Worker.runReplayHistory({ workflowBundle }, history, workflowId);
      count++;
    }
  }
  return count;
};
