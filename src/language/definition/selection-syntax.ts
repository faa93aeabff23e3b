/** The text of a selection as a tree; what it selects is decided in `selection.ts`. Never throws. */

export type Selector =
  | { readonly kind: 'all' }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'key'; readonly glob: string }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'tag'; readonly tag: string }
  | {
      readonly kind: 'spread';
      readonly of: Selector;
      readonly upLevels: number;
      readonly downLevels: number;
    }
  | { readonly kind: 'and' | 'or'; readonly left: Selector; readonly right: Selector }
  | { readonly kind: 'not'; readonly of: Selector };

export type ParsedSelection = { readonly selector: Selector } | { readonly problem: string };

/** Deeper than anybody writes, and far from the end of the stack. */
const depthMax = 50;

class SelectionSyntaxError extends Error {}

const fail = (problem: string): never => {
  throw new SelectionSyntaxError(problem);
};

const tokenize = (text: string): readonly string[] =>
  text.match(/\(|\)|(?:"[^"]*"|'[^']*'|[^\s()"'])+/g) ?? [];

const unquote = (text: string): string => text.replace(/^(["'])(.*)\1$/, '$2');

const prefixedAtom = (prefix: string, rest: string): Selector => {
  if (rest === '') return fail(`a name is missing after ${prefix}:`);
  if (prefix === 'key') return { kind: 'key', glob: rest };
  if (prefix === 'group') return { kind: 'group', group: rest };
  if (prefix === 'tag') return { kind: 'tag', tag: rest };
  return fail(`${prefix}: is not supported; write key:, group: or tag:`);
};

const plainAtom = (text: string): Selector => {
  if (text === '*') return { kind: 'all' };
  const colon = text.indexOf(':');
  if (colon >= 0) return prefixedAtom(text.slice(0, colon), unquote(text.slice(colon + 1)));
  const name = unquote(text);
  if (name === '') return fail('a name is missing');
  if (name.includes('*')) return fail(`write key:${name} for a pattern on names`);
  return { kind: 'name', name };
};

/** What a mark beside a name asks for: a star is everything, one plus too (dialect §7.7); more or a number count. */
const levels = (mark: string): number => {
  if (mark === '') return 0;
  const digits = mark.replace(/[+*]/g, '');
  if (digits !== '') return Number(digits);
  return mark.length === 1 ? Infinity : mark.length;
};

/** `2+name+`, `*name`, `name*`; a star behind `key:` belongs to the glob. */
const atom = (token: string): Selector => {
  if (token === '*') return { kind: 'all' };
  const [, before = '', name = '', after = ''] =
    /^(\d*\++|\*)?(.+?)(\++\d*|\*)?$/.exec(token) ?? [];
  const isGlob = name.startsWith('key:') && after === '*';
  const of = plainAtom(isGlob ? `${name}*` : name);
  const upLevels = levels(before);
  const downLevels = isGlob ? 0 : levels(after);
  return upLevels + downLevels === 0 ? of : { kind: 'spread', of, upLevels, downLevels };
};

interface Cursor {
  readonly tokens: readonly string[];
  at: number;
}

const parseNot = (cursor: Cursor, depth: number): Selector => {
  if (depth > depthMax) return fail('it is nested too deeply');
  const token = cursor.tokens[cursor.at];
  if (token === undefined) return fail('it ends too early');
  cursor.at++;
  if (token.toLowerCase() === 'not') return { kind: 'not', of: parseNot(cursor, depth + 1) };
  if (token === ')') return fail('a closing parenthesis has no opening one');
  if (token !== '(') return atom(token);
  const inner = parseBinary('or', cursor, depth + 1);
  if (cursor.tokens[cursor.at] !== ')') return fail('a parenthesis is not closed');
  cursor.at++;
  return inner;
};

const parseBinary = (word: 'or' | 'and', cursor: Cursor, depth: number): Selector => {
  const operand = (): Selector =>
    word === 'or' ? parseBinary('and', cursor, depth) : parseNot(cursor, depth);
  let left = operand();
  while (cursor.tokens[cursor.at]?.toLowerCase() === word) {
    cursor.at++;
    left = { kind: word, left, right: operand() };
  }
  return left;
};

export const parseSelection = (text: string): ParsedSelection => {
  const cursor: Cursor = { tokens: tokenize(text), at: 0 };
  if (cursor.tokens.length > 1000) return { problem: 'it is too long' };
  try {
    const selector = parseBinary('or', cursor, 0);
    const rest = cursor.tokens[cursor.at];
    return rest === undefined
      ? { selector }
      : { problem: `${JSON.stringify(rest)} is not expected there; join with and, or` };
  } catch (error) {
    if (error instanceof SelectionSyntaxError) return { problem: error.message };
    throw error;
  }
};
