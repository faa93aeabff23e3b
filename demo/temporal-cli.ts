/**
 * What the demo asks the `temporal` CLI, and how it reads the answers. Runs are started, watched and triggered here
 * exactly as a user would do it by hand.
 */
import { z } from 'zod';
import { DemoError, type Environment, runProgram } from './child-program.js';
import type { DevFacts } from './dev-facts.js';
import { type Receipt, receiptShape } from './receipt-facts.js';

const resultShape = z.object({ status: z.string(), result: receiptShape.optional() });

const heartbeatShape = z.object({ bytes: z.number(), rate: z.string() });

const describeShape = z.object({
  pendingActivities: z
    .array(
      z.object({
        activityType: z.object({ name: z.string() }),
        state: z.string().optional(),
        attempt: z.number().optional(),
        lastWorkerIdentity: z.string().optional(),
        heartbeatDetails: z.array(z.unknown()).optional(),
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

/** A transfer that is under way, as its last heartbeat told. */
export interface MovingChunk {
  readonly attempt: number;
  readonly isRunning: boolean;
  /** Process id of the worker that had it last; null before the first. */
  readonly workerPid: number | null;
  readonly bytes: number;
  readonly rate: string;
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

  /** Transfers of an asset's workflow that are under way. */
  async moving(workflowId: string): Promise<readonly MovingChunk[]> {
    const answer = await this.#json('workflow', 'describe', '--workflow-id', workflowId);
    const { pendingActivities = [] } = describeShape.parse(answer);
    return pendingActivities
      .filter(({ activityType }) => activityType.name.endsWith('.transfer'))
      .map(({ attempt = 1, state = '', lastWorkerIdentity, heartbeatDetails }) => {
        const { data } = heartbeatShape.safeParse(heartbeatDetails?.[0]);
        return {
          attempt,
          isRunning: state.endsWith('STARTED'),
          workerPid: pidOf(lastWorkerIdentity),
          bytes: data?.bytes ?? 0,
          rate: data?.rate ?? '0 MB/s',
        };
      });
  }

  /** The run that a sensor started last; null when it has started none. */
  async lastRunOfSensor(workflowId: string): Promise<string | null> {
    const answer = await this.#json(
      'workflow',
      'query',
      '--workflow-id',
      workflowId,
      '--type',
      'state',
    );
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
