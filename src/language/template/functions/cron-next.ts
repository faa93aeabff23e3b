import { defineFunction } from './function.js';
import { stepTime } from './cron-times.js';
import { momentArgument } from './moment.js';

export const cronNext = defineFunction({
  name: 'cron.next',
  summary: 'The n-th time of a cron expression after the base, at the offset of the base.',
  args: [
    { name: 'expression', summary: 'Five fields, or six with seconds in front.' },
    { name: 'base', summary: 'A date or time in ISO 8601; it does not count itself.' },
    { name: 'n?', summary: 'Which one; default 1, at most 1,000.' },
  ],
  examples: [
    { expression: "fn.cron.next('0 0 * * *', '2023-12-25')", gives: '2023-12-26 00:00:00+00:00' },
    {
      expression: "fn.cron.next('0 0 * * *', '2023-12-25', 3)",
      gives: '2023-12-28 00:00:00+00:00',
    },
    {
      expression: "fn.cron.next('0 0 * * *', '2023-12-25T00:00:00+02:00')",
      gives: '2023-12-26 00:00:00+02:00',
    },
  ],
  at: 'anywhere',
  run: (call) => stepTime(call, momentArgument(call, 1), 'next'),
});
