/**
 * The place of a stretch of a scalar's value: where in the file an expression of a template stands.
 *
 * The value and its source differ by quotes, escapes, indentation and folding, so the stretch is looked for in the
 * source: its n-th occurrence in the value is its n-th occurrence there. When it is not there, the whole scalar.
 */
import type { Span } from '../../core/errors/diagnostic.js';
import type { LocatedDocument, LocatedScalar } from './located.js';
import { indexLines, spanOf } from './line-index.js';

const nthIndexOf = (text: string, part: string, count: number): number => {
  let index = text.indexOf(part);
  for (let seen = 0; seen < count && index >= 0; seen++) index = text.indexOf(part, index + 1);
  return index;
};

const occurrencesBefore = (text: string, part: string, offset: number): number => {
  let count = 0;
  for (let at = text.indexOf(part); at >= 0 && at < offset; at = text.indexOf(part, at + 1))
    count++;
  return count;
};

export const spanWithin = (
  document: LocatedDocument,
  scalar: LocatedScalar,
  offset: number,
  length: number,
): Span => {
  const value = String(scalar.value);
  const part = value.slice(offset, offset + length);
  if (part === '') return scalar.span;
  const inRaw = nthIndexOf(scalar.raw, part, occurrencesBefore(value, part, offset));
  if (inRaw < 0) return scalar.span;
  const index = indexLines(document.text, document.file);
  const start = (index.starts[scalar.span.line - 1] ?? 0) + scalar.span.column - 1 + inRaw;
  return spanOf(index, start, start + part.length);
};
