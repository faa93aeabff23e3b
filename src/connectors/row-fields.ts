/**
 * The fields that every database side has (dialect §4.6, §4.7): one spelling and one meaning across connectors. A
 * connector spreads them into its own strict object; the planner reads them by these names.
 */
import { z } from 'zod';
import { choice, duration, field, runText, type MoreFacts } from './fields.js';

const nameList = (description: string) =>
  field(z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]), {
    description,
    template: 'run',
  }).transform((value) => (typeof value === 'string' ? [value] : value));

const sqlField = (description: string) =>
  field(z.string().min(1), { description, template: 'run' });

const flag = (description: string, more: MoreFacts = {}) =>
  field(z.boolean(), { description, template: 'run', ...more });

/** JavaScript counts names that are numbers before all others: their place in the YAML would be lost. */
const orderedValues = z
  .union([z.array(z.unknown()), z.record(z.string(), z.unknown())])
  .superRefine((given, context) => {
    const number = Object.keys(given).find((name) => /^\d+$/.test(name));
    if (Array.isArray(given) || number === undefined) return;
    context.addIssue({
      code: 'custom',
      message: `"${number}" as a name has no place in the order of the YAML; write a list`,
    });
  });

const values = (what: string) =>
  field(orderedValues, {
    description: `Values for the \`?\` of the ${what}, in the order of the YAML: a list, or a mapping whose names are for readers`,
    template: 'run',
  }).optional();

const statement = z.union([
  z.string().min(1),
  z.strictObject({
    sql: sqlField('The statement'),
    params: values('statement'),
  }),
]);

const statements = (description: string) =>
  field(z.union([statement, z.array(statement)]), { description, template: 'run' })
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .transform((list) => list.map((entry) => (typeof entry === 'string' ? { sql: entry } : entry)));

export const syncModes = ['append', 'full-refresh', 'incremental'] as const;

const syncMode = () =>
  choice(syncModes, {
    description:
      'append inserts every run; full-refresh replaces the contents; incremental takes what is new since the mark, and upserts where there is a primary_key',
    template: 'run',
  }).optional();

/** Fields of either side that hold statements: their values are bound (D14). */
export const statementFields: readonly string[] = ['sql', 'query', 'sql_pre', 'sql_post'];

/** Fields of a source of rows. */
export const rowSourceFields = {
  sql: sqlField(
    "Query to read; its values are bound, not pasted (write '{{ … }}' inside quotes)",
  ).optional(),
  query: sqlField('Old spelling of sql').optional(),
  params: values('query'),
  table_name: runText('Table or view to read, instead of sql; may be schema.table').optional(),
  schema_name: runText('Schema of the table').optional(),
  schema: runText('The same as schema_name').optional(),
  columns: nameList('Columns to read with table_name; all of them by default').optional(),
  cursor_column: runText(
    'Column whose highest value is the mark of an incremental read',
  ).optional(),
  update_key: runText('The same as cursor_column').optional(),
  initial_cursor: runText(
    'Where the first window begins (rows above it); the beginning by default',
  ).optional(),
  primary_key: nameList(
    'Columns that are unique together and never NULL: a read of a query resumes by them',
  ).optional(),
  sync_mode: syncMode(),
  settle: duration(
    'How far below the clock a window ends where the source cannot say what is still open',
    { ours: true },
  ).prefault('60s'),
  nulls: choice(['fail', 'include', 'skip'], {
    description: 'What becomes of rows whose cursor is NULL; include needs a target that upserts',
    template: 'run',
    ours: true,
  }).default('fail'),
  rows_chunk: field(z.number().int().min(1), {
    description: 'Rows of a page; chosen from the size of the rows by default',
    template: 'run',
  }).optional(),
  lanes: field(z.number().int().min(1).max(64), {
    description: 'Pieces that are read at once, each into an object of its own',
    template: 'run',
    ours: true,
  }).default(1),
};

export type RowSourceOptions = z.output<z.ZodObject<typeof rowSourceFields>>;

/** Fields of a target of rows. */
export const rowTargetFields = {
  table_name: runText('Table to load; may be schema.table'),
  schema_name: runText('Schema of the table').optional(),
  schema: runText('The same as schema_name').optional(),
  sync_mode: syncMode(),
  primary_key: nameList('Columns by which rows are updated instead of inserted').optional(),
  update_key: runText('Cursor column of the source; the same as source.cursor_column').optional(),
  sql_pre: statements('Statements at the beginning of the publish transaction').optional(),
  sql_post: statements('Statements at the end of the publish transaction').optional(),
  auto_create_table: flag('Create the table when it is missing').default(false),
  table_schema: field(
    z.array(
      z.strictObject({
        column_name: runText('Name of the column'),
        data_type: runText('Type, as the database names it'),
        is_nullable: flag('false: the column refuses NULL').optional(),
      }),
    ),
    {
      description: 'Types of auto_create_table; inferred where a column is not listed',
      template: 'run',
    },
  ).optional(),
  add_new_columns: flag('Add columns that only the source has').default(false),
  column_mismatch_failure: flag('Fail when columns are missing or unknown').default(true),
  column_match_config: choice(['column_name_match', 'target_column_order'], {
    description: 'Match columns by name, or by position',
    template: 'run',
  }).default('column_name_match'),
  match_columns: flag('true: by name, whatever column_match_config says').optional(),
  partition_column: runText(
    'Column of the target that holds the partition: a run replaces the rows of its partition',
    { ours: true },
  ).optional(),
  max_shrink: field(z.union([z.number().min(0).max(1), z.literal('any')]), {
    description:
      'Largest share of rows that a full refresh may take away; `any` allows an empty source to empty the table',
    template: 'run',
    ours: true,
  }).default(0.5),
  truncate: flag('Full refresh by TRUNCATE instead of DELETE: faster, and locks readers out', {
    ours: true,
  }).default(false),
  ledger_schema: runText("Schema of Tidemark's own tables", { ours: true }).default('tidemark'),
  force: flag('Load files again that were loaded before').default(false),
};

export type RowTargetOptions = z.output<z.ZodObject<typeof rowTargetFields>>;
