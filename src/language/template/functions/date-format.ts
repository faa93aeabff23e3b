import { refuseArgument, textArgument } from '../signature.js';
import { defineFunction } from './function.js';
import { formatMoment } from './date-tokens.js';
import { epochMsOf, isNoDate, momentArgument } from './moment.js';

export const dateFormat = defineFunction({
  name: 'date.format',
  summary:
    'The date in a format of tokens (YYYY MM DD HH mm ss SSS …); X and x alone give the number of seconds or milliseconds since 1970.',
  args: [
    { name: 'value', summary: 'A date or time in ISO 8601, or null.' },
    { name: 'format', summary: 'Tokens and text; `[text]` stands for itself.' },
  ],
  examples: [
    { expression: "fn.date.format('2023-12-25', 'YYYY/MM/DD')", gives: '2023/12/25' },
    { expression: "fn.date.format('20231225', 'YYYY-MM-DD')", gives: '2023-12-25' },
    { expression: "fn.date.format('2023-12-25T19:30:00+00:00', 'X')", gives: 1703532600 },
    { expression: "fn.date.format('2023-12-25T19:30:00+00:00', 'x')", gives: 1703532600000 },
    {
      expression: "fn.date.format('2023-12-25T19:30:05.123Z', 'HH:mm:ss.SSS')",
      gives: '19:30:05.123',
    },
    { expression: "fn.date.format(None, 'YYYY')", gives: '' },
  ],
  at: 'anywhere',
  run: (call) => {
    const format = textArgument(call, 1);
    if (/%[a-zA-Z]/.test(format))
      return refuseArgument(
        call.what,
        `${JSON.stringify(format)} is a strftime format; write tokens such as YYYY-MM-DD`,
      );
    if (isNoDate(call.values[0])) return '';
    const moment = momentArgument(call, 0);
    if (format === 'X') return Math.floor(epochMsOf(moment) / 1000);
    return format === 'x' ? epochMsOf(moment) : formatMoment(moment, format);
  },
});
