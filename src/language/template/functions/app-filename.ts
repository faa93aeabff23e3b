import { checkTextLength } from '../budget.js';
import { textArgument } from '../signature.js';
import { defineFunction } from './function.js';
import { formatMoment } from './date-tokens.js';
import { momentArgument, momentAt } from './moment.js';

const tokens: Readonly<Record<string, string>> = {
  '<yyyymmdd>': 'YYYYMMDD',
  '<yyyy>': 'YYYY',
  '<mm>': 'MM',
  '<dd>': 'DD',
};

export const appFilename = defineFunction({
  name: 'app.filename',
  summary: 'A file name with <yyyymmdd>, <yyyy>, <mm> and <dd> replaced; other tokens stay.',
  args: [
    { name: 'pattern', summary: 'The name with its tokens.' },
    { name: 'base?', summary: 'A date or time in ISO 8601; default now, in UTC.' },
  ],
  examples: [
    {
      expression: "fn.app.filename('sales_<yyyymmdd>.csv', '2023-12-25')",
      gives: 'sales_20231225.csv',
    },
    {
      expression: "fn.app.filename('a_<yyyy>-<mm>-<dd>_<hh>', '2023-12-25')",
      gives: 'a_2023-12-25_<hh>',
    },
  ],
  at: 'anywhere',
  run: (call, context) => {
    const pattern = textArgument(call, 0);
    checkTextLength(call.budget, pattern.length * 2);
    const base =
      call.values[1] === undefined || call.values[1] === null
        ? momentAt(context.nowMs, 0)
        : momentArgument(call, 1);
    return pattern.replace(/<(?:yyyymmdd|yyyy|mm|dd)>/g, (token) =>
      formatMoment(base, tokens[token] ?? token),
    );
  },
});
