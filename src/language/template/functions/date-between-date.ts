import { textArgument } from '../signature.js';
import { defineFunction } from './function.js';
import { betweenCondition } from './sql-condition.js';

export const dateBetweenDate = defineFunction({
  name: 'date.between_date',
  summary: 'A condition for SQL: the column lies between the two texts, both included.',
  args: [
    { name: 'column', summary: 'The name of a column.' },
    { name: 'start', summary: 'The first value, as text.' },
    { name: 'end', summary: 'The last value, as text.' },
  ],
  examples: [
    {
      expression: "fn.date.between_date('d', '2023-12-25', '2023-12-26')",
      gives: "d BETWEEN '2023-12-25' AND '2023-12-26'",
    },
  ],
  at: 'anywhere',
  run: (call) => betweenCondition(call, textArgument(call, 1), textArgument(call, 2)),
});
