/** Time zones are names of the IANA database. */
import { defineDiagnostic, diagnose, type Diagnostic } from '../../core/errors/diagnostic.js';
import type { Placed } from '../definition/placed.js';
import { isTimeZone } from '../definition/time-zone.js';
import { exampleAsset, exampleProject } from './example.js';
import { nearFacts } from './near.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/bad-time-zone',
  severity: 'error',
  summary: 'A time zone is not a name of the IANA database.',
  fix: 'Write a name such as UTC or Europe/Berlin.',
});

const finding = (zone: string, placed: Placed, key: string): readonly Diagnostic[] => {
  if (isTimeZone(zone)) return [];
  const { hint } = nearFacts(zone, ['UTC', ...Intl.supportedValuesOf('timeZone')]);
  const message = `${key} ${JSON.stringify(zone)} is not a time zone`;
  const facts = { fix: kind.fix, ...(hint === undefined ? {} : { hint }) };
  return [diagnose(kind, placed.span([key], 'value'), message, facts)];
};

const schedule = (zone: string): string =>
  `jobs:\n  - { name: orders_job, selection: orders }\nschedules:\n  - { name: nightly, job: orders_job, cron: "0 3 * * *", timezone: ${zone} }\n`;

export const badTimeZone = defineRule({
  kind,
  bad: exampleProject(`assets:\n${exampleAsset}${schedule('Europe/Berln')}`),
  good: exampleProject(`assets:\n${exampleAsset}${schedule('Europe/Berlin')}`),
  check: ({ settings, settingsPlaced, schedules }) => [
    ...(settingsPlaced === null ? [] : finding(settings.timeZone, settingsPlaced, 'time_zone')),
    ...schedules
      // What a schedule does not say itself is the project's.
      .filter(({ definition }) => definition.timeZone !== settings.timeZone)
      .flatMap(({ definition, placed }) => finding(definition.timeZone, placed, 'timezone')),
  ],
});
