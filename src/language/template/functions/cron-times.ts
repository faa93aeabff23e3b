/**
 * The one file that knows the cron package. Times are counted at the fixed offset of the base, as the predecessor does;
 * no zone data is read, so results do not depend on the Node build.
 */
import { Cron } from 'croner';
import { type BoundCall, integerArgument, refuseArgument, textArgument } from '../signature.js';
import { epochMsOf, type Moment, momentAt, offsetText, wallClockText } from './moment.js';

export const timesLimit = 10_000;

export const cronArgument = (call: BoundCall, at: number, offsetMinutes: number): Cron => {
  const expression = textArgument(call, at);
  try {
    return new Cron(expression, { utcOffset: offsetMinutes, paused: true });
  } catch {
    return refuseArgument(
      call.what,
      `${JSON.stringify(expression.slice(0, 100))} is not a cron expression, such as "0 0 * * *"`,
    );
  }
};

/** `2023-12-26 00:00:00+00:00`, at the base's offset. */
export const cronTimeText = (time: Date, offsetMinutes: number): string => {
  const moment: Moment = momentAt(time.getTime(), offsetMinutes);
  return `${wallClockText(moment).slice(0, 19)}${offsetText(moment, ':')}`;
};

/** The n-th time strictly after or before the base. */
export const stepTime = (call: BoundCall, base: Moment, direction: 'next' | 'previous'): string => {
  const count = integerArgument(call, 2, 1);
  if (count < 1 || count > 1_000)
    refuseArgument(call.what, `n is ${count}; it is between 1 and 1,000`);
  const cron = cronArgument(call, 0, base.offsetMinutes);
  const from = new Date(epochMsOf(base));
  const times = direction === 'next' ? cron.nextRuns(count, from) : cron.previousRuns(count, from);
  const time = times[count - 1];
  return time === undefined
    ? refuseArgument(call.what, 'the expression has no such time')
    : cronTimeText(time, base.offsetMinutes);
};
