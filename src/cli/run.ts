/** `tidemark run NAME`: starts a run through Temporal, follows it, prints its receipt. */
import { isQueuePolled, startRun, type StartedRun } from '../runtime/client/runs.js';
import {
  defineCommand,
  exitCodes,
  formatOption,
  layerOptions,
  type CommandInput,
  type Terminal,
} from './command.js';
import { type Connected, taskQueueOption, whereToLook, withClient } from './live.js';
import { painter } from './paint.js';
import { receiptLines } from './receipt-text.js';
import { checkStartable, requestOf } from './run-request.js';
import { followRun } from './run-follow.js';
import { json } from './table.js';

const warnWithoutWorker = async ({ client, taskQueue, terminal }: Connected): Promise<void> => {
  if (await isQueuePolled(client, taskQueue)) return;
  const warning = painter(terminal.color)('warning', 'yellow');
  terminal.err(
    `${warning}: no worker polls the task queue ${taskQueue}: the run waits until one does. Start one: tidemark worker`,
  );
};

const started = ({ client, ui }: Connected, run: StartedRun) => {
  const { workflowId, runId } = run;
  return {
    workflow_id: workflowId,
    run_id: runId,
    look: whereToLook(ui, client.options.namespace, workflowId),
  };
};

const detach = (connected: Connected, run: StartedRun, isJson: boolean): number => {
  const facts = started(connected, run);
  const { terminal } = connected;
  terminal.out(isJson ? json(facts) : `started ${facts.workflow_id}\n  ${facts.look}`);
  return exitCodes.ok;
};

const follow = async (connected: Connected, run: StartedRun, isJson: boolean): Promise<number> => {
  const { terminal, client } = connected;
  const { look } = started(connected, run);
  const end = await followRun(connected, run);
  if (end === null) {
    terminal.err(`no longer following ${run.workflowId}, which goes on`);
    terminal.err(
      `  cancel it: temporal workflow cancel --namespace ${client.options.namespace} --workflow-id ${JSON.stringify(run.workflowId)}`,
    );
    return exitCodes.interrupted;
  }
  if (end.kind === 'failed') {
    terminal.err(`${painter(terminal.color)(`error[${end.code}]`, 'red')}: ${end.message}`);
    terminal.err(`  ${look}`);
    return exitCodes.findings;
  }
  terminal.out(isJson ? json(end.receipt) : receiptLines(end.receipt).join('\n'));
  return exitCodes.ok;
};

const run = async (input: CommandInput, terminal: Terminal): Promise<number> => {
  const [name = ''] = input.args;
  const request = requestOf(input);
  const isJson = input.options['format'] === 'json';
  return withClient(input, terminal, async (connected) => {
    const { client, definition, taskQueue } = connected;
    checkStartable(definition, name, request.assets ?? []);
    await warnWithoutWorker(connected);
    const project = definition.project.name;
    const order = { project, name, taskQueue, request, nowMs: Date.now() };
    const begun = await startRun(client, order);
    if (input.options['detach'] === true) return detach(connected, begun, isJson);
    connected.terminal.err(`started ${begun.workflowId}\n  ${started(connected, begun).look}`);
    return follow(connected, begun, isJson);
  });
};

export const runCommand = defineCommand({
  name: 'run',
  summary: 'start a job or an asset through Temporal, follow it, print its receipt',
  arguments: [{ syntax: '<name>', summary: 'a job or an asset; `tidemark list` shows them' }],
  options: [
    { flags: '--partition <key>', summary: 'the partition to run' },
    {
      flags: '--param <name=value>',
      summary: 'value of a parameter; asset.name=value for one asset',
      repeatable: true,
    },
    { flags: '--assets <names>', summary: 'only these assets of the job, with commas between' },
    { flags: '--full-refresh', summary: 'replace what the target holds' },
    { flags: '--detach', summary: 'start it and return; the id is printed' },
    taskQueueOption,
    ...layerOptions,
    { ...formatOption, summary: 'how the receipt is written' },
  ],
  examples: [
    'run orders_job',
    'run orders_job --param day=2026-01-31 --format json',
    'run orders --detach',
  ],
  run,
});
