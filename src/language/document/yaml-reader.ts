/**
 * The one file that knows the YAML package: text in, its node tree and its complaints out.
 *
 * Nesting is measured on the token tree before anything recurses over it. The package's composer recurses, and a
 * stack that is nearly used up does not only throw: compiling a regular expression there ends the process.
 */
import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  Parser,
  visit,
  type CST,
  type Document,
  type ParsedNode,
} from 'yaml';

export interface Complaint {
  readonly code: string;
  readonly start: number;
  readonly end: number;
}

export interface YamlReading {
  /** The contents of the first document; undefined when the text is empty or nested too deeply to be composed. */
  readonly contents: ParsedNode | undefined;
  readonly complaints: readonly Complaint[];
  /** Where the second document begins. */
  readonly secondDocumentAt?: number;
  /** Where nesting passes the limit. */
  readonly tooDeepAt?: number;
}

export type { ParsedNode };
export { isAlias, isMap, isScalar, isSeq };

const childrenOf = (token: CST.Token): readonly CST.Token[] => {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!('items' in token)) return [];
  return token.items.flatMap((item) =>
    [item.key, item.value].filter((child) => child !== undefined && child !== null),
  );
};

const offsetBeyond = (tokens: readonly CST.Token[], depthLimit: number): number | undefined => {
  const open = tokens.map((token) => ({ token, depth: 0 }));
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    if (entry.depth > depthLimit + 1) return 'offset' in entry.token ? entry.token.offset : 0;
    const depth = entry.depth + 1;
    for (const child of childrenOf(entry.token)) open.push({ token: child, depth });
  }
  return undefined;
};

/** Where the quote stands that is open at the end: the last one, as it swallows everything behind it. */
const openQuote = (document: Document.Parsed, end: number): number | undefined => {
  let found: number | undefined;
  visit(document, {
    Scalar: (_, { type, range }) => {
      if (type?.startsWith('QUOTE') === true && range && range[1] >= end) found = range[0];
    },
  });
  return found;
};

/** The package reports a bracket that is never closed as an indentation; to the author that is another mistake. */
const complaintsOf = (document: Document.Parsed): readonly Complaint[] =>
  [...document.errors, ...document.warnings].map(({ code, message, pos: [start, end] }) => {
    if (code === 'MISSING_CHAR' && /quote/.test(message)) {
      const opening = openQuote(document, start);
      if (opening !== undefined) return { code: 'OPEN_QUOTE', start: opening, end: opening + 1 };
    }
    const isBracket = code === 'BAD_INDENT' && message.startsWith('Flow');
    return { code: isBracket ? 'MISSING_CHAR' : code, start, end };
  });

/** The token tree, or where the parser's own stack says that nesting is far beyond the limit: that stops it early. */
const tokenTree = (text: string, depthLimit: number): readonly CST.Token[] | number => {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > 2 * depthLimit) return parser.offset;
  }
  return [...tokens, ...parser.end()];
};

/** May throw whatever the package throws; the caller turns that into a finding. */
export const readYaml = (text: string, depthLimit: number): YamlReading => {
  const tokens = tokenTree(text, depthLimit);
  const tooDeepAt = typeof tokens === 'number' ? undefined : offsetBeyond(tokens, depthLimit);
  if (typeof tokens === 'number') return { contents: undefined, complaints: [], tooDeepAt: tokens };
  if (tooDeepAt !== undefined) return { contents: undefined, complaints: [], tooDeepAt };
  // Duplicate keys are found where both places are known, and integers keep their digits.
  const composer = new Composer({
    version: '1.2',
    uniqueKeys: false,
    intAsBigInt: true,
    strict: true,
  });
  const [first, second] = [...composer.compose(tokens, true, text.length)];
  const contents = (first?.contents ?? undefined) as ParsedNode | undefined;
  const reading = {
    contents,
    complaints: first === undefined ? [] : complaintsOf(first as Document.Parsed),
  };
  return second === undefined ? reading : { ...reading, secondDocumentAt: second.range[0] };
};
