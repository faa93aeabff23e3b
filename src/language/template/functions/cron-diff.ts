import { refuseArgument, textArgument } from '../signature.js';
import { defineFunction } from './function.js';
import { epochMsOf, type Moment, momentArgument } from './moment.js';

const dayMs = 86_400_000;

const daysBetween = (start: Moment, end: Moment): number =>
  Math.floor((epochMsOf(end) - epochMsOf(start)) / dayMs) + 1;

const wholeMonths = (start: Moment, end: Moment): number => {
  const months = (end.year - start.year) * 12 + end.month - start.month;
  const clock = (moment: Moment): number =>
    moment.day * dayMs + ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1000;
  return clock(end) < clock(start) ? months - 1 : months;
};

const units: Readonly<Record<string, (start: Moment, end: Moment) => number>> = {
  days: daysBetween,
  week: (start, end) => Math.ceil(daysBetween(start, end) / 7),
  month: wholeMonths,
  year: (start, end) => Math.floor(wholeMonths(start, end) / 12),
};

export const cronDiff = defineFunction({
  name: 'cron.diff',
  summary:
    'How far two times lie apart: days counted inclusively, weeks begun, whole months, whole years.',
  args: [
    { name: 'start', summary: 'A date or time in ISO 8601.' },
    { name: 'end', summary: 'A date or time in ISO 8601, not before the start.' },
    { name: 'unit', summary: 'days, week, month or year; singular or plural.' },
  ],
  examples: [
    { expression: "fn.cron.diff('2023-01-01', '2023-01-05', 'days')", gives: 5 },
    { expression: "fn.cron.diff('2023-01-01', '2023-01-15', 'week')", gives: 3 },
    { expression: "fn.cron.diff('2023-01-15', '2024-03-14', 'month')", gives: 13 },
    { expression: "fn.cron.diff('2023-01-15', '2024-03-14', 'year')", gives: 1 },
  ],
  at: 'anywhere',
  run: (call) => {
    const [start, end] = [momentArgument(call, 0), momentArgument(call, 1)];
    if (epochMsOf(end) < epochMsOf(start))
      refuseArgument(call.what, 'the end lies before the start');
    const unit = textArgument(call, 2);
    const name = unit === 'day' ? 'days' : unit === 'days' ? unit : unit.replace(/s$/, '');
    const count = Object.hasOwn(units, name) ? units[name] : undefined;
    return (
      count?.(start, end) ??
      refuseArgument(
        call.what,
        `unit ${JSON.stringify(unit.slice(0, 50))} is not known; it is days, week, month or year`,
      )
    );
  },
});
