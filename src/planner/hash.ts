/** Hashes of plans: over canonical JSON, so that equal plans have equal hashes whatever order their keys came in. */
import { createHash } from 'node:crypto';
import { TidemarkError } from '../core/errors/error.js';
import { canonicalJson, type JsonObject, type JsonValue } from '../core/values/json.js';
import { tooLarge } from './errors.js';

/** What a payload of Temporal may hold of ours; above it a plan is refused with advice (correctness.md §13). */
export const planBytesMax = 512 * 1024;

/** The first `digits` hexadecimal digits of SHA-256 over UTF-8 text. */
export const sha256Hex = (text: string, digits: number): string =>
  createHash('sha256').update(text, 'utf8').digest('hex').slice(0, digits);

/**
 * A plain copy with every key sorted: written as JSON, equal plans are equal byte by byte. Values that JSON has no
 * word for (`undefined`) are left out.
 */
export const canonicalCopy = (value: JsonValue): JsonValue =>
  JSON.parse(canonicalJson(value)) as JsonValue;

/** Adds `hash` (16 digits over everything else); throws `plan/too-large` beyond 512 KiB. */
export const sealPlan = <P extends object>(
  what: string,
  plan: P,
): P & { readonly hash: string } => {
  const text = canonicalJson(plan as JsonObject);
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes > planBytesMax) {
    const kib = Math.ceil(bytes / 1024);
    throw new TidemarkError(
      tooLarge,
      `${what}: the plan has ${kib} KiB, at most 512 KiB may travel`,
    );
  }
  return { ...(JSON.parse(text) as P), hash: sha256Hex(text, 16) };
};
