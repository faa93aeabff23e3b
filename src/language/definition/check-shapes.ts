/** The keys of `checks[]`, by type (dialect §7.6). */
import { z } from 'zod';
import { choice, field, type MoreFacts } from '../../connectors/fields.js';
import { ours, span, text, together, word } from './shape-fields.js';

const checkOf = <S extends z.ZodRawShape>(type: string, fields: S, more: MoreFacts = ours) =>
  z.strictObject({
    name: text('Name of the check, in receipts and messages'),
    type: choice([type], { description: 'Kind of check', ...more }).optional(),
    severity: choice(['abort', 'warn'], {
      description: 'abort: nothing is published and the run fails; warn: the receipt says it',
      ...ours,
    }).default('abort'),
    ...fields,
  });

const columnList = field(z.union([word, z.array(word).min(1)]), {
  description: 'A column, or a list of columns',
  ...ours,
}).transform((value) => (typeof value === 'string' ? [value] : value));
const bound = (description: string) =>
  field(z.int().min(0), { description, ...ours })
    .nullable()
    .optional();

/** Keys of a check by its type; without one it is an observation_diff. */
export const checkShapes = {
  observation_diff: checkOf(
    'observation_diff',
    {
      source_key: text('Count of the source side', { examples: ['files_scanned'] }),
      target_key: text('Count of the target side', { examples: ['files_uploaded'] }),
      threshold: field(z.number().min(0), {
        description: 'Largest difference that passes',
      }).default(0),
    },
    {},
  ),
  row_count: together(
    checkOf('row_count', {
      min: bound('Fewest rows that pass; min, max or both'),
      max: bound('Most rows that pass'),
    }).refine(({ min, max }) => (min ?? null) !== null || (max ?? null) !== null, {
      message: 'write min, max or both',
      path: ['min'],
    }),
    {
      anyOf: ['min', 'max'].map((name) => ({
        required: [name],
        properties: { [name]: { type: 'integer' } },
      })),
    },
  ),
  unique: checkOf('unique', { columns: columnList }),
  not_null: checkOf('not_null', { columns: columnList }),
  freshness: checkOf('freshness', {
    column: text('Column with the time of a row', ours),
    max_age: span('How old the newest row may be', ours),
  }),
  sql: checkOf('sql', {
    sql: text('Query that must give no row; the new rows are the table `staged`', ours),
  }),
};
