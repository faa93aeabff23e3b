/** Jinja's filters that make sense here. `default` is not in this list: it decides about what is missing, in the evaluator. */
import { checkItemCount, checkTextLength } from './budget.js';
import { textMethods } from './methods.js';
import { areEqual, compareValues, isTruthy } from './operators.js';
import {
  type BoundCall,
  integerArgument,
  optionalText,
  type Parameter,
  refuseArgument,
  textArgument,
} from './signature.js';
import { charactersOf, jsonTextOf, lengthOf, textOf } from './text.js';
import { joinTexts, stripText } from './text-operations.js';
import { asText, isList, isMapping, ownEntry, type TemplateValue, typeName } from './values.js';

export interface Filter {
  /** What it gives, for the reference. */
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  /** `call.values[0]` is what stands before the bar. */
  readonly run: (value: TemplateValue, call: BoundCall) => TemplateValue;
}

const withoutTarget = (call: BoundCall): BoundCall => ({ ...call, values: call.values.slice(1) });

const itemsOf = (value: TemplateValue, call: BoundCall): readonly TemplateValue[] => {
  const text = asText(value);
  const items =
    text !== undefined
      ? charactersOf(text)
      : isList(value)
        ? value
        : isMapping(value)
          ? Object.keys(value)
          : undefined;
  if (items === undefined)
    return refuseArgument(call.what, `takes a list, a mapping or text, not a ${typeName(value)}`);
  checkItemCount(call.budget, items.length);
  return items;
};

const fromMethod = (name: keyof typeof textMethods, summary: string): Filter => {
  const method = textMethods[name];
  return {
    summary,
    parameters: method?.parameters ?? [],
    run: (_, call) => method?.run(textArgument(call, 0), withoutTarget(call)) ?? null,
  };
};

const numberFrom = (value: TemplateValue): number | undefined => {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  const text = asText(value)?.trim();
  return text !== undefined && /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text)
    ? Number(text)
    : undefined;
};

const numeric = (convert: (value: number) => number, exact: boolean, summary: string): Filter => ({
  summary,
  parameters: ['default?'],
  run: (value, call) => {
    const number = numberFrom(value);
    const result = number === undefined ? undefined : convert(number);
    if (result !== undefined && Number.isFinite(result) && (!exact || Number.isSafeInteger(result)))
      return result;
    return (
      call.values[1] ??
      refuseArgument(
        call.what,
        `${JSON.stringify(asText(value) ?? typeName(value))} is not such a number; a default may be given: int(0)`,
      )
    );
  },
});

const end = (last: boolean): Filter => ({
  summary: `The ${last ? 'last' : 'first'} item or character`,
  parameters: [],
  run: (value, call) =>
    itemsOf(value, call).at(last ? -1 : 0) ?? refuseArgument(call.what, 'the list is empty'),
});

const count: Filter = {
  summary: 'How many items, keys or characters',
  parameters: [],
  run: (value, call) => {
    const text = asText(value);
    if (text !== undefined) return lengthOf(text);
    return itemsOf(value, call).length;
  },
};

const roundNumber = (value: TemplateValue, call: BoundCall): number => {
  if (typeof value !== 'number')
    return refuseArgument(call.what, `takes a number, not a ${typeName(value)}`);
  const places = integerArgument(call, 1, 0);
  const method = optionalText(call, 2) ?? 'common';
  if (Math.abs(places) > 15) return refuseArgument(call.what, 'rounds to at most 15 places');
  const scaled = value * 10 ** places;
  const floor = Math.floor(scaled);
  // Python rounds a half to the even neighbour.
  const common = scaled - floor === 0.5 ? floor + (Math.abs(floor) % 2) : Math.round(scaled);
  const rounded =
    method === 'floor'
      ? floor
      : method === 'ceil'
        ? Math.ceil(scaled)
        : method === 'common'
          ? common
          : undefined;
  if (rounded === undefined)
    return refuseArgument(
      call.what,
      `method "${method}" is not known; it is common, ceil or floor`,
    );
  return Number.isFinite(rounded) ? rounded / 10 ** places : value;
};

const sortKey = (value: TemplateValue, call: BoundCall, caseSensitive: boolean): TemplateValue => {
  const attribute = optionalText(call, 3);
  const chosen =
    attribute === undefined ? value : isMapping(value) ? ownEntry(value, attribute) : undefined;
  if (chosen === undefined) return refuseArgument(call.what, `an item has no field "${attribute}"`);
  const text = asText(chosen);
  return text === undefined || caseSensitive ? chosen : text.toLowerCase();
};

const sorted = (value: TemplateValue, call: BoundCall): TemplateValue => {
  const caseSensitive = isTruthy(call.values[2] ?? false);
  const keyed = itemsOf(value, call).map((item) => ({
    item,
    key: sortKey(item, call, caseSensitive),
  }));
  checkItemCount(call.budget, keyed.length * 16);
  const ordered = keyed.toSorted((a, b) => compareValues(a.key, b.key)).map(({ item }) => item);
  return isTruthy(call.values[1] ?? false) ? ordered.toReversed() : ordered;
};

const unique = (value: TemplateValue, call: BoundCall): TemplateValue => {
  const seen = new Set<string>();
  return itemsOf(value, call).filter((item) => {
    const key = jsonTextOf(call.budget, item);
    return !seen.has(key) && seen.add(key).size > 0;
  });
};

const joined: Filter = {
  summary: 'The items as one text, with a separator between them',
  parameters: ['separator?', 'attribute?'],
  run: (value, call) => {
    const attribute = optionalText(call, 2);
    const items = itemsOf(value, call).map((item) =>
      attribute === undefined ? item : isMapping(item) ? (ownEntry(item, attribute) ?? null) : null,
    );
    if (items.includes(null)) return refuseArgument(call.what, 'an item is null');
    return joinTexts(
      call.budget,
      items.map((item) => textOf(call.budget, item)),
      optionalText(call, 1) ?? '',
    );
  },
};

const mapped: Filter = {
  summary: 'One field of each item',
  parameters: ['attribute'],
  run: (value, call) =>
    itemsOf(value, call).map((item) => {
      const field = isMapping(item) ? ownEntry(item, textArgument(call, 1)) : undefined;
      return field ?? refuseArgument(call.what, `an item has no field "${textArgument(call, 1)}"`);
    }),
};

const sum: Filter = {
  summary: 'The items added up',
  parameters: [],
  run: (value, call) =>
    itemsOf(value, call).reduce<number>(
      (total, item) =>
        typeof item === 'number'
          ? total + item
          : refuseArgument(call.what, `takes numbers, not a ${typeName(item)}`),
      0,
    ),
};

const extreme = (sign: 1 | -1): Filter => ({
  summary: `The ${sign === 1 ? 'largest' : 'smallest'} item`,
  parameters: [],
  run: (value, call) =>
    itemsOf(value, call).reduce<TemplateValue | undefined>(
      (best, item) => (best === undefined || compareValues(item, best) * sign > 0 ? item : best),
      undefined,
    ) ?? refuseArgument(call.what, 'the list is empty'),
});

const reversed: Filter = {
  summary: 'The same backwards',
  parameters: [],
  run: (value, call) => {
    const items = itemsOf(value, call).toReversed();
    return asText(value) === undefined ? items : items.join('');
  },
};

const toText: Filter = {
  summary: 'The value as text',
  parameters: [],
  run: (value, call) => {
    const text = textOf(call.budget, value);
    checkTextLength(call.budget, text.length);
    return text;
  },
};

export const filters: Readonly<Record<string, Filter>> = {
  abs: {
    summary: 'The number without its sign',
    parameters: [],
    run: (value, call) =>
      typeof value === 'number'
        ? Math.abs(value)
        : refuseArgument(call.what, `takes a number, not a ${typeName(value)}`),
  },
  capitalize: fromMethod('capitalize', 'The first letter large, the others small'),
  count,
  first: end(false),
  float: numeric((value) => value, false, 'A number from text; the default where it is none'),
  int: numeric(Math.trunc, true, 'A whole number from text; the default where it is none'),
  items: {
    summary: 'The keys of a mapping with their values, as pairs',
    parameters: [],
    run: (value, call) =>
      isMapping(value)
        ? Object.entries(value).map((entry) => [...entry])
        : refuseArgument(call.what, `takes a mapping, not a ${typeName(value)}`),
  },
  join: joined,
  last: end(true),
  length: count,
  list: { summary: 'The items, keys or characters as a list', parameters: [], run: itemsOf },
  lower: fromMethod('lower', 'Small letters'),
  map: mapped,
  max: extreme(1),
  min: extreme(-1),
  replace: fromMethod('replace', 'Every occurrence of a text replaced, or the first ones'),
  reverse: reversed,
  round: {
    summary: 'The number with so many places; method: common, ceil or floor',
    parameters: ['precision?', 'method?'],
    run: roundNumber,
  },
  sort: {
    summary: 'The items in order, by one of their fields if it is named',
    parameters: ['reverse?', 'case_sensitive?', 'attribute?'],
    run: sorted,
  },
  string: toText,
  sum,
  title: fromMethod('title', 'Each word with a large letter'),
  tojson: {
    summary: 'The value as JSON',
    parameters: [],
    run: (value, call) => jsonTextOf(call.budget, value),
  },
  trim: {
    summary: 'The text without spaces, or those characters, at both ends',
    parameters: ['characters?'],
    run: (_, call) => stripText(textArgument(call, 0), optionalText(call, 1), 'both'),
  },
  unique: { summary: 'Each item once', parameters: [], run: unique },
  upper: fromMethod('upper', 'Large letters'),
};

/** `default` decides about what is missing, which is the evaluator's to know; `d` is the same. */
export const defaultFilter: Pick<Filter, 'summary' | 'parameters'> = {
  summary: 'Another value where this one is missing; with true, also where it is empty or 0',
  parameters: ['value?', 'boolean?'],
};

/** For lint: also the ones that the evaluator itself answers. */
export const filterNames: readonly string[] = [...Object.keys(filters), 'd', 'default'].toSorted();

export interface ValueTest {
  readonly parameters: readonly Parameter[];
  readonly holds: (value: TemplateValue, call: BoundCall) => boolean;
}

const compareTest = (holds: (order: number) => boolean): ValueTest => ({
  parameters: ['other'],
  holds: (value, call) => holds(compareValues(value, call.values[0] ?? null)),
});

const equal: ValueTest = {
  parameters: ['other'],
  holds: (value, call) => areEqual(call.budget, value, call.values[0] ?? null),
};

const divisible = (value: TemplateValue, call: BoundCall, by: number): boolean => {
  if (typeof value !== 'number' || by === 0)
    return refuseArgument(call.what, 'takes a number and a divisor that is not 0');
  return value % by === 0;
};

const simple = (holds: (value: TemplateValue) => boolean): ValueTest => ({ parameters: [], holds });

/** Jinja's tests after `is`. `defined` and `undefined` are answered by the evaluator. */
export const valueTests: Readonly<Record<string, ValueTest>> = {
  boolean: simple((value) => typeof value === 'boolean'),
  divisibleby: {
    parameters: ['divisor'],
    holds: (value, call) => divisible(value, call, integerArgument(call, 0)),
  },
  eq: equal,
  equalto: equal,
  even: { parameters: [], holds: (value, call) => divisible(value, call, 2) },
  false: simple((value) => value === false),
  float: simple((value) => typeof value === 'number' && !Number.isInteger(value)),
  ge: compareTest((order) => order >= 0),
  gt: compareTest((order) => order > 0),
  integer: simple((value) => typeof value === 'number' && Number.isInteger(value)),
  iterable: simple((value) => asText(value) !== undefined || isList(value) || isMapping(value)),
  le: compareTest((order) => order <= 0),
  lt: compareTest((order) => order < 0),
  mapping: simple(isMapping),
  ne: {
    parameters: ['other'],
    holds: (value, call) => !areEqual(call.budget, value, call.values[0] ?? null),
  },
  none: simple((value) => value === null),
  number: simple((value) => typeof value === 'number'),
  odd: { parameters: [], holds: (value, call) => !divisible(value, call, 2) },
  sequence: simple((value) => isList(value) || asText(value) !== undefined),
  string: simple((value) => asText(value) !== undefined),
  true: simple((value) => value === true),
};

export const testNames: readonly string[] = [
  ...Object.keys(valueTests),
  'defined',
  'undefined',
].toSorted();
