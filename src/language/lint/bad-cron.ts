/** Cron expressions that Temporal would not take. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { cronProblem } from '../definition/cron.js';
import { exampleAsset, exampleProject } from './example.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/bad-cron',
  severity: 'error',
  summary: 'A cron expression cannot be read.',
  fix: 'Write five fields, minute hour day-of-month month day-of-week: "15 3 * * *" is 03:15 every day.',
});

export const badCron = defineRule({
  kind,
  bad: exampleProject(`assets:\n${exampleAsset}    cron: "15 25 * * *"\n`),
  good: exampleProject(`assets:\n${exampleAsset}    cron: "15 3 * * *"\n`),
  check: ({ schedules }) =>
    schedules.flatMap(({ definition, placed }) => {
      const problem = cronProblem(definition.cron);
      if (problem === undefined) return [];
      const message = `cron ${JSON.stringify(definition.cron)} cannot be read: ${problem}`;
      return [diagnose(kind, placed.span(['cron'], 'value'), message, { fix: kind.fix })];
    }),
});
