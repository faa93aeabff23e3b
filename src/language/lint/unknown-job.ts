/** Schedules and sensors start jobs that exist, also generated ones. */
import { defineDiagnostic, diagnose, type Span } from '../../core/errors/diagnostic.js';
import { namesOf, type ProjectDraft } from '../definition/draft.js';
import { valueAt } from '../definition/placed.js';
import { exampleAsset, exampleProject } from './example.js';
import { nearFacts } from './near.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/unknown-job',
  severity: 'error',
  summary: 'A schedule or sensor names a job that no file declares.',
  fix: 'Correct the name, or declare the job.',
});

interface Reference {
  readonly what: string;
  readonly name: string;
  readonly span: Span;
}

const references = (draft: ProjectDraft): readonly Reference[] => [
  ...draft.schedules
    .filter(({ definition }) => definition.generatedFrom === null)
    .flatMap(({ definition, placed }) =>
      definition.jobs.map(({ job }, index) => ({
        what: `schedule ${JSON.stringify(definition.name)}`,
        name: job,
        span:
          valueAt(placed.value, ['jobs']) === undefined
            ? placed.span(['job'], 'value')
            : placed.span(['jobs', index, 'name'], 'value'),
      })),
    ),
  ...draft.sensors.map(({ definition, placed }) => ({
    what: `sensor ${JSON.stringify(definition.name)}`,
    name: definition.job,
    span: placed.span(['job'], 'value'),
  })),
];

const schedule = `schedules:\n  - { name: nightly, job: orders_job, cron: "0 3 * * *" }\n`;

export const unknownJob = defineRule({
  kind,
  bad: exampleProject(`assets:\n${exampleAsset}${schedule}`),
  good: exampleProject(
    `assets:\n${exampleAsset}jobs:\n  - { name: orders_job, selection: orders }\n${schedule}`,
  ),
  check: (draft) => {
    const known = namesOf(draft, 'job');
    const names = new Set(known);
    return references(draft)
      .filter(({ name }) => !names.has(name))
      .map(({ what, name, span }) =>
        diagnose(
          kind,
          span,
          `${what}: no job is called ${JSON.stringify(name)}`,
          nearFacts(name, known),
        ),
      );
  },
});
