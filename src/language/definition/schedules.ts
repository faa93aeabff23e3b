/** Schedules: which jobs run when. Also the schedules that a `cron` on an asset or a job generates. */
import { diagnose } from '../../core/errors/diagnostic.js';
import type { ScheduleDefinition, ScheduledJob } from './definition.js';
import { missingKey, wrongValue } from './diagnostics.js';
import type { Draft, LoadContext } from './draft.js';
import type { Placed } from './placed.js';
import { readShape, type Reading } from './reading.js';
import { scheduleShape, type ScheduleShape } from './shapes.js';

const jobsOf = (
  shape: ScheduleShape,
  placed: Placed,
  reading: Reading,
): readonly ScheduledJob[] | undefined => {
  if (shape.job !== undefined && shape.jobs !== undefined) {
    const message = `${reading.what}: job and jobs are both given`;
    reading.report(
      diagnose(wrongValue, placed.span(['jobs'], 'key'), message, {
        fix: 'Write one of them: job for one job, jobs for a list of { name, tags }.',
      }),
    );
  }
  if (shape.jobs !== undefined)
    return shape.jobs.map(({ name, tags }) => ({ job: name, tags: tags ?? {} }));
  if (shape.job !== undefined) return [{ job: shape.job, tags: {} }];
  reading.report(diagnose(missingKey, placed.span([], 'key'), `${reading.what}: job is missing`));
  return undefined;
};

export const readSchedule = (
  placed: Placed,
  what: string,
  context: LoadContext,
): Draft<ScheduleDefinition> | undefined => {
  const reading = { what, report: context.report };
  const shape = readShape(scheduleShape, placed, 'schedule', reading);
  if (shape === undefined) return undefined;
  const jobs = jobsOf(shape, placed, reading);
  if (jobs === undefined) return undefined;
  const definition: ScheduleDefinition = {
    name: shape.name,
    jobs,
    cron: shape.cron,
    timeZone: shape.timezone ?? context.settings.timeZone,
    catchupWindowMs: shape.catchup_window ?? context.defaults.catchupWindowMs,
    overlap: shape.overlap,
    tags: shape.tags ?? {},
    generatedFrom: null,
    span: placed.span(['name'], 'value'),
  };
  return { definition, placed };
};

/** `cron` on an asset or a job: schedule `<name>_schedule` of that job. */
export const generatedSchedule = (
  owner: { readonly name: string; readonly job: string; readonly cron: string },
  placed: Placed,
  { settings, defaults }: LoadContext,
): Draft<ScheduleDefinition> => ({
  definition: {
    name: `${owner.name}_schedule`,
    jobs: [{ job: owner.job, tags: {} }],
    cron: owner.cron,
    timeZone: settings.timeZone,
    catchupWindowMs: defaults.catchupWindowMs,
    overlap: 'skip',
    tags: {},
    generatedFrom: owner.name,
    span: placed.span(['cron'], 'value'),
  },
  placed,
});
