/** The hash of a definition: equal for equal meaning, whatever moved in the files. */
import { createHash } from 'node:crypto';
import { canonicalJson, isJsonObject, type JsonValue } from '../../core/values/json.js';
import type { Definition } from './definition.js';

const withoutSpans = (value: JsonValue): JsonValue => {
  if (Array.isArray(value)) return value.map(withoutSpans);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, entry]) => !(key === 'span' && isSpan(entry)))
      .map(([key, entry]) => [key, withoutSpans(entry)]),
  );
};

// A user may have a variable called `span`; ours has exactly these five keys.
const isSpan = (value: JsonValue): boolean =>
  value === null ||
  (isJsonObject(value) &&
    Object.keys(value).sort().join() === 'column,endColumn,endLine,file,line');

/** SHA-256 over everything but spans and the files' text, 16 hex digits. */
export const hashDefinition = (definition: Omit<Definition, 'hash' | 'files'>): string =>
  createHash('sha256')
    .update(canonicalJson(withoutSpans(definition as unknown as JsonValue)))
    .digest('hex')
    .slice(0, 16);
