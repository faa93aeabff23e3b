/** Configs as they are nested: every text inside mappings and lists is rendered, keys are kept as they are. */
import { isJsonObject, type JsonValue } from '../../core/values/json.js';

export type ValuePath = readonly (string | number)[];

/** `render` is called once per text, with its path, in the order of the value. */
export const renderValue = (
  value: JsonValue,
  render: (text: string, path: ValuePath) => JsonValue,
  path: ValuePath = [],
): JsonValue => {
  if (typeof value === 'string') return render(value, path);
  if (Array.isArray(value))
    return value.map((item: JsonValue, at) => renderValue(item, render, [...path, at]));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, renderValue(entry, render, [...path, key])]),
  );
};
