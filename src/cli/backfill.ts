/** `tidemark backfill NAME`: a run of several partitions, each in a child run of its own. */
import { TidemarkError } from '../core/errors/error.js';
import { parallelDefault, parallelMax } from '../core/plan/backfill-plan.js';
import type { PartitionSelection } from '../core/plan/partitions.js';
import type { PartitionRange } from '../core/plan/plan.js';
import { type CommandInput, defineCommand } from './command.js';
import { badUsage } from './errors.js';
import { request, requestOptions } from './run-request.js';

const wrong = (option: string, given: unknown, right: string): TidemarkError =>
  new TidemarkError(badUsage, `backfill: ${option} is ${JSON.stringify(given)}`, { fix: right });

const countOf = (option: string, given: unknown, max: number): number => {
  const value = Number(given);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw wrong(option, given, `Write a whole number from 1 to ${max}.`);
};

const how = 'Write --partitions A..B for a range, or --partitions A,B,C for single ones.';

/** `A..B`, or single keys with commas between. */
const selectionOf = ({ partitions, last }: CommandInput['options']): PartitionSelection => {
  if (partitions !== undefined && last !== undefined)
    throw new TidemarkError(badUsage, 'backfill: --partitions and --last are both given');
  if (last !== undefined) return { last: countOf('--last', last, 1_000) };
  if (typeof partitions !== 'string')
    throw new TidemarkError(badUsage, 'backfill: --partitions is missing', { fix: how });
  const [from = '', to, ...more] = partitions.split('..');
  if (to !== undefined && more.length === 0 && from !== '' && to !== '') return { from, to };
  const keys = partitions.split(',').map((key) => key.trim());
  if (to !== undefined || keys.includes('')) throw wrong('--partitions', partitions, how);
  return { keys };
};

const rangeOf = ({ options }: CommandInput): PartitionRange => ({
  ...selectionOf(options),
  ...(options['missing'] === true ? { missing: true } : {}),
  parallel:
    options['parallel'] === undefined
      ? parallelDefault
      : countOf('--parallel', options['parallel'], parallelMax),
});

export const backfill = defineCommand({
  name: 'backfill',
  summary: 'run many partitions of a job or an asset, several at once',
  arguments: [{ syntax: '<name>', summary: 'a partitioned job or asset' }],
  options: [
    {
      flags: '--partitions <keys>',
      summary: 'A..B, both included, or single keys with commas between',
    },
    { flags: '--last <count>', summary: 'instead: the newest complete partitions' },
    { flags: '--missing', summary: 'leave out partitions that were made before' },
    {
      flags: '--parallel <count>',
      summary: `partitions at the same time (default: ${parallelDefault})`,
    },
    ...requestOptions({
      refresh: 'replace what the target holds of each partition',
      format: 'how the account is written',
    }),
  ],
  examples: [
    'backfill orders_job --partitions 2025-01..2025-12',
    'backfill orders_job --partitions 2025-01-01..2025-12-31 --missing --parallel 8',
    'backfill shops_job --partitions de,fr --detach',
  ],
  run: (input, terminal) => request(input, terminal, { partition_range: rangeOf(input) }),
});
