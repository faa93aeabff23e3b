/** What commands that act have in common: the environment of the dev stack, a client, and where runs can be looked at. */
import type { Client } from '@temporalio/client';
import { TidemarkError } from '../core/errors/error.js';
import type { Definition } from '../language/definition/definition.js';
import type { LoadedProject } from '../language/lint/load-project.js';
import { withDevEnvironment } from '../runtime/project/dev-environment.js';
import type { CommandInput, CommandOption, Terminal } from './command.js';
import { badUsage } from './errors.js';
import { projectRoot, withDefinition } from './project.js';

/** `--task-queue`, for commands that name or poll the queue. */
export const taskQueueOption: CommandOption = {
  flags: '--task-queue <name>',
  summary: 'task queue of the project (default: task_queue of tidemark.yaml, else its name)',
};

export interface Live {
  /** With the variables of the dev stack that are not set otherwise. */
  readonly terminal: Terminal;
  readonly root: string;
  /** Address of the Web UI; null when it is not known. */
  readonly ui: string | null;
}

/** Says in one line on stderr when something is taken from the dev stack. */
export const goLive = (input: CommandInput, terminal: Terminal): Live => {
  const root = projectRoot(input, terminal);
  const { env, notice, ui } = withDevEnvironment(terminal.env, root);
  if (notice !== null) terminal.err(notice);
  return { terminal: { ...terminal, env }, root, ui };
};

export interface Connected extends Live {
  readonly definition: Definition;
  readonly client: Client;
  readonly taskQueue: string;
}

/**
 * With the project loaded (its errors end with code 1) and a connection that is closed afterwards. `check` sees the project
 * first: what is wrong here should not wait for a server.
 */
export const withClient = async (
  input: CommandInput,
  terminal: Terminal,
  run: (connected: Connected) => Promise<number>,
  check: (definition: Definition, loaded: LoadedProject) => void = () => undefined,
): Promise<number> => {
  const live = goLive(input, terminal);
  return withDefinition(input, live.terminal, async (definition, loaded) => {
    check(definition, loaded);
    // Loaded here, as most commands never talk to Temporal and its client is slow to load.
    const { connectClient } = await import('../runtime/client/connect.js');
    const client = await connectClient(live.terminal.env, definition.project.namespace);
    const given = input.options['taskQueue'];
    const taskQueue = typeof given === 'string' ? given : definition.project.taskQueue;
    try {
      return await run({ ...live, definition, client, taskQueue });
    } finally {
      await client.connection.close();
    }
  });
};

/** Where a workflow is seen: the Web UI, else the command that shows it. */
export const whereToLook = (ui: string | null, namespace: string, workflowId: string): string =>
  ui === null
    ? `temporal workflow describe --namespace ${namespace} --workflow-id ${JSON.stringify(workflowId)}`
    : `${ui}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;

/** An option with a unit: `64 MiB`, `5s`; undefined when it was not given. */
export const measuredOption = (
  input: CommandInput,
  option: { readonly name: string; readonly flag: string; readonly right: string },
  parse: (text: string) => number | undefined,
): number | undefined => {
  const given = input.options[option.name];
  if (given === undefined) return undefined;
  const value = parse(String(given));
  if (value !== undefined && value > 0) return value;
  throw new TidemarkError(badUsage, `${option.flag} is ${JSON.stringify(given)}`, {
    fix: `Write ${option.right}.`,
  });
};
