/** What one may write about tables in memory. */
import { z } from 'zod';
import { choice, field } from '../fields.js';
import { rowSourceFields, rowTargetFields } from '../row-fields.js';

const value = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .transform((found) => (found === null ? null : String(found)));

const table = z.strictObject({
  columns: field(z.record(z.string().min(1), z.string().min(1)), {
    description:
      'Types by column: bigint, numeric, text, timestamptz, timestamp, date, boolean, bytea',
  }),
  primary_key: field(z.array(z.string().min(1)).min(1), {
    description: 'Columns that are unique together and never NULL',
  }).optional(),
  rows: field(z.array(z.array(value)), {
    description: 'Rows that are there at the start, values in the order of the columns',
  }).default([]),
});

const fault = z.strictObject({
  on: choice(['page', 'probe', 'stage', 'publish'], {
    description:
      'page: reading rows; probe: asking for the end of a page; stage: writing a page; publish: the transaction that publishes',
  }),
  do: choice(['fail', 'stall', 'lose-answer'], {
    description:
      'fail: the connection breaks in the middle; stall: nothing comes any more; lose-answer: done, and nobody hears of it',
  }),
  at: field(z.number().int().min(0), {
    description: 'The how-manieth operation of that kind it happens to, from 0',
  }),
  times: field(z.number().int().min(1), {
    description: 'How many operations in a row it happens to',
  }).default(1),
});
export type TableFault = z.output<typeof fault>;

export const connectionOptions = z.strictObject({
  tables: field(z.record(z.string().min(1), table), {
    description: 'Tables that are there at the start, by name',
    template: 'none',
  }).default({}),
  faults: field(z.array(fault), {
    description: 'Faults that happen at declared operations, so that they repeat',
    template: 'none',
  }).default([]),
});
export type TableConnection = z.output<typeof connectionOptions>;

export const sourceOptions = z.strictObject(rowSourceFields);
export type TableSourceOptions = z.output<typeof sourceOptions>;

export const targetOptions = z.strictObject(rowTargetFields);
export type TableTargetOptions = z.output<typeof targetOptions>;
