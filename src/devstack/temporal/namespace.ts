/**
 * Waits until a namespace answers and keeps closed runs long enough.
 *
 * The dev server keeps them for 24 hours, which also bounds how long a workflow id that may not be reused is remembered:
 * too short for anybody who looks on Monday at what Friday did.
 */
import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

const msPerDay = 86_400_000;

export interface NamespaceGoal {
  readonly namespace: string;
  readonly retentionDays: number;
}

/** Raises the retention when it is lower. Rejects while the server does not answer or does not know the namespace yet. */
export const settleNamespace = async (
  connection: Connection,
  goal: NamespaceGoal,
): Promise<void> => {
  const { workflowService } = connection;
  const { namespace } = goal;
  const { config } = await workflowService.describeNamespace({ namespace });
  const wantedMs = goal.retentionDays * msPerDay;
  const keptMs = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1000;
  if (keptMs >= wantedMs) return;
  await workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: msToTs(wantedMs) },
  });
};
