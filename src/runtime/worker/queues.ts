/** Names of task queues: what a run needs is in the name of its project, never in the names of its pipelines. */

/** Workflows and light activities use `taskQueue` itself. */
export const transfersQueueOf = (taskQueue: string): string => `${taskQueue}-transfers`;
