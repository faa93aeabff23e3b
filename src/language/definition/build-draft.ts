/** From sections to drafts: every entry that can be defined, and the names of those that cannot. */
import type {
  DeclaredName,
  Draft,
  EntryKind,
  JobDraft,
  LoadContext,
  ProjectDraft,
} from './draft.js';
import { readAsset } from './assets.js';
import type { JobDefinition, ScheduleDefinition } from './definition.js';
import { generatedJob, readJob } from './jobs.js';
import { generatedSchedule, readSchedule } from './schedules.js';
import type { Entry, Sections } from './sections.js';
import { readSensor } from './sensors.js';

const declaredNames = (kind: EntryKind, entries: readonly Entry[]): readonly DeclaredName[] =>
  entries.flatMap(({ name, placed }) =>
    name === undefined
      ? []
      : [{ kind, name, span: placed.span(['name'], 'value'), generatedFrom: null }],
  );

const generatedNames = (
  kind: EntryKind,
  drafts: readonly Draft<JobDefinition | ScheduleDefinition>[],
): readonly DeclaredName[] =>
  drafts.map(({ definition }) => ({
    kind,
    name: definition.name,
    span: definition.span,
    generatedFrom: definition.generatedFrom,
  }));

const withCron = (job: JobDraft, context: LoadContext): readonly Draft<ScheduleDefinition>[] => {
  const { name } = job.definition;
  return job.cron === undefined
    ? []
    : [generatedSchedule({ name, job: name, cron: job.cron }, job.placed, context)];
};

export type Entries = Pick<ProjectDraft, 'assets' | 'jobs' | 'schedules' | 'sensors' | 'names'>;

export const buildEntries = (sections: Sections, context: LoadContext): Entries => {
  const assets = sections.asset.flatMap(
    ({ placed, what }) => readAsset(placed, what, context) ?? [],
  );
  const graph = {
    assets: assets.map(({ definition }) => definition),
    declared: sections.asset.flatMap(({ name }) => name ?? []),
  };
  const jobs = sections.job.flatMap(
    ({ placed, what }) => readJob(placed, what, graph, context) ?? [],
  );
  const schedules = sections.schedule.flatMap(
    ({ placed, what }) => readSchedule(placed, what, context) ?? [],
  );
  const sensors = sections.sensor.flatMap(
    ({ placed, what }) => readSensor(placed, what, context) ?? [],
  );
  const timed = assets.flatMap((asset) =>
    asset.cron === undefined ? [] : [{ asset, cron: asset.cron }],
  );
  const madeJobs = timed.map(({ asset }) => generatedJob(asset));
  const madeSchedules = [
    ...timed.map(({ asset, cron }) => {
      const { name } = asset.definition;
      return generatedSchedule({ name, job: `${name}_job`, cron }, asset.placed, context);
    }),
    ...jobs.flatMap((job) => withCron(job, context)),
  ];
  return {
    assets,
    jobs: [...jobs, ...madeJobs],
    schedules: [...schedules, ...madeSchedules],
    sensors,
    names: [
      ...declaredNames('asset', sections.asset),
      ...declaredNames('job', sections.job),
      ...declaredNames('schedule', sections.schedule),
      ...declaredNames('sensor', sections.sensor),
      ...generatedNames('job', madeJobs),
      ...generatedNames('schedule', madeSchedules),
    ],
  };
};
