/**
 * The shapes of the sections of a project: which keys there are, what they hold and what they mean. The reader, the
 * reference pages, the JSON Schemas and did-you-mean lists all come from here. Keys that the dialect knows and this
 * release refuses stand in `refused.ts`.
 */
import { z } from 'zod';
import { caselessPattern, choice, field } from '../../connectors/fields.js';
import {
  anyMapping,
  either,
  mapping,
  ours,
  prose,
  span,
  tags,
  text,
  together,
  word,
} from './shape-fields.js';

const fromProject = 'without it, what `defaults` in tidemark.yaml says';

const onOverlap = choice(['wait', 'fail', 'skip'], {
  description: 'What a run does that finds another one of the same asset and partition open',
  ...ours,
});
const onTrigger = choice(['narrow', 'all'], {
  description: 'What a run moves that a sensor started: the file that arrived, or everything',
  ...ours,
});
const maxWorkers = field(z.int().min(1).max(100), {
  description: 'Files that are moved at the same time',
});

const retry = field(
  z.strictObject({
    max_retries: field(z.int().min(0), {
      description: 'Attempts after the first one; only those without progress count',
    }).optional(),
    delay_seconds: field(z.number().min(0), {
      description: 'Seconds between two attempts; ten without it',
    }).optional(),
    backoff_type: choice(['constant', 'exponential'], {
      description: 'Whether the delay stays the same or doubles',
    }).optional(),
  }),
  { description: 'How often an attempt without progress is repeated' },
);

const entryDefaults = z.strictObject({
  max_workers: maxWorkers.default(5),
  retry_policy: retry.optional(),
  on_overlap: onOverlap.default('wait'),
  on_trigger: onTrigger.default('narrow'),
  catchup_window: span('How late a tick of a schedule that was missed may still run').prefault(
    '1h',
  ),
});

export const projectShape = z.strictObject({
  name: text(
    'Name of the project in all ids on Temporal; without it the name of the folder',
  ).optional(),
  namespace: text('Namespace on Temporal; without it that of the Temporal profile').optional(),
  task_queue: text('Task queue of the workers; without it the name of the project').optional(),
  time_zone: text('Zone of schedules that name none (IANA name)', {
    examples: ['Europe/Berlin'],
  }).default('UTC'),
  allow_config_overrides: field(z.boolean(), {
    description: 'Whether the input of a run may override fields of sources and targets',
  }).default(false),
  defaults: field(entryDefaults, {
    description: 'What holds for every asset and schedule that does not say it',
  }).prefault({}),
});

export const connectionShape = z.strictObject({
  type: text('Kind of connection, as the page of its connector names it'),
  config: mapping('Fields of that kind').optional(),
});

const connectionsByName = field(z.record(z.string(), connectionShape), {
  description: 'Connections by name',
}).optional();

/** A file of connections. */
export const layerShape = z.strictObject({ resources: connectionsByName });

const entries = (description: string) => field(z.array(z.json()), { description }).optional();

/** A pipeline file; its entries are read one by one, each by its own shape. */
export const fileShape = z.strictObject({
  assets: entries('What runs make: a source, a target, and what they depend on'),
  jobs: entries('Assets that run together'),
  resources: connectionsByName,
  schedules: entries('When jobs run by themselves'),
  sensors: entries('What is watched, and the job that starts when something is new'),
});

export const endpointShape = z.strictObject({
  type: text('Connector, in upper or lower case'),
  connection: text('Name of the connection; may be a template of the run', {
    template: 'run',
  }).optional(),
  configs: mapping(
    'Options of the connector. They may also stand beside type and connection, without configs',
  ).optional(),
});

const identityPattern = `^${caselessPattern('identity')}$`;
const identity = z.string().meta({ description: 'Only identity', pattern: identityPattern });

/** A run makes the same partition of each of its assets. */
const partitionMapping = field(
  z
    .union([identity, z.looseObject({ type: identity }).transform(({ type }) => type)])
    .refine((type) => type.toLowerCase() === 'identity', {
      message:
        'a run makes the same partition of each of its assets: write identity, or leave it out',
    }),
  { description: 'Only identity: a run makes the same partition of each of its assets' },
);

/** One entry of `ins`. */
export const upstreamShape = z.strictObject({
  key: text('Name of the asset; without it the alias is the name').optional(),
  partition_mapping: partitionMapping.optional(),
});

export const assetShape = z.strictObject({
  name: text(
    'Name of the asset, unique among assets, jobs and sensors; it is a workflow type on Temporal',
    { examples: ['orders'] },
  ),
  description: prose('What it is, for people').optional(),
  group: text('Group, for `group:` in selections').default('default'),
  source: mapping('Where it comes from'),
  target: mapping('Where it goes; without it the source is only listed').optional(),
  deps: field(z.array(word), {
    description: 'Assets that must be done first, without using their results',
  }).optional(),
  ins: field(z.record(z.string(), upstreamShape), {
    description: 'Assets that must be done first, by alias; templates read `<alias>.result`',
  }).optional(),
  partitions_def: mapping('Pieces in which the asset is made').optional(),
  tags: tags('Tags, for `tag:` in selections').optional(),
  metadata: mapping('Whatever people want to know about it').optional(),
  max_workers: field(maxWorkers, {
    description: `Files that are moved at the same time; ${fromProject}`,
  }).optional(),
  cron: text('Makes the job `<name>_job` of this asset and its schedule', {
    examples: ['15 3 * * *'],
  }).optional(),
  retry_policy: field(retry, {
    description: `How often an attempt without progress is repeated; ${fromProject}`,
  }).optional(),
  checks: field(z.array(anyMapping), {
    description: 'What must hold of the data before it is published',
  }).optional(),
  on_overlap: field(onOverlap, {
    description: `What a run does that finds another one of the same asset and partition open; ${fromProject}`,
    ...ours,
    caseless: true,
  }).optional(),
  on_trigger: field(onTrigger, {
    description: `What a run moves that a sensor started: the file that arrived, or everything; ${fromProject}`,
    ...ours,
    caseless: true,
  }).optional(),
  params: mapping('Values of parameters that hold where a job does not say other ones', {
    template: 'run',
    ...ours,
  }).optional(),
});

const selector = z.union([
  word,
  z.strictObject({
    key: text('Name of an asset; `name*` with everything behind it').optional(),
    group: text('Name of a group').optional(),
    tag: text('A tag: `name=value`', ours).optional(),
  }),
]);

export const jobShape = z.strictObject({
  name: text('Name of the job, unique among assets, jobs and sensors', {
    examples: ['orders_job'],
  }),
  selection: field(z.union([z.array(selector).min(1), selector]), {
    description:
      'Which assets, as text or as a list: `orders`, `orders*` with everything behind it, `*orders`, `group:sales`, `tag:…`, with and, or, not; without it all',
    examples: ['group:sales'],
  }).optional(),
  description: prose('What it is for, for people').optional(),
  tags: tags('Tags of every run').optional(),
  cron: text('Makes the schedule `<name>_schedule` of this job', {
    examples: ['15 3 * * *'],
  }).optional(),
  params_schema: mapping(
    'Parameters by name: `"<type>[!][|<default>]"` with the type string, int, float, bool or list and `!` for required; a list of choices; or a default of any type',
    { examples: ['{ zone: "string!|landing" }'] },
  ).optional(),
  job_overrides: mapping('Values of parameters for all assets of the job', {
    template: 'run',
  }).optional(),
  ops_config: field(z.record(z.string(), anyMapping), {
    description: 'Values of parameters by name of the asset',
    template: 'run',
  }).optional(),
  is_strict: field(z.boolean(), {
    description: 'Refuse a start with a parameter that params_schema does not declare',
  }).default(false),
});

const scheduledJob = z.strictObject({
  name: text('Name of the job'),
  tags: tags('Tags of its runs, over those of the schedule').optional(),
});

export const scheduleShape = together(
  z.strictObject({
    name: text('Name of the schedule', { examples: ['orders_nightly'] }),
    job: text('The job that it starts; either job or jobs').optional(),
    jobs: field(z.array(scheduledJob).min(1), {
      description: 'The jobs that it starts; either job or jobs',
    }).optional(),
    cron: text('Five fields, or @hourly, @daily, @weekly, @monthly, @yearly', {
      examples: ['15 3 * * *'],
    }),
    timezone: text('Zone of the cron (IANA name); without it that of tidemark.yaml').optional(),
    catchup_window: span(
      `How late a tick that was missed may still run; ${fromProject}`,
      ours,
    ).optional(),
    overlap: choice(
      ['skip', 'buffer_one', 'buffer_all', 'cancel_other', 'terminate_other', 'allow_all'],
      { description: 'What Temporal does at a tick while the last run is still open', ...ours },
    ).default('skip'),
    tags: tags('Tags of every run').optional(),
  }),
  either('job', 'jobs'),
);

export const sensorShape = z.strictObject({
  name: text('Name of the sensor, unique among assets, jobs and sensors', {
    examples: ['orders_arrived'],
  }),
  type: text('Connector that is watched').optional(),
  job: text('The job that an arrival starts'),
  connection: text('Name of the connection that is watched').optional(),
  configs: mapping('What is watched: the options of a source of that connector').optional(),
  source: mapping('type, connection and configs in one mapping, as an asset has it').optional(),
  description: prose('What it is for, for people').optional(),
  minimum_interval_seconds: field(z.number().positive(), {
    description: 'Seconds between two looks',
  }).default(30),
  default_status: choice(['RUNNING', 'STOPPED'], {
    description: 'Whether it watches as soon as it is applied',
  }).default('STOPPED'),
  trigger_mode: choice(['item', 'batch'], {
    description: 'One run for each arrival, or one for all of a look',
  }).default('item'),
  settle: span(
    'How long a file must not change before it counts as complete; 10 s, and 60 s with check_is_modifying',
    ours,
  ).optional(),
  lookback: span(
    'How far below the mark the time of a file may lie and still be new',
    ours,
  ).prefault('1d'),
  advance: choice(['on_start', 'on_success'], {
    description: 'When the mark moves: once the run has started, or once it has succeeded',
    ...ours,
  }).default('on_start'),
  initial_cursor: field(z.union([z.string(), z.number()]), {
    description: 'Where the first look begins; without it everything that is there counts',
    ...ours,
  }).optional(),
  params: mapping('Parameters of the runs that it starts', ours).optional(),
});

export type ProjectShape = z.infer<typeof projectShape>;
export type AssetShape = z.infer<typeof assetShape>;
export type JobShape = z.infer<typeof jobShape>;
export type ScheduleShape = z.infer<typeof scheduleShape>;
export type SensorShape = z.infer<typeof sensorShape>;
export type RetryShape = z.infer<typeof retry>;
export type SelectionShape = NonNullable<JobShape['selection']>;
