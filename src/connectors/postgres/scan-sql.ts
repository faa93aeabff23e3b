/** Where the literals, quoted names and comments of a statement are, so that what stands in them is never taken for SQL. */

interface Region {
  readonly kind: 'plain' | 'literal' | 'comment';
  readonly from: number;
  readonly to: number;
}

/** In this order: an `E` before a quote is no name, and a `$` inside a name begins no literal. */
const tokens: readonly (readonly [Region['kind'], RegExp])[] = [
  ['comment', /--[^\r\n]*/y],
  ['literal', /[eE]'(?:[^'\\]|\\[\s\S]|'')*'?/y],
  ['literal', /'(?:[^']|'')*'?/y],
  ['literal', /"(?:[^"]|"")*"?/y],
  ['plain', /[\p{L}_][\p{L}\p{N}_$]*|\d+/uy],
];

const dollarTag = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;
const commentEdge = /\/\*|\*\//g;

/** Comments nest. */
const commentEnd = (sql: string, from: number): number => {
  let depth = 0;
  commentEdge.lastIndex = from;
  for (let edge = commentEdge.exec(sql); edge !== null; edge = commentEdge.exec(sql)) {
    depth += edge[0] === '/*' ? 1 : -1;
    if (depth === 0) return commentEdge.lastIndex;
  }
  return sql.length;
};

const dollarEnd = (sql: string, from: number): number | null => {
  dollarTag.lastIndex = from;
  const tag = dollarTag.exec(sql)?.[0];
  if (tag === undefined) return null;
  const end = sql.indexOf(tag, from + tag.length);
  return end === -1 ? sql.length : end + tag.length;
};

const regionAt = (sql: string, from: number): Region => {
  if (sql.startsWith('/*', from)) return { kind: 'comment', from, to: commentEnd(sql, from) };
  const dollar = dollarEnd(sql, from);
  if (dollar !== null) return { kind: 'literal', from, to: dollar };
  for (const [kind, pattern] of tokens) {
    pattern.lastIndex = from;
    if (pattern.test(sql)) return { kind, from, to: pattern.lastIndex };
  }
  return { kind: 'plain', from, to: from + 1 };
};

function* regionsOf(sql: string): Generator<Region> {
  for (let from = 0; from < sql.length;) {
    const region = regionAt(sql, from);
    yield region;
    from = region.to;
  }
}

/** The statement with a blank for each literal, quoted name and comment. */
export const withoutLiterals = (sql: string): string =>
  [...regionsOf(sql)]
    .map(({ kind, from, to }) => (kind === 'plain' ? sql.slice(from, to) : ' '))
    .join('');

/** The statement without the semicolons, blanks and comments behind it. */
export const withoutEnd = (sql: string): string => {
  let end = 0;
  for (const { kind, from, to } of regionsOf(sql)) {
    const isCode =
      kind === 'literal' || (kind === 'plain' && !/^[\s;]+$/.test(sql.slice(from, to)));
    if (isCode) end = to;
  }
  return sql.slice(0, end);
};
