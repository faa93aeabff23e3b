/** Builders for the keys of the dialect: each says what it holds and what it means, once, for everyone who asks. */
import { z } from 'zod';
import { duration, field, type MoreFacts } from '../../connectors/fields.js';
import type { JsonObject, JsonValue } from '../../core/values/json.js';

export const word = z.string().min(1);
const json = z.custom<JsonValue>((value) => value !== undefined, 'expected a value');
export const anyMapping = z.record(z.string(), json) as unknown as z.ZodType<JsonObject>;

export const text = (description: string, more: MoreFacts = {}) =>
  field(word, { description, ...more });
export const prose = (description: string) => field(z.string(), { description });
export const mapping = (description: string, more: MoreFacts = {}) =>
  field(anyMapping, { description, ...more });
export const tags = (description: string) =>
  field(z.record(z.string(), z.string()), { description });
export const span = (description: string, more: MoreFacts = {}) =>
  duration(description, { template: 'none', ...more });
export const ours = { ours: true } as const;
/** Of keys that exclude or need each other: what JSON Schema says of them; a reader says it in words. */
export const together = <S extends z.ZodType>(
  schema: S,
  rule: Readonly<Record<string, unknown>>,
): S => schema.meta({ ...rule });
export const either = (...names: readonly string[]) => ({
  oneOf: names.map((name) => ({ required: [name] })),
});
