import { defineFunction } from './function.js';
import { isNoDate, momentArgument, wallClockText } from './moment.js';

export const sqlserverToDatetime = defineFunction({
  name: 'sqlserver.to_datetime',
  summary:
    "The time as SQL Server's DATETIME reads it: milliseconds, the offset dropped and not converted.",
  args: [{ name: 'value', summary: 'A date or time in ISO 8601, or null.' }],
  examples: [
    {
      expression: "fn.sqlserver.to_datetime('2023-12-25T19:30:00+00:00')",
      gives: '2023-12-25 19:30:00.000',
    },
  ],
  at: 'anywhere',
  run: (call) => (isNoDate(call.values[0]) ? '' : wallClockText(momentArgument(call, 0))),
});
