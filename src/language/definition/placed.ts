/**
 * A JSON value that knows where each of its parts was written. Layers of one mapping (`common.yaml`, `dev.yaml`,
 * overlays) merge into one placed value: a part then stands where its last layer wrote it.
 */
import type { Span } from '../../core/errors/diagnostic.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/values/json.js';

export type Path = readonly (string | number)[];

export interface Placed {
  readonly value: JsonValue;
  /**
   * Where the part at `path` stands: its key, or its value. A part that does not exist stands where the nearest
   * part around it does, so that every finding has a place.
   */
  span(path: Path, side: 'key' | 'value'): Span;
  /** Where a stretch of the text at `path` stands: the expression of a template. */
  within(path: Path, offset: number, length: number): Span;
  /** The advice for a plain scalar that YAML 1.1 reads differently (D22), if the part at `path` is one. */
  yaml11(path: Path): string | undefined;
}

/** The part of a value at a path; undefined where there is none. Own keys only. */
export const valueAt = (value: JsonValue, path: Path): JsonValue | undefined => {
  let current: JsonValue | undefined = value;
  for (const step of path) {
    if (Array.isArray(current) && typeof step === 'number') {
      current = (current as readonly JsonValue[])[step];
    } else if (isJsonObject(current) && Object.hasOwn(current, String(step))) {
      current = current[String(step)];
    } else return undefined;
  }
  return current;
};

/** The part of a placed value at a path, null where there is none. */
export const placedAt = (placed: Placed, ...path: (string | number)[]): Placed => ({
  value: valueAt(placed.value, path) ?? null,
  span: (inner, side) => placed.span([...path, ...inner], side),
  within: (inner, offset, length) => placed.within([...path, ...inner], offset, length),
  yaml11: (inner) => placed.yaml11([...path, ...inner]),
});

/** The entries of a placed list; none when it is not a list. */
export const placedItems = (placed: Placed): readonly Placed[] =>
  Array.isArray(placed.value) ? placed.value.map((_, index) => placedAt(placed, index)) : [];

/** The entries of a placed mapping; none when it is not a mapping. */
export const placedEntries = (placed: Placed): readonly (readonly [string, Placed])[] =>
  isJsonObject(placed.value)
    ? Object.keys(placed.value).map((key) => [key, placedAt(placed, key)] as const)
    : [];

/** A mapping with some of its keys left out. */
export const without = (placed: Placed, keys: readonly string[]): Placed => ({
  ...placed,
  value: isJsonObject(placed.value)
    ? Object.fromEntries(Object.entries(placed.value).filter(([key]) => !keys.includes(key)))
    : placed.value,
});

/** A mapping with the value of one key replaced; its places stay. */
export const replacing = (placed: Placed, key: string, value: JsonValue): Placed => ({
  ...placed,
  value: isJsonObject(placed.value) ? { ...placed.value, [key]: value } : placed.value,
});

const mergeValues = (base: JsonValue, over: JsonValue): JsonValue => {
  if (!isJsonObject(base) || !isJsonObject(over)) return over;
  const merged = new Map<string, JsonValue>(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key);
    merged.set(key, below === undefined ? value : mergeValues(below, value));
  }
  return Object.fromEntries(merged) satisfies JsonObject;
};

/** Mappings merge key by key; lists, scalars and null replace. An empty layer (null at its root) changes nothing. */
export const mergePlaced = (base: Placed, over: Placed): Placed => {
  if (over.value === null) return base;
  if (base.value === null) return over;
  const layerOf = (path: Path): Placed => (valueAt(over.value, path) === undefined ? base : over);
  return {
    value: mergeValues(base.value, over.value),
    span: (path, side) => layerOf(path).span(path, side),
    within: (path, offset, length) => layerOf(path).within(path, offset, length),
    yaml11: (path) => layerOf(path).yaml11(path),
  };
};
