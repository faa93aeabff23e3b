/**
 * The workflow of every type: the default export handles each name that the project declares.
 *
 * `temporal workflow start --type orders_job` comes here; `plan-run` says what the name stands for, or fails with the
 * known names. Nothing but this function is exported, since every export could be started by name.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  ApplicationFailure,
  isCancellation,
  setHandler,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { BackfillPlan } from '../src/core/plan/backfill-plan.js';
import type { RunPlan } from '../src/core/plan/plan.js';
import type { SensorPlan } from '../src/core/plan/sensor-plan.js';
import { startBackfill } from '../src/core/run/backfill-run.js';
import { resumeAsset, startAsset } from './asset.js';
import type { Handed } from './asset-input.js';
import { type BackfillResume, runBackfill } from './backfill.js';
import { applicationFailureOf, callLight } from './call.js';
import { runPlan } from './job.js';
import { statusQuery } from './messages.js';
import { runSensor, type SensorResume } from './sensor.js';

type Planned =
  | { readonly kind: 'run'; readonly plan: RunPlan }
  | { readonly kind: 'backfill'; readonly plan: BackfillPlan }
  | { readonly kind: 'sensor'; readonly plan: SensorPlan };

/** People read the first line: what went wrong, not that an activity failed. */
const ownFailure = (failure: ApplicationFailure): ApplicationFailure =>
  ApplicationFailure.create({
    message: failure.message,
    type: failure.type ?? 'run/failed',
    nonRetryable: true,
    details: failure.details ?? [],
  });

const scheduledStart = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

/** Plain errors would make the workflow task fail for ever: everything leaves as a failure of the run. */
const asFailure = (error: unknown): unknown => {
  if (isCancellation(error)) return error;
  const failure = applicationFailureOf(error);
  if (failure !== undefined) return ownFailure(failure);
  if (error instanceof TemporalFailure) return error;
  if (error instanceof Error && error.name === 'ContinueAsNew') return error;
  const text = error instanceof Error ? error.message : String(error);
  const code =
    typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
      ? error.code
      : 'workflow/unexpected';
  return ApplicationFailure.nonRetryable(text, code);
};

const isTrusted = (): boolean => {
  const info = workflowInfo();
  if (info.parent !== undefined) return true;
  // Cron and retry policies continue a run too, but with what its caller wrote.
  const isOurs = info.cronSchedule === undefined && info.attempt === 1;
  return info.continuedFromExecutionRunId !== undefined && isOurs;
};

/** When a schedule meant it to start, however late that is; else when it was started. */
const startMs = (): number => {
  const { typedSearchAttributes, startTime } = workflowInfo();
  const scheduled = typedSearchAttributes.get(scheduledStart);
  return (scheduled ?? startTime).getTime();
};

/** Until there is a plan, `status` says so: it is what people ask first of a run that seems to do nothing. */
const planOf = async (request: unknown): Promise<Planned> => {
  const name = workflowInfo().workflowType;
  let planning = `${name} is being planned: no worker has answered yet`;
  setHandler(statusQuery, () => planning);
  try {
    return await callLight<Planned>(
      'plan-run',
      { name, request: request ?? {}, atMs: startMs() },
      { summary: `plan ${name}` },
    );
  } catch (error) {
    planning = `${name} was not planned: ${applicationFailureOf(error)?.message ?? 'it was cancelled'}`;
    throw error;
  }
};

const run = async (request: unknown, handed: unknown): Promise<unknown> => {
  // Continued and child runs carry what their predecessor or parent planned; nobody else is believed.
  if (handed !== undefined && isTrusted()) {
    const given = handed as Handed | SensorResume | BackfillResume;
    if ('backfill' in given) return runBackfill(given);
    if ('order' in given) return startAsset(given.order);
    if ('resume' in given) {
      const { run: plan } = given.resume;
      return plan === undefined ? resumeAsset(given.resume) : runPlan(plan, given.resume);
    }
  }
  const planned = await planOf(request);
  if (planned.kind === 'run') return runPlan(planned.plan);
  if (planned.kind === 'backfill')
    return runBackfill({ backfill: { plan: planned.plan, state: startBackfill() } });
  const resume = handed !== undefined && isTrusted() ? (handed as SensorResume) : null;
  setHandler(statusQuery, undefined);
  return runSensor(planned.plan, resume);
};

export default async function tidemark(request?: unknown, handed?: unknown): Promise<unknown> {
  try {
    return await run(request, handed);
  } catch (error) {
    throw asFailure(error);
  }
}
