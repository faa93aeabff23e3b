/**
 * `tidemark worker` is a small supervisor over a worker process. When the process dies it starts another one and fails
 * the tasks that were open, with the progress that they last reported and a retry delay of a second: a killed process
 * costs a second or two instead of the heartbeat timeout. The targets' conditions keep that safe.
 *
 * A process that has not given a sign of life for a while is killed first: two processes must not work on one task.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { defaultPayloadConverter, toPayloads } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time.js';
import type { Client } from '@temporalio/client';
import type { WorkerMessage } from './ipc.js';
import { OpenTasks, type TrackedTask } from './open-tasks.js';

export interface SupervisorOptions {
  readonly client: Client;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: (line: string) => void;
  /** Longest silence of a worker process, ms. */
  readonly hangMs?: number;
  /** The program of the worker process; default: the one beside this file. */
  readonly program?: string;
}

export interface Supervisor {
  /** Resolves when the first worker process polls for tasks. */
  readonly ready: Promise<void>;
  /** Exit code, once the supervisor has ended: 0 after `stop`, 1 when the process would not stay alive. */
  readonly ended: Promise<number>;
  /** Process id of the worker process now. */
  pid(): number | undefined;
  /** Asks the process to finish its parts and waits for it. */
  stop(): void;
}

/** A second, as the protocol writes durations. */
const oneSecond = msToTs('1s');

/** This many deaths within a minute, and the supervisor gives up. */
const deathsMax = 30;
const hangMsDefault = 45_000;
const stopMs = 45_000;

/**
 * Of the worker process. Buffers live for milliseconds: a small young generation lets them go soon. V8 counts them against
 * a limit that it makes of the few MB of objects, and would mark all objects again for every 15 MB that pass through: a
 * limit of twice the objects halves the processor time of a load, for a few MB of memory.
 */
export const workerFlags = [
  '--enable-source-maps',
  '--max-semi-space-size=8',
  '--heap-growing-percent=100',
] as const;

const workerProgram = (): string => fileURLToPath(new URL('./worker-process.js', import.meta.url));

class Supervision implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #tasks = new OpenTasks(() => performance.now());
  readonly #deaths: number[] = [];
  #child: ChildProcess | null = null;
  #seenMs = performance.now();
  #isStopping = false;
  #isReady: () => void = () => undefined;
  #isEnded: (code: number) => void = () => undefined;
  readonly ready = new Promise<void>((resolve) => {
    this.#isReady = resolve;
  });
  readonly ended = new Promise<number>((resolve) => {
    this.#isEnded = resolve;
  });
  readonly #watchdog: NodeJS.Timeout;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#watchdog = setInterval(() => {
      this.#killHanging();
    }, 1000);
    this.#start();
  }

  pid(): number | undefined {
    return this.#child?.pid;
  }

  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#child?.kill('SIGTERM');
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), stopMs);
    timer.unref();
  }

  #start(): void {
    const { args, env, program } = this.#options;
    const child = fork(program ?? workerProgram(), [...args], {
      // Many threads allocate buffers; with an arena each, freed memory would stay with the process.
      env: { MALLOC_ARENA_MAX: '2', ...env },
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [...workerFlags],
    });
    this.#child = child;
    this.#seenMs = performance.now();
    child.on('message', (message) => {
      this.#seenMs = performance.now();
      const told = message as WorkerMessage;
      if (told.kind === 'ready') this.#isReady();
      this.#tasks.note(told);
    });
    child.once('exit', (code, signal) => {
      void this.#onExit(code, signal);
    });
  }

  #killHanging(): void {
    const silentMs = performance.now() - this.#seenMs;
    if (silentMs <= (this.#options.hangMs ?? hangMsDefault)) return;
    this.#options.log(
      `worker process ${String(this.pid())} is silent for ${String(Math.round(silentMs / 1000))} s: killing it`,
    );
    this.#seenMs = performance.now();
    this.#child?.kill('SIGKILL');
  }

  async #onExit(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    const diedMs = performance.now();
    const pid = this.#child?.pid;
    this.#child = null;
    if (this.#isStopping) {
      await this.#failTasks();
      this.#end(0);
      return;
    }
    const how = signal ?? `exit code ${String(code)}`;
    this.#deaths.push(diedMs);
    const recent = this.#deaths.filter((ms) => diedMs - ms < 60_000).length;
    if (recent > deathsMax || (code !== null && code === 78)) {
      this.#options.log(`worker process ${String(pid)} ended (${how}): not started again`);
      await this.#failTasks();
      this.#end(1);
      return;
    }
    // The next process starts while the tasks are being failed: it needs longer to be ready than they to be retried.
    this.#start();
    const failed = await this.#failTasks();
    this.#options.log(
      `worker process ${String(pid)} ended (${how}): started ${String(this.pid())}, handed over ${String(failed)} tasks`,
    );
  }

  #end(code: number): void {
    clearInterval(this.#watchdog);
    this.#isEnded(code);
  }

  async #failTasks(): Promise<number> {
    const tasks = this.#tasks.takeAll();
    await Promise.allSettled(tasks.map((task) => this.#failTask(task)));
    return tasks.length;
  }

  async #failTask({ taskToken, workflow, details }: TrackedTask): Promise<void> {
    const { workflowService } = this.#options.client.connection;
    const { namespace } = this.#options.client.options;
    const payloads = details === null ? [] : (toPayloads(defaultPayloadConverter, details) ?? []);
    await this.#options.client.connection.withDeadline(Date.now() + 5_000, () =>
      workflowService.respondActivityTaskFailed({
        namespace,
        taskToken,
        identity: `supervisor/${String(process.pid)}`,
        failure: {
          message: 'The worker process died; its supervisor handed the task over',
          source: 'tidemark',
          applicationFailureInfo: {
            type: 'activity/worker-died',
            nextRetryDelay: oneSecond,
          },
        },
        ...(payloads.length === 0 ? {} : { lastHeartbeatDetails: { payloads } }),
      }),
    );
    if (workflow.id === '') return;
    // Its workflow tasks would wait in the dead process's sticky queue.
    await workflowService
      .resetStickyTaskQueue({
        namespace,
        execution: { workflowId: workflow.id, runId: workflow.runId },
      })
      .catch(() => undefined);
  }
}

export const supervise = (options: SupervisorOptions): Supervisor => new Supervision(options);
