/**
 * The shapes of the sections of a project: which keys there are and what they hold. The only file of the language
 * that builds zod schemas. Keys that the dialect knows and this release refuses stand in `refused.ts`.
 */
import { z } from 'zod';
import { parseDurationMs } from '../../connectors/fields.js';
import type { JsonObject, JsonValue } from '../../core/values/json.js';

const name = z.string().min(1);
const json = z.custom<JsonValue>((value) => value !== undefined, 'expected a value');
const mapping = z.record(z.string(), json) as unknown as z.ZodType<JsonObject>;
const tags = z.record(z.string(), z.string());

const durationMs = z.union([z.number().nonnegative(), z.string()]).transform((value, context) => {
  const parsed = parseDurationMs(String(value));
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: 'should be a duration such as 30s, 5m or 2h' });
  return z.NEVER;
});

/** Accepted in upper and lower case. */
const word = <const V extends string>(...values: V[]) =>
  z.preprocess(
    (value) =>
      typeof value === 'string'
        ? (values.find((known) => known.toLowerCase() === value.toLowerCase()) ?? value)
        : value,
    z.enum(values),
  );

const onOverlap = word('wait', 'fail', 'skip');
const onTrigger = word('narrow', 'all');

const retry = z.strictObject({
  max_retries: z.int().min(0).optional(),
  delay_seconds: z.number().min(0).optional(),
  backoff_type: word('constant', 'exponential').optional(),
});

export const projectShape = z.strictObject({
  name: name.optional(),
  namespace: name.optional(),
  task_queue: name.optional(),
  time_zone: name.optional(),
  allow_config_overrides: z.boolean().optional(),
  defaults: z
    .strictObject({
      max_workers: z.int().min(1).max(100).optional(),
      retry_policy: retry.optional(),
      on_overlap: onOverlap.optional(),
      on_trigger: onTrigger.optional(),
      catchup_window: durationMs.optional(),
    })
    .optional(),
});

export const connectionShape = z.strictObject({ type: name, config: mapping.optional() });

export const endpointShape = z.strictObject({
  type: name,
  connection: name.optional(),
  configs: mapping.optional(),
});

const check = z.strictObject({
  name,
  type: z.literal('observation_diff').optional(),
  source_key: name,
  target_key: name,
  threshold: z.number().min(0).optional(),
  severity: word('abort', 'warn').optional(),
});

export const assetShape = z.strictObject({
  name,
  description: z.string().optional(),
  group: name.optional(),
  source: mapping,
  target: mapping.optional(),
  deps: z.array(name).optional(),
  ins: z.record(z.string(), z.strictObject({ key: name.optional() })).optional(),
  tags: tags.optional(),
  metadata: mapping.optional(),
  max_workers: z.int().min(1).max(100).optional(),
  cron: name.optional(),
  retry_policy: retry.optional(),
  checks: z.array(check).optional(),
  on_overlap: onOverlap.optional(),
  on_trigger: onTrigger.optional(),
  params: mapping.optional(),
});

const selector = z.union([
  name,
  z.strictObject({
    key: name.optional(),
    group: name.optional(),
    tag: name.optional(),
  }),
]);

export const jobShape = z.strictObject({
  name,
  selection: z.union([z.array(selector).min(1), selector]).optional(),
  description: z.string().optional(),
  tags: tags.optional(),
  cron: name.optional(),
  params_schema: mapping.optional(),
  job_overrides: mapping.optional(),
  ops_config: z.record(z.string(), mapping).optional(),
  is_strict: z.boolean().optional(),
});

export const scheduleShape = z.strictObject({
  name,
  job: name.optional(),
  jobs: z
    .array(z.strictObject({ name, tags: tags.optional() }))
    .min(1)
    .optional(),
  cron: name,
  timezone: name.optional(),
  catchup_window: durationMs.optional(),
  overlap: word(
    'skip',
    'buffer_one',
    'buffer_all',
    'cancel_other',
    'terminate_other',
    'allow_all',
  ).optional(),
  tags: tags.optional(),
});

export const sensorShape = z.strictObject({
  name,
  type: name.optional(),
  job: name,
  connection: name.optional(),
  configs: mapping.optional(),
  source: mapping.optional(),
  description: z.string().optional(),
  minimum_interval_seconds: z.number().positive().optional(),
  default_status: word('RUNNING', 'STOPPED').optional(),
  trigger_mode: word('item', 'batch').optional(),
  settle: durationMs.optional(),
  lookback: durationMs.optional(),
  advance: word('on_start', 'on_success').optional(),
  initial_cursor: z.union([z.string(), z.number()]).optional(),
  params: mapping.optional(),
});

export type ProjectShape = z.infer<typeof projectShape>;
export type AssetShape = z.infer<typeof assetShape>;
export type JobShape = z.infer<typeof jobShape>;
export type ScheduleShape = z.infer<typeof scheduleShape>;
export type SensorShape = z.infer<typeof sensorShape>;
export type RetryShape = z.infer<typeof retry>;
export type SelectionShape = NonNullable<JobShape['selection']>;
