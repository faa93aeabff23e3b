/**
 * Values that JSON lines have no spelling of their own for. Keeps true: such a value ends the read by name; it is never
 * written as another one (promise G15).
 */
import { isErrorOf, TidemarkError } from '../../core/errors/error.js';
import type { Column } from '../../core/plan/rows.js';
import { badData, notInJsonLines, sqlstateOf } from './errors.js';
import { columnOf } from './from-clause.js';

/** Of `width_bucket` with equal bounds, and of nothing else that one would write by chance. */
const raisedState = '2201G';

/** Raises for the row in which it is evaluated; the length is there so that it is not evaluated before. */
const raise = (value: string): string =>
  `width_bucket(1::float8, 0::float8, (length(${value}::text) * 0)::float8, 1) > 0`;

/** When the value cannot be told from another one; null: it always can. */
const conditionOf = (value: string, { type }: Column): string | null => {
  if (type === 'jsonb') return `jsonb_typeof(${value}) = 'null'`;
  if (type === 'json') return `${value}::text ~ '^\\s*null\\s*$'`;
  if (!type.endsWith('[]')) return null;
  const bounds = `array_dims(${value}) !~ '^(\\[1:[0-9]+\\])+$'`;
  // Texts have their quotes escaped inside of an array: only the value null stands between quotes like this.
  return /^jsonb?\[/.test(type) ? `(${bounds} OR ${value}::text ~ '[{,]"null"[,}]')` : bounds;
};

/** The value of a column for a line of JSON. */
export const jsonValue = (column: Column): string => {
  const value = columnOf(column.name);
  const condition = conditionOf(value, column);
  if (condition === null) return value;
  return `CASE WHEN ${condition} THEN CASE WHEN ${raise(value)} THEN ${value} END ELSE ${value} END`;
};

/** What ended the read of JSON lines, with the columns that it may be. */
export const jsonError = (error: unknown, columns: readonly Column[]): unknown => {
  if (!isErrorOf(error, badData) || sqlstateOf(error) !== raisedState) return error;
  const names = columns
    .filter((column) => conditionOf('', column) !== null)
    .map(({ name, type }) => `${name} (${type})`);
  return new TidemarkError(
    notInJsonLines,
    `reading rows as JSON lines: a value of ${names.join(', ')} is the JSON value null, or an array that does not begin at 1`,
  );
};
