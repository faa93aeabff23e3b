/**
 * The types that a column of a Parquet file can be given, as the engine names them, and which texts keep their value in a type of the engine. Its own casts round (`1.5` becomes 2), cut (`10:00` of a day) and
 * forget (the offset of a time); a type that somebody asked for must not do that unseen (promise G15).
 */

/** For values that need not be of a type: a regular expression over the whole text, and what to say of one that does not match. */
export interface ExactText {
  readonly pattern: string;
  readonly hint: string;
}

const day = '[0-9]{4,}[-/][0-9]{1,2}[-/][0-9]{1,2}';
const upTo = (digits: number): string => `(\\.[0-9]{0,${String(digits)}}0*)?`;
const clock = (digits: number): string => `[0-9]{1,2}:[0-9]{2}(:[0-9]{2}${upTo(digits)})?`;
const offset = ' ?(Z|UTC|[+-][0-9]{1,2}(:?[0-9]{2}(:[0-9]{2})?)?)';

const wholeNumber: ExactText = {
  pattern: '[+-]?[0-9]+(\\.0*)?',
  hint: 'a whole number within its bounds is needed',
};

const decimal = (places: number): ExactText => ({
  pattern: `[+-]?([0-9]+${upTo(places)}|\\.[0-9]{1,${String(Math.max(1, places))}}0*)`,
  hint: `a number with at most ${String(places)} places, written without an exponent, is needed`,
});

const date: ExactText = {
  pattern: `${day}([ T]00:00(:00(\\.0*)?)?)?`,
  hint: 'a day without a time is needed, as 2025-01-31, and not before the year 1',
};

const timestamp = (digits: number): ExactText => ({
  pattern: `${day}([ T]${clock(digits)})?`,
  hint: `a time as 2025-01-31 10:00:00, without an offset, with at most ${String(digits)} digits of a second, is needed; for offsets write TIMESTAMP WITH TIME ZONE`,
});

const instant: ExactText = {
  pattern: `${day}([ T]${clock(6)}(${offset})?)?`,
  hint: 'a time as 2025-01-31 10:00:00+01, with at most 6 digits of a second, is needed',
};

const time: ExactText = {
  pattern: clock(6),
  hint: 'a time of day as 10:00:00, with at most 6 digits of a second, is needed',
};

const named: Readonly<Record<string, ExactText>> = {
  DATE: date,
  TIME: time,
  TIMESTAMP_S: timestamp(0),
  TIMESTAMP_MS: timestamp(3),
  TIMESTAMP: timestamp(6),
  TIMESTAMP_US: timestamp(6),
  DATETIME: timestamp(6),
  TIMESTAMP_NS: timestamp(9),
  TIMESTAMPTZ: instant,
  'TIMESTAMP WITH TIME ZONE': instant,
};

const integers = /^(?:U?(?:TINY|SMALL|BIG)?INT(?:EGER)?|U?INT(?:8|16|32|64)|INT[1248]|SHORT|LONG)$/;
/** Without digits it is (18, 3), without places there are none. https://duckdb.org/docs/stable/sql/data_types/numeric */
const decimals = /^(?:DECIMAL|NUMERIC)(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?$/;
/** Texts of any form, or not exact by their nature. */
const others =
  /^(?:VARCHAR|TEXT|STRING|CHAR|BOOLEAN|BOOL|DOUBLE|DOUBLE PRECISION|FLOAT|FLOAT4|FLOAT8|REAL|BLOB|UUID|JSON)$/;
/** A decimal has at most so many digits: the engine computes with 128 bits. */
export const decimalDigitsMax = 38;

const decimalOf = (
  written: string,
): { readonly digits: number; readonly places: number } | null => {
  const found = decimals.exec(written);
  if (found === null) return null;
  const [, digits = '18', places = written.includes('(') ? '0' : '3'] = found;
  return { digits: Number(digits), places: Number(places) };
};

/** Null: texts of any form are of the type, or it is not exact by its nature (`DOUBLE`). */
export const exactText = (type: string): ExactText | null => {
  const written = type.trim().toUpperCase();
  if (integers.test(written)) return wholeNumber;
  const places = decimalOf(written)?.places;
  return places === undefined ? (named[written] ?? null) : decimal(places);
};

/** Is it a type that a file of Parquet has? `HUGEINT` would be written as a double, and an interval loses its microseconds. */
export const isParquetType = (type: string): boolean => {
  const written = type.trim().toUpperCase();
  const number = decimalOf(written);
  if (number !== null)
    return (
      number.digits >= 1 && number.digits <= decimalDigitsMax && number.places <= number.digits
    );
  return others.test(written) || exactText(written) !== null;
};
