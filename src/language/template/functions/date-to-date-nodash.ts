import { defineFunction } from './function.js';
import { formatMoment } from './date-tokens.js';
import { isNoDate, momentArgument } from './moment.js';

export const dateToDateNodash = defineFunction({
  name: 'date.to_date_nodash',
  summary: 'The date as YYYYMMDD; empty text for no date.',
  args: [{ name: 'value', summary: 'A date or time in ISO 8601, or null.' }],
  examples: [
    { expression: "fn.date.to_date_nodash('2023-12-25')", gives: '20231225' },
    { expression: 'fn.date.to_date_nodash(None)', gives: '' },
  ],
  at: 'anywhere',
  run: (call) =>
    isNoDate(call.values[0]) ? '' : formatMoment(momentArgument(call, 0), 'YYYYMMDD'),
});
