/** Values are text of their type, never JavaScript numbers or dates; here is how they are ordered. */
import type { ColumnFamily } from '../../core/plan/rows.js';

export const families = {
  bigint: 'integer',
  numeric: 'decimal',
  text: 'text',
  timestamptz: 'timestamptz',
  timestamp: 'timestamp',
  date: 'date',
  boolean: 'boolean',
  bytea: 'binary',
} as const satisfies Readonly<Record<string, ColumnFamily>>;

export type TableType = keyof typeof families;
export const tableTypes = Object.keys(families) as TableType[];

/** `numeric(12,2)` is a numeric; any other name is text. */
export const typeOf = (declared: string): TableType => {
  const name = declared.replace(/\(.*$/, '').trim().toLowerCase();
  return tableTypes.find((type) => type === name) ?? 'text';
};

const compareParts = <T extends bigint | string>(a: T, b: T): number =>
  a < b ? -1 : a > b ? 1 : 0;

/** A decimal as a whole number of 10^-scale. */
const scaled = (text: string, scale: number): bigint => {
  const [whole = '0', fraction = ''] = text.replace(/^[+-]/, '').split('.');
  const value = BigInt((whole === '' ? '0' : whole) + fraction.padEnd(scale, '0'));
  return text.startsWith('-') ? -value : value;
};

const fractionDigits = (text: string): number => text.split('.')[1]?.length ?? 0;

const timePattern =
  /^(\d{4,})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d(?::?\d\d)?)?$/;

/** Nanoseconds since 1970; undefined where the text is no time. */
const nanoseconds = (text: string): bigint | undefined => {
  const match = timePattern.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  const ms = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  const [zoneHours = '0', zoneMinutes = '0'] =
    zone === 'Z' ? [] : (zone.slice(1).match(/\d\d/g) ?? []);
  const offset = BigInt(Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000_000_000n;
  const local = BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
  return zone.startsWith('-') ? local + offset : local - offset;
};

/** Orders two values of one family; text by its bytes. */
export const compareValues = (family: ColumnFamily, a: string, b: string): number => {
  switch (family) {
    case 'integer':
      return compareParts(BigInt(a), BigInt(b));
    case 'decimal': {
      const scale = Math.max(fractionDigits(a), fractionDigits(b));
      return compareParts(scaled(a, scale), scaled(b, scale));
    }
    case 'timestamp':
    case 'timestamptz': {
      const [left, right] = [nanoseconds(a), nanoseconds(b)];
      if (left === undefined || right === undefined) return compareParts(a, b);
      return compareParts(left, right);
    }
    default:
      return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
};

export const isTime = (family: ColumnFamily): boolean =>
  family === 'timestamp' || family === 'timestamptz';
