/**
 * D13: jobs, assets and sensors share one space of names, because each is a workflow type; schedules have their own.
 * Generated names (`<asset>_job`, `<job>_schedule`) count too.
 */
import { defineDiagnostic, diagnose, type Diagnostic } from '../../core/errors/diagnostic.js';
import type { DeclaredName } from '../definition/draft.js';
import { exampleAsset, exampleProject } from './example.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/name-clash',
  severity: 'error',
  summary: 'Two entries have the same name; jobs, assets and sensors share one space of names.',
  fix: 'Rename one of the two.',
});

const described = ({ kind: entry, name, generatedFrom }: DeclaredName): string =>
  generatedFrom === null
    ? `${entry} ${JSON.stringify(name)}`
    : `${entry} ${JSON.stringify(name)}, which the cron of ${JSON.stringify(generatedFrom)} makes,`;

const clashes = (names: readonly DeclaredName[]): readonly Diagnostic[] => {
  const first = new Map<string, DeclaredName>();
  return names.flatMap((entry) => {
    const earlier = first.get(entry.name);
    if (earlier === undefined) {
      first.set(entry.name, entry);
      return [];
    }
    const message = `${described(entry)} has the name of ${described(earlier).replace(/,$/, '')}`;
    const related = [{ message: 'the other one stands here', span: earlier.span }];
    return [diagnose(kind, entry.span, message, { related })];
  });
};

export const nameClash = defineRule({
  kind,
  bad: exampleProject(`assets:\n${exampleAsset}jobs:\n  - { name: orders, selection: orders }\n`),
  good: exampleProject(
    `assets:\n${exampleAsset}jobs:\n  - { name: orders_job, selection: orders }\n`,
  ),
  check: ({ names }) => [
    ...clashes(names.filter((entry) => entry.kind !== 'schedule')),
    ...clashes(names.filter((entry) => entry.kind === 'schedule')),
  ],
});
