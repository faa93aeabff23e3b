/** `tidemark worker`: runs the project's workflows and activities until Ctrl-C or SIGTERM. */
import { once } from 'node:events';
import { isAbsolute, resolve } from 'node:path';
import { parseByteSize, parseDurationMs } from '../connectors/fields.js';
import { renderDiagnostic } from '../core/errors/render.js';
import type { Supervisor } from '../runtime/worker/supervisor.js';
import { memoryBytesDefault, type WorkerSettings } from '../runtime/worker/worker-settings.js';
import {
  defineCommand,
  exitCodes,
  layerOptions,
  type CommandInput,
  type Terminal,
} from './command.js';
import { type Connected, measuredOption, taskQueueOption, withClient } from './live.js';
import { listOption } from './project.js';

const timingOf = (input: CommandInput): WorkerSettings['timing'] => {
  const durationOf = (name: string, flag: string) =>
    measuredOption(input, { name, flag, right: 'a duration: 500ms, 5s, 1m' }, parseDurationMs);
  const timing = {
    heartbeatTimeoutMs: durationOf('heartbeatTimeout', '--heartbeat-timeout'),
    retryIntervalMs: durationOf('retryInterval', '--retry-interval'),
  };
  return Object.fromEntries(Object.entries(timing).filter(([, value]) => value !== undefined));
};

/** Everything in the options is checked here, before a process is started. */
const settingsOf = (
  input: CommandInput,
  terminal: Terminal,
): Omit<WorkerSettings, 'root' | 'taskQueue'> => {
  const { env, connections } = input.options;
  const memory = { name: 'memory', flag: '--memory', right: 'a size: 64 MiB, 500 MB' };
  return {
    ...(typeof env === 'string' ? { envName: env } : {}),
    connectionFiles: listOption(connections).map((file) =>
      isAbsolute(file) ? file : resolve(terminal.cwd, file),
    ),
    memoryBytes: measuredOption(input, memory, parseByteSize) ?? memoryBytesDefault,
    timing: timingOf(input),
  };
};

/** Asks to stop when the signal is aborted, also when it was before. */
const stopOnSignal = async (supervisor: Supervisor, terminal: Terminal): Promise<void> => {
  if (!terminal.signal.aborted) await once(terminal.signal, 'abort');
  terminal.err('finishing the parts under way');
  supervisor.stop();
};

const superviseUntilStopped = async (
  connected: Connected,
  settings: WorkerSettings,
): Promise<number> => {
  const { client, terminal, definition, taskQueue, ui } = connected;
  const { supervise } = await import('../runtime/worker/supervisor.js');
  const supervisor = supervise({
    client,
    args: [JSON.stringify(settings)],
    env: terminal.env,
    log: (line) => terminal.err(line),
  });
  void stopOnSignal(supervisor, terminal);
  const { namespace } = client.options;
  const isReady = await Promise.race([
    supervisor.ready.then(() => true),
    supervisor.ended.then(() => false),
  ]);
  if (isReady) {
    const look =
      ui === null ? '' : `; Web UI: ${ui}/namespaces/${encodeURIComponent(namespace)}/workflows`;
    terminal.out(
      `ready: project ${definition.project.name}, task queue ${taskQueue}, namespace ${namespace}${look}`,
    );
  }
  return (await supervisor.ended) === 0 ? exitCodes.ok : exitCodes.findings;
};

const run = async (input: CommandInput, terminal: Terminal): Promise<number> => {
  const settings = settingsOf(input, terminal);
  const supervised = (connected: Connected): Promise<number> =>
    superviseUntilStopped(connected, {
      ...settings,
      root: connected.root,
      taskQueue: connected.taskQueue,
    });
  return withClient(input, terminal, supervised, (_, { diagnostics }) => {
    // Here a variable that is not set is one that runs will miss. Without excerpts: a line may hold a secret in plain text.
    for (const finding of diagnostics) terminal.err(`${renderDiagnostic(finding)}\n`);
  });
};

export const worker = defineCommand({
  name: 'worker',
  summary: "run the project's workflows and activities until Ctrl-C",
  arguments: [],
  options: [
    {
      flags: '--memory <size>',
      summary: `buffers that transfers may hold (default: ${String(memoryBytesDefault / 1024 / 1024)} MiB)`,
    },
    taskQueueOption,
    ...layerOptions,
    {
      flags: '--heartbeat-timeout <duration>',
      summary: 'for tests: when a silent transfer counts as dead (default: 30s)',
    },
    {
      flags: '--retry-interval <duration>',
      summary: 'for tests: the first wait before a transfer is tried again (default: 10s)',
    },
  ],
  examples: ['worker', 'worker --memory 256MiB --env prod'],
  run,
});
