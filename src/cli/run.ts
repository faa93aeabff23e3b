/** `tidemark run NAME`: starts a run through Temporal, follows it, prints its receipt. */
import {
  defineCommand,
  formatOption,
  layerOptions,
  type CommandInput,
  type Terminal,
} from './command.js';
import { taskQueueOption, withClient } from './live.js';
import { checkStartable, requestOf } from './run-request.js';

const run = (input: CommandInput, terminal: Terminal): Promise<number> => {
  const [name = ''] = input.args;
  const request = requestOf(input);
  return withClient(input, terminal, async (connected) => {
    checkStartable(connected.definition, name, request.assets ?? []);
    const { startAndFollow } = await import('./start-run.js');
    return startAndFollow(connected, name, request, input);
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
