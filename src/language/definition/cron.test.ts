import { expect, test } from 'vitest';
import { cronProblem, restrictsBothDays } from './cron.js';

test.each([
  '* * * * *',
  '0 3 * * MON-FRI',
  '*/15 8-18/2 1,15 jan,DEC 0-7',
  '@daily',
  ' 0  0 29 2 * ',
])('%s is a cron expression', (cron) => {
  expect(cronProblem(cron)).toBeUndefined();
});

test.each([
  ['', 'it has 0 fields'],
  ['* * * *', 'it has 4 fields'],
  ['* * * * * *', 'it has 6 fields'],
  ['60 * * * *', 'minute takes 0 to 59'],
  ['* * 0 * *', 'day of month takes 1 to 31'],
  ['* * * 13 *', 'month takes 1 to 12'],
  ['* * * * 8', 'day of week takes 0 to 7'],
  ['*/0 * * * *', 'not a number from 1 on'],
  ['5-1 * * * *', 'runs backwards'],
  ['1/2/3 * * * *', 'two steps'],
  ['a * * * *', 'minute takes'],
  ['1- * * * *', 'minute takes'],
  ['@reboot', '@reboot is not one of'],
])('%j is none: %s', (cron, reason) => {
  expect(cronProblem(cron)).toContain(reason);
});

test('only a day of month together with a day of week restricts both', () => {
  expect(restrictsBothDays('0 3 1 * MON')).toBe(true);
  expect(restrictsBothDays('0 3 1 * *')).toBe(false);
  expect(restrictsBothDays('0 3 */2 * MON')).toBe(false);
  expect(restrictsBothDays('@weekly')).toBe(false);
});
