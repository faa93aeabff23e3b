/** What `tidemark run` and `tidemark backfill` share: start a run, say where it is seen, follow it, print its account. */
import type { RunRequest } from '../core/plan/plan.js';
import type { BackfillReceipt } from '../core/run/backfill-run.js';
import type { RunReceipt } from '../core/run/receipt.js';
import { isQueuePolled, startRun, type StartedRun } from '../runtime/client/runs.js';
import { type CommandInput, exitCodes } from './command.js';
import { type Connected, whereToLook } from './live.js';
import { painter } from './paint.js';
import { backfillLines, receiptLines } from './receipt-text.js';
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

/** A range that means exactly one partition is an ordinary run. */
const linesOf = (receipt: RunReceipt | BackfillReceipt): readonly string[] =>
  'partitions' in receipt ? backfillLines(receipt) : receiptLines(receipt);

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
  terminal.out(isJson ? json(end.receipt) : linesOf(end.receipt).join('\n'));
  return exitCodes.ok;
};

/** `--detach` and `--format` are options of the command. */
export const startAndFollow = async (
  connected: Connected,
  name: string,
  request: RunRequest,
  { options }: CommandInput,
): Promise<number> => {
  const { client, definition, taskQueue } = connected;
  const isJson = options['format'] === 'json';
  await warnWithoutWorker(connected);
  const project = definition.project.name;
  const order = { project, name, taskQueue, request, nowMs: Date.now() };
  const begun = await startRun(client, order);
  if (options['detach'] === true) return detach(connected, begun, isJson);
  connected.terminal.err(`started ${begun.workflowId}\n  ${started(connected, begun).look}`);
  return follow(connected, begun, isJson);
};
