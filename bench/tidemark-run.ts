/** Ours: one run of an asset through Temporal, from the request to start it to its receipt; the worker is up. */
import { randomBytes } from 'node:crypto';
import type { RunReceipt } from '../src/core/run/receipt.js';
import { cpuSecondsOf } from './child-run.js';
import type { Run, Stage } from './stage.js';

/** What a run needs of a stage. */
export type Running = Pick<Stage, 'client' | 'worker'>;

/** Executes the workflow type `name` as `temporal workflow execute` does. */
export const runTidemark = async (stage: Running, name: string): Promise<Run> => {
  const workflowId = `bench/${name}/${randomBytes(4).toString('hex')}`;
  const cpuBefore = cpuSecondsOf(stage.worker.pid);
  const start = performance.now();
  const receipt = (await stage.client.workflow.execute(name, {
    taskQueue: 'bench',
    workflowId,
    args: [{}],
  })) as RunReceipt;
  const seconds = (performance.now() - start) / 1000;
  return { seconds, cpuSeconds: cpuSecondsOf(stage.worker.pid) - cpuBefore, receipt, workflowId };
};

/** Events in the histories of a run and of its assets. */
export const historyEvents = async (
  stage: Pick<Stage, 'client'>,
  workflowId: string,
): Promise<number> => {
  const { events } = await stage.client.workflow.getHandle(workflowId).fetchHistory();
  let count = events?.length ?? 0;
  for (const event of events ?? []) {
    const child = event.childWorkflowExecutionStartedEventAttributes?.workflowExecution?.workflowId;
    if (typeof child === 'string') count += await historyEvents(stage, child);
  }
  return count;
};
