/** What starts by itself must be able to say which partition it means (D7). */
import { defineDiagnostic, diagnose, type Diagnostic } from '../../core/errors/diagnostic.js';
import type { PartitionsSpec } from '../../core/plan/partitions.js';
import { assetNamed, jobNamed, type ProjectDraft } from '../definition/draft.js';
import { isEnumerable } from '../partitions/partition-keys.js';
import { exampleAsset, exampleProject } from './example.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/partition-not-told',
  severity: 'error',
  summary: 'A schedule or sensor starts a partitioned job and cannot say which partition it means.',
  fix: 'Start it by hand or with `tidemark backfill`, or let the sensor start a job without partitions.',
});

const watched = `jobs:
  - { name: orders_job, selection: [orders] }
sensors:
  - { name: new_orders, type: FILES, job: orders_job, connection: inbox, configs: { path: /out/orders } }
`;
const days = '    partitions_def: { type: daily, start_date: "2025-01-01" }\n';

/** Of the first asset of the job that has some. */
const partitionsOf = (draft: ProjectDraft, job: string): PartitionsSpec | undefined =>
  jobNamed(draft, job)?.definition.assets.flatMap(
    (name) => assetNamed(draft, name)?.definition.partitions ?? [],
  )[0];

const ofSensors = (draft: ProjectDraft): readonly Diagnostic[] =>
  draft.sensors.flatMap(({ definition, placed }) => {
    if (partitionsOf(draft, definition.job) === undefined) return [];
    const message = `sensor ${JSON.stringify(definition.name)} starts ${definition.job}, which is partitioned, and knows items, not partitions`;
    return [diagnose(kind, placed.span(['job'], 'value'), message)];
  });

const ofSchedules = (draft: ProjectDraft): readonly Diagnostic[] =>
  draft.schedules.flatMap(({ definition, placed }) =>
    definition.jobs.flatMap(({ job }) => {
      const spec = partitionsOf(draft, job);
      if (spec === undefined || isEnumerable(spec)) return [];
      const message = `schedule ${JSON.stringify(definition.name)} starts ${job}, whose partitions are dynamic: only who starts a run can name one`;
      return [diagnose(kind, placed.span(['cron'], 'value'), message)];
    }),
  );

export const partitionNotTold = defineRule({
  kind,
  bad: exampleProject(`assets:\n${exampleAsset}${days}${watched}`),
  good: exampleProject(`assets:\n${exampleAsset}${watched}`),
  check: (draft) => [...ofSensors(draft), ...ofSchedules(draft)],
});
