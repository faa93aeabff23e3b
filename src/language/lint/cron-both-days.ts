/** Temporal joins day of month and day of week by AND, other crons by OR: the difference is a silent one. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { cronProblem, restrictsBothDays } from '../definition/cron.js';
import { exampleAsset, exampleProject } from './example.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/cron-both-days',
  severity: 'warning',
  summary:
    'A cron expression restricts the day of the month and the day of the week; both must hold at once.',
  fix: 'Restrict one of the two; for "either of them" write two schedules.',
});

export const cronBothDays = defineRule({
  kind,
  bad: exampleProject(`assets:\n${exampleAsset}    cron: "0 3 1 * MON"\n`),
  good: exampleProject(`assets:\n${exampleAsset}    cron: "0 3 1 * *"\n`),
  check: ({ schedules }) =>
    schedules
      .filter(
        ({ definition: { cron } }) => cronProblem(cron) === undefined && restrictsBothDays(cron),
      )
      .map(({ definition, placed }) => {
        const message = `cron ${JSON.stringify(definition.cron)} runs only on days that are both that day of the month and that day of the week`;
        return diagnose(kind, placed.span(['cron'], 'value'), message, { fix: kind.fix });
      }),
});
