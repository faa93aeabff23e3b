/** One parameter's value, cast to its declared type (D10): the command line and the Temporal UI often send text. */
import { TidemarkError } from '../core/errors/error.js';
import { canonicalJson, isJsonObject, type JsonValue } from '../core/values/json.js';
import type { ParameterDefinition, ParameterType } from '../language/definition/definition.js';
import { badParameter } from './errors.js';
import { shown } from './read-request.js';

const parsedJson = (value: JsonValue): JsonValue | undefined => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as JsonValue;
  } catch {
    // Not JSON is an answer: the caller says what it expected.
    return undefined;
  }
};

const castNumber = (value: JsonValue, pattern: RegExp): number | undefined => {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && pattern.test(value.trim()) ? Number(value) : undefined;
};

const casts: Readonly<Record<ParameterType, (value: JsonValue) => JsonValue | undefined>> = {
  string: (value) =>
    typeof value === 'string'
      ? value
      : typeof value === 'number' || typeof value === 'boolean'
        ? String(value)
        : undefined,
  int: (value) => {
    const number = castNumber(value, /^[+-]?\d+$/);
    return number !== undefined && Number.isSafeInteger(number) ? number : undefined;
  },
  float: (value) => {
    const number = castNumber(value, /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i);
    return number !== undefined && Number.isFinite(number) ? number : undefined;
  },
  bool: (value) => {
    if (typeof value === 'boolean') return value;
    const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
    return word === 'true' ? true : word === 'false' ? false : undefined;
  },
  list: (value) => {
    const parsed = parsedJson(value);
    return Array.isArray(parsed) ? parsed : undefined;
  },
  mapping: (value) => {
    const parsed = parsedJson(value);
    return isJsonObject(parsed) ? parsed : undefined;
  },
};

const examples: Readonly<Record<ParameterType, string>> = {
  string: 'text',
  int: 'a whole number, like 7',
  float: 'a number, like 0.5',
  bool: 'true or false',
  list: 'a list, like ["north", "south"]',
  mapping: 'a mapping, like {"region": "north"}',
};

const isChoice = (choices: readonly JsonValue[], value: JsonValue): boolean =>
  choices.some((choice) => canonicalJson(choice) === canonicalJson(value));

/** Throws `plan/bad-parameter` naming the value and what would be right. `where` says who set it. */
export const castParameter = (
  declared: ParameterDefinition,
  value: JsonValue,
  where: string,
): JsonValue => {
  const cast = casts[declared.type](value);
  const subject = `parameter "${declared.name}" (${where}) is ${shown(value)}`;
  if (cast === undefined) {
    throw new TidemarkError(badParameter, `${subject}; it must be ${examples[declared.type]}`);
  }
  if (declared.choices !== undefined && !isChoice(declared.choices, cast)) {
    const choices = declared.choices.map(shown).join(', ');
    throw new TidemarkError(badParameter, `${subject}; it must be one of ${choices}`);
  }
  return cast;
};
