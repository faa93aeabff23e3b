/**
 * Misspelt keys: one finding each, and everything behind them is read as if they were spelt right, so that one slip
 * is not also a missing key, an unknown name and a selection of nothing.
 *
 * A key is taken for a slip when it is not known where it stands, a known one is near and that one is not written.
 * Whatever else is unknown is left to whoever reads the mapping.
 */
import type { z } from 'zod';
import { fieldFacts, partsOf } from '../../connectors/fields.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/values/json.js';
import { suggest } from '../../core/values/suggest.js';
import type { Path, Placed } from './placed.js';
import { reportUnknownKey, type Reading } from './reading.js';
import { olderOptions, refusedKeys } from './refused.js';

type Fields = Readonly<Record<string, z.ZodType>>;

/** Known in some section and refused by name; never a slip of another key. */
const refused: ReadonlySet<string> = new Set([
  ...Object.values(refusedKeys).flatMap((table) => Object.keys(table)),
  ...Object.keys(olderOptions),
]);

const pathKey = (path: Path): string => JSON.stringify(path);

interface Walk {
  readonly placed: Placed;
  readonly reading: Reading;
  /** Path as it is read → last step as it is written. */
  readonly written: Map<string, string>;
}

const back = ({ written }: Walk, path: Path): Path =>
  path.map((step, index) => written.get(pathKey(path.slice(0, index + 1))) ?? step);

const meantKey = (key: string, value: JsonObject, fields: Fields): string => {
  if (Object.hasOwn(fields, key) || refused.has(key)) return key;
  const names = namesOf(fields);
  // Of keys that are as near, such as job and jobs, the one that takes the value.
  const fitting = names.filter((name) => fields[name]?.safeParse(value[key]).success === true);
  const near = suggest(key, fitting) ?? suggest(key, names);
  return near === undefined || Object.hasOwn(value, near) ? key : near;
};

const namesOf = (fields: Fields): readonly string[] =>
  Object.keys(fields).filter((name) => {
    const schema = fields[name];
    return schema !== undefined && fieldFacts(schema).refused === undefined;
  });

const readMapping = (walk: Walk, value: JsonObject, fields: Fields, path: Path): JsonObject => {
  const entries = new Map<string, JsonValue>();
  for (const [key, inner] of Object.entries(value)) {
    const wished = meantKey(key, value, fields);
    // Two slips of one key: the first one counts.
    const meant = entries.has(wished) ? key : wished;
    if (meant !== key) {
      reportUnknownKey(walk.placed, [...back(walk, path), key], walk.reading, {
        known: namesOf(fields),
        near: meant,
      });
      walk.written.set(pathKey([...path, meant]), key);
    }
    entries.set(meant, readValue(walk, inner, fields[meant], [...path, meant]));
  }
  return Object.fromEntries(entries);
};

const readValue = (
  walk: Walk,
  value: JsonValue,
  schema: z.ZodType | undefined,
  path: Path,
): JsonValue => {
  if (schema === undefined) return value;
  const { fields, element } = partsOf(schema);
  if (Array.isArray(value)) {
    return (value as readonly JsonValue[]).map((item, index) =>
      readValue(walk, item, element, [...path, index]),
    );
  }
  if (!isJsonObject(value)) return value;
  if (Object.keys(fields).length > 0) return readMapping(walk, value, fields, path);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      readValue(walk, inner, element, [...path, name]),
    ]),
  );
};

/** The mapping with its slips spelt right; every part still stands where it was written. */
export const withMeantKeys = (placed: Placed, fields: Fields, reading: Reading): Placed => {
  if (!isJsonObject(placed.value)) return placed;
  const walk: Walk = { placed, reading, written: new Map() };
  const value = readMapping(walk, placed.value, fields, []);
  if (walk.written.size === 0) return placed;
  return {
    value,
    span: (path, side) => placed.span(back(walk, path), side),
    within: (path, offset, length) => placed.within(back(walk, path), offset, length),
    yaml11: (path) => placed.yaml11(back(walk, path)),
  };
};
