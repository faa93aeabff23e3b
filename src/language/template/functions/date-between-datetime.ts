import { defineFunction } from './function.js';
import { momentArgument, wallClockText } from './moment.js';
import { betweenCondition } from './sql-condition.js';

export const dateBetweenDatetime = defineFunction({
  name: 'date.between_datetime',
  summary:
    'A condition for SQL: the column lies between two times to the millisecond, both included, offsets dropped.',
  args: [
    { name: 'column', summary: 'The name of a column.' },
    { name: 'start', summary: 'The first time, ISO 8601.' },
    { name: 'end', summary: 'The last time, ISO 8601.' },
  ],
  examples: [
    {
      expression:
        "fn.date.between_datetime('d', '2023-12-25T19:30:00+00:00', '2023-12-26T19:30:00+00:00')",
      gives: "d BETWEEN '2023-12-25 19:30:00.000' AND '2023-12-26 19:30:00.000'",
    },
  ],
  at: 'anywhere',
  run: (call) =>
    betweenCondition(
      call,
      wallClockText(momentArgument(call, 1)),
      wallClockText(momentArgument(call, 2)),
    ),
});
