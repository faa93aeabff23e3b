/** pendulum's format tokens, which authors write (`YYYY-MM-DD`), in English. `[text]` stands for itself. */
import { epochMsOf, type Moment, offsetText, pad } from './moment.js';

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const weekday = (moment: Moment): string =>
  days[new Date(Date.UTC(moment.year, moment.month - 1, moment.day)).getUTCDay()] ?? '';
const dayOfYear = (moment: Moment): number =>
  Math.round(
    (Date.UTC(moment.year, moment.month - 1, moment.day) - Date.UTC(moment.year, 0, 1)) /
      86_400_000,
  ) + 1;
const hourOfTwelve = (moment: Moment): number => moment.hour % 12 || 12;

const tokens: Readonly<Record<string, (moment: Moment) => string>> = {
  YYYY: (moment) => pad(moment.year, 4),
  YY: (moment) => pad(moment.year % 100, 2),
  Q: (moment) => String(Math.ceil(moment.month / 3)),
  MMMM: (moment) => months[moment.month - 1] ?? '',
  MMM: (moment) => months[moment.month - 1]?.slice(0, 3) ?? '',
  MM: (moment) => pad(moment.month, 2),
  M: (moment) => String(moment.month),
  DDDD: (moment) => pad(dayOfYear(moment), 3),
  DDD: (moment) => String(dayOfYear(moment)),
  DD: (moment) => pad(moment.day, 2),
  D: (moment) => String(moment.day),
  dddd: weekday,
  ddd: (moment) => weekday(moment).slice(0, 3),
  HH: (moment) => pad(moment.hour, 2),
  H: (moment) => String(moment.hour),
  hh: (moment) => pad(hourOfTwelve(moment), 2),
  h: (moment) => String(hourOfTwelve(moment)),
  A: (moment) => (moment.hour < 12 ? 'AM' : 'PM'),
  mm: (moment) => pad(moment.minute, 2),
  m: (moment) => String(moment.minute),
  ss: (moment) => pad(moment.second, 2),
  s: (moment) => String(moment.second),
  ZZ: (moment) => offsetText(moment, ''),
  Z: (moment) => offsetText(moment, ':'),
  X: (moment) => String(Math.floor(epochMsOf(moment) / 1000)),
  x: (moment) => String(epochMsOf(moment)),
};

const pattern =
  /\[([^\]]*)\]|YYYY|YY|Q|MMMM|MMM|MM|M|DDDD|DDD|DD|D|dddd|ddd|HH|H|hh|h|A|mm|m|ss|s|S{1,6}|ZZ|Z|X|x/g;

export const formatMoment = (moment: Moment, format: string): string =>
  format.replace(pattern, (token: string, literal?: string) => {
    if (literal !== undefined) return literal;
    if (token.startsWith('S')) return moment.fraction.padEnd(6, '0').slice(0, token.length);
    return tokens[token]?.(moment) ?? token;
  });
