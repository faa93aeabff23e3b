/**
 * What the demo asks the `temporal` CLI, and how it reads the answers. Runs are started, watched and triggered here
 * exactly as a user would do it by hand.
 */
import { z } from 'zod';
import { DemoError, type Environment, runProgram } from './child-program.js';
import type { DevFacts } from './dev-facts.js';
import { type Receipt, receiptShape } from './receipt-facts.js';

const resultShape = z.object({ status: z.string(), result: receiptShape.optional() });

const describeShape = z.object({
  pendingActivities: z
    .array(
      z.object({
        activityType: z.object({ name: z.string() }),
        state: z.string().optional(),
        lastWorkerIdentity: z.string().optional(),
      }),
    )
    .optional(),
});

const scheduleShape = z.object({
  info: z.object({
    recentActions: z
      .array(z.object({ startWorkflowResult: z.object({ workflowId: z.string() }) }))
      .optional(),
  }),
});

const sensorShape = z.object({
  queryResult: z.tuple([
    z.object({ lastRun: z.string().nullable(), lastError: z.string().nullable() }),
  ]),
});

const listShape = z.array(z.object({ execution: z.object({ workflowId: z.string() }) }));

/** An activity that is under way or waits for its next attempt. */
export interface PendingActivity {
  /** `sftp.transfer`. */
  readonly activity: string;
  readonly isRunning: boolean;
  /** Process id of the worker that had it last; null before the first. */
  readonly workerPid: number | null;
}

const pidOf = (identity: string | undefined): number | null => {
  const pid = Number(identity?.split('/').at(-1));
  return Number.isInteger(pid) && pid > 1 ? pid : null;
};

export class TemporalCli {
  readonly #place: DevFacts['temporal'];
  readonly #env: Environment;
  readonly #signal: AbortSignal;

  constructor(place: DevFacts['temporal'], env: Environment, signal: AbortSignal) {
    this.#place = place;
    this.#env = env;
    this.#signal = signal;
  }

  async #text(...args: readonly string[]): Promise<string> {
    const { address, namespace, cli } = this.#place;
    const env = { ...this.#env, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
    const answer = await runProgram({ command: cli, args, cwd: '.', env }, this.#signal);
    if (answer.code === 0) return answer.out;
    throw new DemoError(
      `temporal ${args.join(' ')}\nended with ${String(answer.code)}: ${answer.err}`,
    );
  }

  async #json(...args: readonly string[]): Promise<unknown> {
    return JSON.parse(await this.#text(...args, '--output', 'json'));
  }

  /** Starts a job under an id of our choice. */
  async start(type: string, taskQueue: string, workflowId: string): Promise<void> {
    const named = ['--workflow-id', workflowId, '--type', type, '--task-queue', taskQueue];
    await this.#json('workflow', 'start', ...named, '--fail-existing');
  }

  /** Waits for the end; throws unless the run completed. */
  async receipt(workflowId: string): Promise<Receipt> {
    const answer = await this.#json('workflow', 'result', '--workflow-id', workflowId);
    const { status, result } = resultShape.parse(answer);
    if (status === 'COMPLETED' && result !== undefined) return result;
    throw new DemoError(`run ${workflowId} ended as ${status}`);
  }

  /** Activities of a workflow that have not ended. */
  async pending(workflowId: string): Promise<readonly PendingActivity[]> {
    const answer = await this.#json('workflow', 'describe', '--workflow-id', workflowId);
    const { pendingActivities = [] } = describeShape.parse(answer);
    return pendingActivities.map(({ activityType, state = '', lastWorkerIdentity }) => ({
      activity: activityType.name,
      isRunning: state.endsWith('STARTED'),
      workerPid: pidOf(lastWorkerIdentity),
    }));
  }

  /** The run that a sensor started last; null when it has started none, or is still being planned. */
  async lastRunOfSensor(workflowId: string): Promise<string | null> {
    const args = ['--workflow-id', workflowId, '--type', 'state'];
    const answer = await this.#json('workflow', 'query', ...args).catch((error: unknown) => {
      if (String(error).includes('did not register a handler')) return null;
      throw error;
    });
    if (answer === null) return null;
    const [{ lastRun, lastError }] = sensorShape.parse(answer).queryResult;
    if (lastError !== null) throw new DemoError(`sensor ${workflowId}: ${lastError}`);
    return lastRun;
  }

  /** Ids of the runs that a schedule started lately. */
  async runsOfSchedule(scheduleId: string): Promise<readonly string[]> {
    const answer = await this.#json('schedule', 'describe', '--schedule-id', scheduleId);
    const { recentActions = [] } = scheduleShape.parse(answer).info;
    return recentActions.map(({ startWorkflowResult }) => startWorkflowResult.workflowId);
  }

  async triggerSchedule(scheduleId: string): Promise<void> {
    await this.#text('schedule', 'trigger', '--schedule-id', scheduleId);
  }

  /** Ids of this project's workflows that are open. */
  async openWorkflows(project: string): Promise<readonly string[]> {
    const query = 'ExecutionStatus = "Running"';
    const found = listShape.parse(await this.#json('workflow', 'list', '--query', query));
    return found
      .map(({ execution }) => execution.workflowId)
      .filter((id) => id.startsWith(`${project}/`));
  }

  async terminate(workflowId: string): Promise<void> {
    const reason = 'left by an earlier demo';
    await this.#text('workflow', 'terminate', '--workflow-id', workflowId, '--reason', reason);
  }

  /** Where a person sees the run. */
  link(workflowId: string): string {
    const { ui, namespace } = this.#place;
    return `${ui}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`;
  }
}
