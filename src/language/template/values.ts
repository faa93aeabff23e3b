/**
 * What a template's expressions can be: plain JSON, and three special values that only the engine makes.
 *
 * The special ones are marked by a symbol, which JSON cannot carry: data from outside can never pass for one.
 */
import type { JsonValue } from '../../core/values/json.js';

export const specialMark: unique symbol = Symbol('special template value');

/** A point in time as ISO 8601 text with its offset. Acts as its text in templates; binds as a timestamp in SQL (D14). */
export interface Instant {
  readonly [specialMark]: 'instant';
  readonly text: string;
}

/** A condition that `fn.date.between_*` made: may stand in SQL outside a literal (D14). */
export interface SqlFragment {
  readonly [specialMark]: 'sql-fragment';
  /** Checked: an identifier, perhaps qualified. */
  readonly column: string;
  readonly low: string;
  readonly high: string;
  /** The whole condition as SQL, its values quoted. */
  readonly sql: string;
}

/** A secret that is not resolved (D12). It has no text. */
export interface SecretReference {
  readonly [specialMark]: 'secret';
  readonly secret: string;
  readonly default?: string;
}

export type SpecialValue = Instant | SqlFragment | SecretReference;

export interface TemplateMapping {
  readonly [key: string]: TemplateValue;
}

export type TemplateValue =
  string | number | boolean | null | SpecialValue | readonly TemplateValue[] | TemplateMapping;

export const instant = (text: string): Instant =>
  Object.freeze({ [specialMark]: 'instant' as const, text });

export const sqlFragment = (parts: Omit<SqlFragment, typeof specialMark>): SqlFragment =>
  Object.freeze({ [specialMark]: 'sql-fragment' as const, ...parts });

export const secretReference = (secret: string, fallback?: string): SecretReference =>
  Object.freeze({
    [specialMark]: 'secret' as const,
    secret,
    ...(fallback === undefined ? {} : { default: fallback }),
  });

export const isSpecial = (value: unknown): value is SpecialValue =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, specialMark);
export const isInstant = (value: unknown): value is Instant =>
  isSpecial(value) && value[specialMark] === 'instant';
export const isSqlFragment = (value: unknown): value is SqlFragment =>
  isSpecial(value) && value[specialMark] === 'sql-fragment';
export const isSecretReference = (value: unknown): value is SecretReference =>
  isSpecial(value) && value[specialMark] === 'secret';

export const isList = (value: TemplateValue): value is readonly TemplateValue[] =>
  Array.isArray(value);
export const isMapping = (value: TemplateValue): value is TemplateMapping =>
  typeof value === 'object' && value !== null && !isList(value) && !isSpecial(value);

const textMark: unique symbol = Symbol('text of a mapping');

/** A mapping that stands for one text where text is wanted: the key of several dimensions. */
export const namedText = (parts: TemplateMapping, text: string): TemplateMapping =>
  Object.freeze({ ...parts, [textMark]: text });

/** The own entry of a mapping, or undefined; never anything inherited. */
export const ownEntry = (mapping: TemplateMapping, key: string): TemplateValue | undefined =>
  Object.hasOwn(mapping, key) ? mapping[key] : undefined;

/** A string, the text of an instant or of a named text; undefined for everything else. */
export const asText = (value: TemplateValue | undefined): string | undefined => {
  if (typeof value === 'string') return value;
  if (isInstant(value)) return value.text;
  if (typeof value !== 'object' || value === null || !(textMark in value)) return undefined;
  const text: unknown = value[textMark];
  return typeof text === 'string' ? text : undefined;
};

/** The word for a value's type in messages. */
export const typeName = (value: TemplateValue): string => {
  if (value === null) return 'null';
  if (isList(value)) return 'list';
  if (isInstant(value)) return 'instant';
  if (isSqlFragment(value)) return 'SQL fragment';
  if (isSecretReference(value)) return 'secret';
  return typeof value === 'object' ? 'mapping' : typeof value;
};

/** The value as JSON: an instant and a fragment are their text. Undefined when a secret is inside. */
export const toJsonValue = (value: TemplateValue): JsonValue | undefined => {
  if (isInstant(value)) return value.text;
  if (isSqlFragment(value)) return value.sql;
  if (isSecretReference(value)) return undefined;
  if (isList(value)) {
    const items = value.map(toJsonValue);
    return items.includes(undefined) ? undefined : (items as JsonValue[]);
  }
  if (!isMapping(value)) return value;
  const entries = Object.entries(value).map(([key, entry]) => [key, toJsonValue(entry)] as const);
  return entries.some(([, entry]) => entry === undefined)
    ? undefined
    : (Object.fromEntries(entries) as JsonValue);
};
