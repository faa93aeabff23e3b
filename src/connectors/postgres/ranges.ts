/** Which rows a read takes, as conditions: the window's bounds with their ties, and the range between two keys. */
import { invariant } from '../../core/errors/invariant.js';
import type { RowKey, RowShape, WindowRange } from '../../core/plan/rows.js';
import { columnOf, keyDigest, orderOf, typedLiteral } from './from-clause.js';
import { quoteLiteral } from './quoting.js';

const listOf = (digests: readonly string[]): string => digests.map(quoteLiteral).join(', ');

/** `low < cursor`, and of the rows at `low` those that were not taken. */
export const aboveLow = (
  window: Pick<WindowRange, 'column' | 'type' | 'low' | 'seenAtLow'>,
  key: readonly string[] | null,
): string | null => {
  const { column, type, low, seenAtLow } = window;
  if (low === null) return null;
  const cursor = columnOf(column);
  const value = typedLiteral(low, type);
  if (seenAtLow === null || key === null) return `${cursor} > ${value}`;
  if (seenAtLow.length === 0) return `${cursor} >= ${value}`;
  // The first condition alone is what an index can begin at.
  return `${cursor} >= ${value} AND (${cursor} > ${value} OR ${keyDigest(key)} NOT IN (${listOf(seenAtLow)}))`;
};

/** `cursor <= high`, and of the rows at `high` only those that were there when the window was fixed. */
const belowHigh = (window: WindowRange, key: readonly string[] | null): string => {
  const { column, type, high, seenAtHigh } = window;
  const cursor = columnOf(column);
  const value = typedLiteral(high, type);
  if (seenAtHigh === null || key === null) return `${cursor} <= ${value}`;
  if (seenAtHigh.length === 0) return `${cursor} < ${value}`;
  return `${cursor} <= ${value} AND (${cursor} < ${value} OR ${keyDigest(key)} IN (${listOf(seenAtHigh)}))`;
};

export interface KeyRange {
  readonly after: RowKey | null;
  readonly upTo: RowKey | null;
}

const typesOf = (shape: RowShape, order: readonly string[]): readonly string[] =>
  order.map((name) => {
    if (name === shape.cursor?.column) return shape.cursor.type;
    const at = shape.key?.indexOf(name) ?? -1;
    const type = shape.keyTypes?.[at] ?? shape.columns.find((column) => column.name === name)?.type;
    invariant(type !== undefined, `the type of key column ${name} is known`);
    return type;
  });

const compared = (
  shape: RowShape,
  order: readonly string[],
  key: RowKey,
  operator: '>' | '<=',
): string => {
  const types = typesOf(shape, order);
  invariant(key.length === order.length, 'a key has a value for each column of the order');
  const values = key.map((value, index) => typedLiteral(value, types[index] ?? 'text'));
  const columns = order.map(columnOf);
  const [column = ''] = columns;
  const [value = ''] = values;
  if (columns.length === 1) return `${column} ${operator} ${value}`;
  return `(${columns.join(', ')}) ${operator} (${values.join(', ')})`;
};

/** Types whose equal values have equal texts; 1.0 and 1.00 are one number. */
const canonical: readonly (string | undefined)[] = ['integer', 'date', 'timestamp', 'timestamptz'];

/** Ties need looking at only on pages that touch an end of the window. */
const windowFor = (
  window: WindowRange,
  { after, upTo }: KeyRange,
  { cursor }: RowShape,
): WindowRange => {
  if (!canonical.includes(cursor?.family)) return window;
  const isPastLow = after !== null && after[0] !== window.low;
  const isBelowHigh = upTo !== null && upTo[0] !== window.high;
  return {
    ...window,
    seenAtLow: isPastLow ? null : window.seenAtLow,
    seenAtHigh: isBelowHigh ? null : window.seenAtHigh,
  };
};

/** All conditions of a page; empty where there is none. */
export const conditionsOf = (
  shape: RowShape,
  window: WindowRange | null,
  range: KeyRange,
): readonly string[] => {
  const order = orderOf(shape, window !== null);
  const bounds =
    window === null
      ? []
      : [
          aboveLow(windowFor(window, range, shape), shape.key),
          belowHigh(windowFor(window, range, shape), shape.key),
        ];
  const from = range.after === null ? null : compared(shape, order, range.after, '>');
  const to = range.upTo === null ? null : compared(shape, order, range.upTo, '<=');
  return [...bounds, from, to].filter((condition) => condition !== null);
};

export const whereOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
