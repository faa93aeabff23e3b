/** What one may write about files in memory; names follow those of S3 where they mean the same. */
import { z } from 'zod';
import { fileFormatFields } from '../../formats/options.js';
import {
  bytesPerSecond,
  choice,
  field,
  filePattern,
  itemText,
  predicate,
  runText,
} from '../fields.js';
import { dataSetNames } from './data-sets.js';

const fault = z.strictObject({
  on: choice(['list', 'read', 'write'], { description: 'The operation that the fault happens to' }),
  do: choice(['fail', 'stall', 'truncate', 'duplicate'], {
    description:
      'fail: as if the connection broke; stall: no byte and no answer; truncate: a read ends there; duplicate: a write is carried out and its answer lost, a file is listed twice',
  }),
  at: field(z.number().int().min(0), {
    description:
      'Position in bytes at which it happens; of a listing, the place of the file from 0',
  }),
  path: field(z.string().min(1), {
    description: 'Only this file; without it any',
  }).optional(),
  times: field(z.number().int().min(1), {
    description: 'How often it happens before the operation works',
  }).default(1),
});
export type MemoryFault = z.output<typeof fault>;

export const connectionOptions = z.strictObject({
  data_set: choice(dataSetNames, {
    description: 'Files that are there at the start, by name of the data set',
    template: 'connection',
  }).optional(),
  files: field(z.record(z.string().min(1), z.string()), {
    description: 'Files that are there at the start: text by path',
    template: 'none',
  }).optional(),
  faults: field(z.array(fault), {
    description: 'Faults that happen at declared positions, so that they repeat',
    template: 'none',
  }).default([]),
  bytes_per_second: bytesPerSecond(),
});
export type MemoryConnection = z.output<typeof connectionOptions>;

export const sourceOptions = z.strictObject({
  key: runText('Exactly one file; with `prefix` it is looked for below it').optional(),
  prefix: field(z.string(), {
    description: 'Files whose path starts with it',
    template: 'run',
  }).default(''),
  pattern: filePattern(
    'Regular expression, anchored at the start, that the path, the name or the path below the prefix must match',
  ).optional(),
  predicate: predicate(),
  delete_source: field(z.boolean(), {
    description: 'Delete each file after its copy was published and checked',
    template: 'run',
  }).default(false),
  ...fileFormatFields,
});
export type MemorySourceOptions = z.output<typeof sourceOptions>;

export const targetOptions = z.strictObject({
  key: itemText('Path of the file; may hold templates of the item').optional(),
  prefix: field(z.string(), {
    description: 'Folder that the files are put below, with their sub-folders',
    template: 'item',
  }).default(''),
  ...fileFormatFields,
});
export type MemoryTargetOptions = z.output<typeof targetOptions>;
