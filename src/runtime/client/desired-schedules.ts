/**
 * The schedules of a definition as Temporal takes them. Pure and deterministic: equal YAML gives equal hashes, which is
 * how `apply` knows what is unchanged (the server compiles cron, so what it describes is never what was sent).
 */
import { createHash } from 'node:crypto';
import type { ScheduleOptions, ScheduleOptionsStartWorkflowAction } from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { canonicalJson, type JsonObject } from '../../core/values/json.js';
import type {
  Definition,
  ScheduleDefinition,
  ScheduledJob,
} from '../../language/definition/definition.js';
import { memoKeys } from './memo-keys.js';

/** What an update may set: everything but the id and a human's state. */
export type ScheduleBody = Pick<
  ScheduleOptions<ScheduleOptionsStartWorkflowAction<Workflow>>,
  'spec' | 'action' | 'policies'
>;

export interface DesiredSchedule {
  readonly id: string;
  /** Name in the YAML. */
  readonly name: string;
  readonly job: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly hash: string;
  readonly body: ScheduleBody;
}

/** The server refuses less. */
const catchupWindowMinMs = 10_000;

const overlapOf = {
  skip: 'SKIP',
  buffer_one: 'BUFFER_ONE',
  buffer_all: 'BUFFER_ALL',
  cancel_other: 'CANCEL_OTHER',
  terminate_other: 'TERMINATE_OTHER',
  allow_all: 'ALLOW_ALL',
} as const;

/** 16 hex digits over canonical JSON. */
export const hashOf = (value: JsonObject): string =>
  createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 16);

const desired = (
  schedule: ScheduleDefinition,
  { job, tags }: ScheduledJob,
  target: {
    readonly project: string;
    readonly taskQueue: string;
    /** Each tick then runs the newest complete partition, or all that are not of time (D7). */
    readonly isPartitioned: boolean;
  },
): DesiredSchedule => {
  const { name, cron, timeZone } = schedule;
  const { project, taskQueue } = target;
  const single = schedule.jobs.length === 1;
  const id = single ? `${project}/${name}` : `${project}/${name}/${job}`;
  const request = {
    ...(target.isPartitioned ? { partition_range: { last: 1 } } : {}),
    tags: { 'tidemark/trigger': name, ...schedule.tags, ...tags },
  };
  const spec = { cronExpressions: [cron], timezone: timeZone };
  const policies = {
    overlap: overlapOf[schedule.overlap],
    catchupWindow: Math.max(catchupWindowMinMs, schedule.catchupWindowMs),
  };
  const action = {
    type: 'startWorkflow' as const,
    workflowType: job,
    taskQueue,
    workflowId: `${project}/${job}`,
    args: [request],
    staticSummary: `${job}, by schedule ${name}: ${cron} (${timeZone})`,
  };
  const hash = hashOf({ version: 1, spec, policies, action });
  const memo = { [memoKeys.project]: project, [memoKeys.schedule]: name, [memoKeys.hash]: hash };
  return {
    id,
    name,
    job,
    cron,
    timeZone,
    hash,
    body: { spec, policies, action: { ...action, memo } },
  };
};

const isPartitioned = ({ jobs, assets }: Definition, name: string): boolean => {
  const names = jobs.find((job) => job.name === name)?.assets ?? [];
  return assets.some((asset) => names.includes(asset.name) && asset.partitions !== null);
};

/** In the order of the YAML; one for each job of a schedule. */
export const desiredSchedules = (
  definition: Definition,
  taskQueue: string,
): readonly DesiredSchedule[] =>
  definition.schedules.flatMap((schedule) =>
    schedule.jobs.map((job) =>
      desired(schedule, job, {
        project: definition.project.name,
        taskQueue,
        isPartitioned: isPartitioned(definition, job.job),
      }),
    ),
  );
