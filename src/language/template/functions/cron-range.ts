import { refuseArgument } from '../signature.js';
import { defineFunction } from './function.js';
import { cronArgument, cronTimeText, timesLimit } from './cron-times.js';
import { epochMsOf, momentArgument } from './moment.js';

export const cronRange = defineFunction({
  name: 'cron.range',
  summary: 'Every time of a cron expression between two times, both included; at most 10,000.',
  args: [
    { name: 'start', summary: 'A date or time in ISO 8601; its offset is used.' },
    { name: 'end', summary: 'A date or time in ISO 8601.' },
    { name: 'expression', summary: 'Five fields, or six with seconds in front.' },
  ],
  examples: [
    {
      expression: "fn.cron.range('2023-01-01', '2023-01-03', '0 0 * * *')",
      gives: [
        '2023-01-01 00:00:00+00:00',
        '2023-01-02 00:00:00+00:00',
        '2023-01-03 00:00:00+00:00',
      ],
    },
  ],
  at: 'anywhere',
  run: (call) => {
    const start = momentArgument(call, 0);
    const endMs = epochMsOf(momentArgument(call, 1));
    if (endMs < epochMsOf(start)) refuseArgument(call.what, 'the end lies before the start');
    const cron = cronArgument(call, 2, start.offsetMinutes);
    const times: string[] = [];
    // One millisecond earlier, so that the start counts when it is a time itself.
    let time = cron.nextRun(new Date(epochMsOf(start) - 1));
    while (time !== null && time.getTime() <= endMs) {
      if (times.length >= timesLimit)
        return refuseArgument(call.what, `there are more than ${timesLimit} times in that range`);
      times.push(cronTimeText(time, start.offsetMinutes));
      time = cron.nextRun(time);
    }
    return times;
  },
});
