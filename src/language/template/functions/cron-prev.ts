import { defineFunction } from './function.js';
import { stepTime } from './cron-times.js';
import { momentArgument } from './moment.js';

export const cronPrev = defineFunction({
  name: 'cron.prev',
  summary: 'The n-th time of a cron expression before the base, at the offset of the base.',
  args: [
    { name: 'expression', summary: 'Five fields, or six with seconds in front.' },
    { name: 'base', summary: 'A date or time in ISO 8601; it does not count itself.' },
    { name: 'n?', summary: 'Which one; default 1, at most 1,000.' },
  ],
  examples: [
    { expression: "fn.cron.prev('0 0 * * *', '2023-12-25')", gives: '2023-12-24 00:00:00+00:00' },
    {
      expression: "fn.cron.prev('0 0 * * *', '2023-12-25', 3)",
      gives: '2023-12-22 00:00:00+00:00',
    },
    {
      expression: "fn.cron.prev('0 0 * * *', '2023-12-25T00:00:00+02:00')",
      gives: '2023-12-24 00:00:00+02:00',
    },
  ],
  at: 'anywhere',
  run: (call) => stepTime(call, momentArgument(call, 1), 'previous'),
});
