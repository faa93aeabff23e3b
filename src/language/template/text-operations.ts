/** Operations on text that filters and methods share; each checks the size of its result before building it. */
import { type Budget, checkItemCount, checkTextLength } from './budget.js';
import { lengthOf } from './text.js';

const countOf = (text: string, part: string): number => {
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++;
  return count;
};

/** Python's `replace`: the first `limit` occurrences, all when it is negative. An empty `from` is the caller's to refuse. */
export const replaceText = (
  budget: Budget,
  text: string,
  change: { readonly from: string; readonly to: string; readonly limit: number },
): string => {
  const occurrences = countOf(text, change.from);
  const count = change.limit < 0 ? occurrences : Math.min(occurrences, change.limit);
  checkTextLength(budget, text.length + count * (change.to.length - change.from.length));
  const parts = text.split(change.from);
  const head = parts.slice(0, count + 1).join(change.to);
  return [head, ...parts.slice(count + 1)].join(change.from);
};

/** Python's `split`: at a separator, or at runs of white space when there is none. `limit` < 0 is no limit. */
export const splitText = (
  budget: Budget,
  text: string,
  separator: string | undefined,
  limit: number,
): readonly string[] => {
  checkTextLength(budget, text.length);
  if (separator === undefined) {
    const parts: string[] = [];
    let rest = text.trimStart();
    while (rest !== '' && (limit < 0 || parts.length < limit)) {
      const end = rest.search(/\s/);
      if (end < 0) break;
      parts.push(rest.slice(0, end));
      rest = rest.slice(end).trimStart();
      checkItemCount(budget, parts.length);
    }
    return rest === ''
      ? parts
      : [...parts, limit >= 0 && parts.length >= limit ? rest : rest.trimEnd()];
  }
  checkItemCount(budget, countOf(text, separator) + 1);
  const parts = text.split(separator);
  return limit < 0 || parts.length <= limit + 1
    ? parts
    : [...parts.slice(0, limit), parts.slice(limit).join(separator)];
};

/** Python's `rsplit` with a separator. */
export const splitTextFromEnd = (
  budget: Budget,
  text: string,
  separator: string | undefined,
  limit: number,
): readonly string[] => {
  const parts = splitText(budget, text, separator, -1);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  const cut = parts.length - limit;
  return [parts.slice(0, cut).join(separator ?? ' '), ...parts.slice(cut)];
};

export type Side = 'both' | 'left' | 'right';

/** Python's `strip`: removes any of `characters`, white space when undefined. */
export const stripText = (text: string, characters: string | undefined, side: Side): string => {
  const strips = (character: string): boolean =>
    characters === undefined ? /\s/.test(character) : characters.includes(character);
  let start = 0;
  let end = text.length;
  if (side !== 'right') while (start < end && strips(text.charAt(start))) start++;
  if (side !== 'left') while (end > start && strips(text.charAt(end - 1))) end--;
  return text.slice(start, end);
};

export const joinTexts = (budget: Budget, texts: readonly string[], separator: string): string => {
  checkTextLength(
    budget,
    texts.reduce((sum, text) => sum + text.length + separator.length, 0),
  );
  return texts.join(separator);
};

/** Zeros in front, behind a sign, up to `width` characters. */
export const zeroFill = (budget: Budget, text: string, width: number): string => {
  checkTextLength(budget, Math.max(width, 0));
  const sign = /^[-+]/.exec(text)?.[0] ?? '';
  const missing = Math.max(0, width - lengthOf(text));
  return `${sign}${'0'.repeat(missing)}${text.slice(sign.length)}`;
};

export const capitalizeText = (text: string): string =>
  text.charAt(0).toUpperCase() + text.slice(1).toLowerCase();

export const titleText = (text: string): string =>
  text.replace(/\p{L}[\p{L}\p{M}']*/gu, (word) => capitalizeText(word));
