/**
 * Walks the options of a connection, source or target by what its connector declares of each field: which templates
 * it may hold, and whether it is a secret. Nested values take the facts of the deepest field above them.
 */
import { fieldFacts, objectFields, type FieldFacts } from '../connectors/fields.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/values/json.js';

/** A schema as the contracts of connectors know it. */
export type OptionSchema = Parameters<typeof fieldFacts>[0];

export type OptionPath = readonly (string | number)[];

/** The facts that hold at a path; empty for what the schema does not know. */
export const factsAt = (schema: OptionSchema, path: OptionPath): Partial<FieldFacts> => {
  let current: OptionSchema | undefined = schema;
  let facts: Partial<FieldFacts> = {};
  for (const step of path) {
    current = current === undefined ? undefined : objectFields(current)[String(step)];
    if (current === undefined) break;
    const own = fieldFacts(current);
    if (Object.keys(own).length > 0) facts = own;
  }
  return facts;
};

/** Every text below a value with its path, in the order of the value. */
export const textsIn = (
  value: JsonValue,
  path: OptionPath = [],
): readonly { readonly path: OptionPath; readonly text: string }[] => {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value))
    return value.flatMap((entry, index) => textsIn(entry as JsonValue, [...path, index]));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, entry]) => textsIn(entry, [...path, key]));
};

/** The same value with every text replaced; keys are never touched. */
export const mapTexts = (
  value: JsonValue,
  replace: (text: string, path: OptionPath) => JsonValue,
  path: OptionPath = [],
): JsonValue => {
  if (typeof value === 'string') return replace(value, path);
  if (Array.isArray(value)) {
    return value.map((entry, index) => mapTexts(entry as JsonValue, replace, [...path, index]));
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, mapTexts(entry, replace, [...path, key])]),
  );
};

/** A field of an options object that a template made null is left out, as if it had not been written. */
export const withoutNulls = (options: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null));

/** `configs.key`, for messages. */
export const fieldName = (path: OptionPath): string => path.map(String).join('.');
