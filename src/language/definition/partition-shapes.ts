/** The keys of `partitions_def`, by type (dialect §7.1). */
import { z } from 'zod';
import { choice, field, type MoreFacts } from '../../connectors/fields.js';
import { anyMapping, either, ours, text, together, word } from './shape-fields.js';

/** A date or time as YAML gives it, quoted or not; a number is left to the check of its text. */
const date = (description: string, more: MoreFacts = {}) =>
  field(z.union([word, z.number()]), {
    description,
    examples: ['2025-01-31'],
    ...more,
  })
    .transform(String)
    .optional();
const offset = (max: number, description: string) =>
  field(z.int().min(0).max(max), { description }).default(0);

const timePartitions = <S extends z.ZodRawShape>(type: string, fields: S) =>
  together(
    z.strictObject({
      type: choice([type], { description: 'Kind of partitions' }),
      start_date: date('Where the first partition begins; required, in one of its two spellings'),
      start: date('The same as start_date'),
      end_date: date('Where the last partition ends; without it they go on for ever'),
      end: date('The same as end_date', ours),
      timezone: text('Zone in which days begin (IANA name)').default('UTC'),
      fmt: text('Format of the keys, as strftime; each type has its own by default', {
        examples: ['%Y-%m-%d'],
      }).optional(),
      ...fields,
    }),
    { ...either('start_date', 'start'), not: { required: ['end_date', 'end'] } },
  );

const minutes = { minute_offset: offset(59, 'Minutes by which each partition begins later') };
const ofDays = {
  hour_offset: offset(23, 'Hours by which each partition begins later'),
  ...minutes,
};

/** Keys of `partitions_def` by its type (dialect §7.1). */
export const partitionShapes = {
  hourly: timePartitions('hourly', minutes),
  daily: timePartitions('daily', ofDays),
  weekly: timePartitions('weekly', {
    ...ofDays,
    day_offset: offset(6, 'Day on which a week begins; 0 is Sunday'),
  }),
  monthly: timePartitions('monthly', {
    ...ofDays,
    day_offset: field(z.int().min(1).max(28), {
      description: 'Day on which a month begins',
    }).default(1),
  }),
  cron: timePartitions('cron', {
    cron_schedule: text('Cron expression whose ticks are the borders of partitions', {
      examples: ['0 6 * * 1'],
    }),
  }),
  static: z.strictObject({
    type: choice(['static'], { description: 'Kind of partitions' }),
    values: field(z.array(z.union([word, z.number(), z.boolean()]).transform(String)).min(1), {
      description: 'The keys',
      examples: ['[north, south]'],
    }),
  }),
  dynamic: z.strictObject({
    type: choice(['dynamic'], { description: 'Kind of partitions' }),
    name: text('Name of the set of keys; a run names its key'),
  }),
  multi: z.strictObject({
    type: choice(['multi'], { description: 'Kind of partitions' }),
    dimensions: field(z.record(z.string(), anyMapping), {
      description: 'Two dimensions or more by name, each a partitions_def; at most one of time',
    }),
  }),
};
