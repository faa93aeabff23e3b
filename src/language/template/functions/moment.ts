/**
 * Dates and times as functions read them: ISO 8601 text with its own offset, no zone data, no clock.
 * An offset is kept, never converted away; a text without one counts as UTC, as in the predecessor.
 */
import { type BoundCall, refuseArgument } from '../signature.js';
import { asText, isMapping, ownEntry, type TemplateValue, typeName } from '../values.js';

export interface Moment {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** The digits after the second's point, as written. */
  readonly fraction: string;
  readonly offsetMinutes: number;
}

const iso =
  /^(\d{4})-?(\d{2})-?(\d{2})(?:[Tt ](\d{2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?\s*([Zz]|[-+]\d{2}(?::?\d{2})?)?)?$/;

const offsetOf = (zone: string | undefined): number => {
  if (zone === undefined || /^z$/i.test(zone)) return 0;
  const digits = zone.replace(/[^0-9]/g, '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return zone.startsWith('-') ? 0 - minutes : minutes;
};

/** Milliseconds since 1970 UTC. */
export const epochMsOf = (moment: Moment): number =>
  Date.UTC(
    moment.year,
    moment.month - 1,
    moment.day,
    moment.hour,
    moment.minute,
    moment.second,
    Number(moment.fraction.padEnd(3, '0').slice(0, 3)),
  ) -
  moment.offsetMinutes * 60_000;

/** The moment on the wall clock of that offset. */
export const momentAt = (epochMs: number, offsetMinutes: number): Moment => {
  const [date = '', time = ''] = new Date(epochMs + offsetMinutes * 60_000)
    .toISOString()
    .split('T');
  const [year, month, day] = date.split('-').map(Number);
  const [hour, minute, second] = time.slice(0, 8).split(':').map(Number);
  return {
    year: year ?? 0,
    month: month ?? 0,
    day: day ?? 0,
    hour: hour ?? 0,
    minute: minute ?? 0,
    second: second ?? 0,
    fraction: time.slice(9, 12),
    offsetMinutes,
  };
};

/** 0 for a month that does not exist. Every 400 years are alike, and years below 100 mean 19xx to `Date.UTC`. */
const daysInMonth = (year: number, month: number): number =>
  month >= 1 && month <= 12 ? new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate() : 0;

const exists = (moment: Moment): boolean =>
  moment.year >= 100 &&
  moment.day >= 1 &&
  moment.day <= daysInMonth(moment.year, moment.month) &&
  moment.hour < 24 &&
  moment.minute < 60 &&
  moment.second < 60 &&
  Math.abs(moment.offsetMinutes) <= 14 * 60;

/** Undefined when the text is not such a date or the date does not exist (`2023-02-30`). */
export const parseMoment = (text: string): Moment | undefined => {
  const match = iso.exec(text.trim());
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const moment = {
    year,
    month,
    day,
    hour,
    minute,
    second,
    fraction: match[7] ?? '',
    offsetMinutes: offsetOf(match[8]),
  };
  return exists(moment) ? moment : undefined;
};

/** A multi-partition key stands for its `date` dimension. */
const dateText = (value: TemplateValue): TemplateValue =>
  isMapping(value) ? (ownEntry(value, 'date') ?? value) : value;

/** True for what gives "" instead of a date: null and empty text. */
export const isNoDate = (value: TemplateValue | undefined): boolean =>
  value === undefined || value === null || dateText(value) === '';

export const momentArgument = (call: BoundCall, at: number): Moment => {
  const value = dateText(call.values[at] ?? null);
  const text = asText(value);
  if (text === undefined)
    return refuseArgument(
      call.what,
      `takes a date as ISO 8601 text, such as 2023-12-25, not a ${typeName(value)}`,
    );
  return (
    parseMoment(text) ??
    refuseArgument(
      call.what,
      `${JSON.stringify(text.slice(0, 100))} is not a date in ISO 8601, such as 2023-12-25 or 2023-12-25T19:30:00+00:00`,
    )
  );
};

export const pad = (value: number, width: number): string => String(value).padStart(width, '0');

/** `+02:00`, or `+0200` without a separator. */
export const offsetText = (moment: Moment, separator: string): string => {
  const minutes = Math.abs(moment.offsetMinutes);
  return `${moment.offsetMinutes < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60), 2)}${separator}${pad(minutes % 60, 2)}`;
};

/** `2023-12-25 19:30:00.000`: the wall clock, without its offset. */
export const wallClockText = (moment: Moment): string =>
  `${pad(moment.year, 4)}-${pad(moment.month, 2)}-${pad(moment.day, 2)} ${pad(moment.hour, 2)}:${pad(moment.minute, 2)}:${pad(moment.second, 2)}.${moment.fraction.padEnd(3, '0').slice(0, 3)}`;
