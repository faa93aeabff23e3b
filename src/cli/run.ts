/** `tidemark run NAME`: starts a run through Temporal, follows it, prints its receipt. */
import { defineCommand } from './command.js';
import { request, requestOptions } from './run-request.js';

export const runCommand = defineCommand({
  name: 'run',
  summary: 'start a job or an asset through Temporal, follow it, print its receipt',
  arguments: [{ syntax: '<name>', summary: 'a job or an asset; `tidemark list` shows them' }],
  options: [
    { flags: '--partition <key>', summary: 'the partition to run' },
    ...requestOptions({
      refresh: 'replace what the target holds',
      format: 'how the receipt is written',
    }),
  ],
  examples: [
    'run orders_job',
    'run orders_job --param day=2026-01-31 --format json',
    'run orders --detach',
  ],
  run: (input, terminal) => request(input, terminal),
});
