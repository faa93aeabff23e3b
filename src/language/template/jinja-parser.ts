/**
 * The one file that knows nunjucks: its lexer and its statement parser, with Jinja's expressions in their place.
 *
 * Tokens carry offsets instead of lines. Three things that nunjucks' lexer reads otherwise than Jinja are put right
 * here: braces inside an expression, Python's string escapes, and `#}` in plain text. Nesting is counted, because a
 * stack that is used up inside a regular expression ends the process.
 */
import nunjucks from 'nunjucks';
import {
  expressionFrom,
  iterableFrom,
  nameFrom,
  type Token,
  type TokenStream,
} from './expression-grammar.js';
import { pythonString } from './python-string.js';
import type { Expression, Statement } from './syntax.js';

interface RawToken {
  readonly type: string;
  value: string;
  lineno: number;
  colno: number;
  end?: number;
}

interface RawNode {
  readonly typename: string;
  readonly children?: readonly RawNode[];
  readonly [field: string]: unknown;
}

interface Tokenizer {
  index: number;
  in_code: boolean;
  readonly tags: Readonly<Record<string, string>>;
  nextToken(): RawToken | null;
  current(): string;
  forward(): void;
  _extractRegex(pattern: RegExp): readonly string[] | null;
  backN(count: number): void;
}

interface StatementParser {
  readonly breakOnBlocks: readonly string[] | null;
  parseAsRoot(): RawNode;
  parseUntilBlocks(...names: readonly string[]): RawNode;
  parseStatement(): unknown;
  parseExpression(): unknown;
  advanceAfterBlockEnd(name?: string): RawToken;
  skipSymbol(name: string): boolean;
  peekToken(): RawToken | null;
  nextToken(withWhitespace?: boolean): RawToken | null;
  fail(message: string, lineno: number, colno: number): never;
}

interface Nunjucks {
  readonly lexer: { lex(text: string): Tokenizer };
  readonly parser: { readonly Parser: new (tokens: unknown) => StatementParser };
}

// The parser is exported and stable in the pinned release, but not part of the package's types.
const { lexer, parser } = nunjucks as unknown as Nunjucks;

const nestingLimit = 50;
const statements = ['if', 'for', 'set', 'raw', 'verbatim'];

/** The next stretch of plain text or a comment, or undefined where code begins. */
const plainToken = (tokenizer: Tokenizer, text: string): RawToken | undefined => {
  const start = tokenizer.index;
  const rest = /\{[{%#]/g;
  rest.lastIndex = start;
  const opening = rest.exec(text);
  const next = opening?.index ?? text.length;
  if (next > start)
    return { type: 'data', value: text.slice(start, next), lineno: 0, colno: start, end: next };
  if (opening?.[0] !== '{#') return undefined;
  const closing = text.indexOf('#}', start + 2);
  if (closing < 0) throw new TemplateSyntaxError('a comment {# is never closed', start);
  return {
    type: 'comment',
    value: text.slice(start, closing + 2),
    lineno: 0,
    colno: start,
    end: closing + 2,
  };
};

class TemplateSyntaxError extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const codeToken = (tokenizer: Tokenizer, text: string, openBraces: number): RawToken | null => {
  const start = tokenizer.index;
  if (openBraces > 0 && tokenizer.current() === '}') {
    tokenizer.forward();
    return { type: 'right-curly', value: '}', lineno: 0, colno: start, end: start + 1 };
  }
  const token = tokenizer.nextToken();
  if (token === null) return null;
  const raw = text.slice(start, tokenizer.index);
  if (token.type === 'regex')
    throw new TemplateSyntaxError('a regular expression literal is not part of templates', start);
  if (token.type === 'string') {
    if (raw.length < 2 || !raw.endsWith(raw.charAt(0)))
      throw new TemplateSyntaxError('a string is never closed', start);
    token.value = pythonString(raw.slice(1, -1));
  }
  token.lineno = 0;
  token.colno = start;
  token.end = tokenizer.index;
  return token;
};

/** nunjucks' lexer with offsets for positions; the parser takes it for the lexer itself. */
const tokensOf = (text: string) => {
  const tokenizer = lexer.lex(text);
  let openBraces = 0;
  const nextToken = (): RawToken | null => {
    if (tokenizer.index >= text.length) return null;
    if (!tokenizer.in_code) {
      openBraces = 0;
      const plain = plainToken(tokenizer, text);
      if (plain !== undefined) {
        tokenizer.index = plain.end ?? text.length;
        return plain;
      }
    }
    const token = codeToken(tokenizer, text, openBraces);
    if (token?.type === 'left-curly') openBraces++;
    if (token?.type === 'right-curly') openBraces--;
    return token;
  };
  return {
    nextToken,
    tags: tokenizer.tags,
    _extractRegex: (pattern: RegExp) => tokenizer._extractRegex(pattern),
    backN: (count: number) => {
      tokenizer.index -= count;
    },
  };
};

const tokenOf = (raw: RawToken | null): Token | null =>
  raw === null
    ? null
    : { type: raw.type, value: raw.value, offset: raw.colno, end: raw.end ?? raw.colno };

/** A class because nunjucks' parser is extended by overriding its methods. */
class JinjaParser extends parser.Parser {
  nesting = 0;
  takenEnd = 0;

  stream(): TokenStream {
    return {
      peek: () => tokenOf(this.peekToken()),
      next: () => {
        const token = tokenOf(this.nextToken());
        if (token !== null) this.takenEnd = token.end;
        return token;
      },
      takenEnd: () => this.takenEnd,
      fail: (message, offset) => {
        throw new TemplateSyntaxError(message, offset);
      },
    };
  }

  override parseExpression(): Expression {
    return expressionFrom(this.stream());
  }

  parseFor(): unknown {
    this.skipSymbol('for');
    const stream = this.stream();
    const names = [nameFrom(stream)];
    while (stream.peek()?.type === 'comma' && stream.next() !== null) names.push(nameFrom(stream));
    if (!this.skipSymbol('in'))
      stream.fail('"in" is expected after the names of a loop', this.takenEnd);
    const items = iterableFrom(stream);
    const condition = this.skipSymbol('if') ? this.parseExpression() : undefined;
    this.advanceAfterBlockEnd('for');
    const body = this.parseUntilBlocks('endfor', 'else');
    let otherwise: RawNode | undefined;
    if (this.skipSymbol('else')) {
      this.advanceAfterBlockEnd('else');
      otherwise = this.parseUntilBlocks('endfor');
    }
    this.advanceAfterBlockEnd();
    return { typename: 'TidemarkFor', names, items, condition, body, otherwise };
  }

  parseSet(): unknown {
    this.skipSymbol('set');
    const stream = this.stream();
    const name = nameFrom(stream);
    if (stream.peek()?.value === '=') {
      stream.next();
      const value = this.parseExpression();
      this.advanceAfterBlockEnd('set');
      return { typename: 'TidemarkSet', name, value };
    }
    this.advanceAfterBlockEnd('set');
    const body = this.parseUntilBlocks('endset');
    this.advanceAfterBlockEnd();
    return { typename: 'TidemarkSet', name, body };
  }

  override parseStatement(): unknown {
    const token = this.peekToken();
    const stream = this.stream();
    if (token === null) return stream.fail('a block {% is never closed', this.takenEnd);
    if (this.breakOnBlocks?.includes(token.value) === true) return super.parseStatement();
    if (!statements.includes(token.value)) {
      stream.fail(
        `{% ${token.value} %} is not expected here; templates know if, for, set and raw`,
        token.colno,
      );
    }
    if (this.nesting >= nestingLimit) stream.fail('blocks are nested too deeply', token.colno);
    this.nesting++;
    const node = super.parseStatement();
    this.nesting--;
    return node;
  }

  // nunjucks reads `elif` by calling itself, which the count of blocks does not see.
  parseIf(): unknown {
    const branches: { condition: Expression; body: RawNode }[] = [];
    let otherwise: RawNode | undefined;
    while (this.skipSymbol(branches.length === 0 ? 'if' : 'elif')) {
      const condition = this.parseExpression();
      this.advanceAfterBlockEnd('if');
      branches.push({ condition, body: this.parseUntilBlocks('elif', 'else', 'endif') });
      if (branches.length > nestingLimit)
        this.stream().fail('an if has too many branches', this.takenEnd);
    }
    if (this.skipSymbol('else')) {
      this.advanceAfterBlockEnd('else');
      otherwise = this.parseUntilBlocks('endif');
    }
    if (this.peekToken()?.value !== 'endif')
      this.stream().fail('{% endif %} is missing', this.takenEnd);
    this.advanceAfterBlockEnd();
    return { typename: 'TidemarkIf', branches, otherwise };
  }
}

const statementsOf = (node: RawNode | undefined): readonly Statement[] =>
  (node?.children ?? []).flatMap(statementOf);

const ifOf = (
  branches: readonly { condition: Expression; body: RawNode }[],
  otherwise: RawNode | undefined,
): readonly Statement[] =>
  branches.reduceRight<readonly Statement[]>(
    (rest, { condition, body }) => [
      { kind: 'if', condition, then: statementsOf(body), otherwise: rest },
    ],
    statementsOf(otherwise),
  );

const statementOf = (node: RawNode): readonly Statement[] => {
  switch (node.typename) {
    case 'Output':
      return (node.children ?? []).map((child): Statement =>
        child.typename === 'TemplateData'
          ? { kind: 'text', text: String(child['value']) }
          : { kind: 'output', expression: child as unknown as Expression },
      );
    case 'TidemarkIf':
      return ifOf(
        node['branches'] as readonly { condition: Expression; body: RawNode }[],
        node['otherwise'] as RawNode | undefined,
      );
    case 'TidemarkFor':
      return [
        {
          kind: 'for',
          names: node['names'] as readonly string[],
          items: node['items'] as Expression,
          condition: node['condition'] as Expression | undefined,
          body: statementsOf(node['body'] as RawNode),
          otherwise: statementsOf(node['otherwise'] as RawNode | undefined),
        },
      ];
    case 'TidemarkSet':
      return [
        {
          kind: 'set',
          name: String(node['name']),
          value: (node['value'] as Expression | undefined) ?? statementsOf(node['body'] as RawNode),
        },
      ];
    default:
      return statementsOf(node);
  }
};

export interface SyntaxProblem {
  readonly message: string;
  readonly offset: number;
  readonly length: number;
}

const problemOf = (error: unknown, text: string): SyntaxProblem => {
  if (error instanceof TemplateSyntaxError) {
    const offset = Math.min(error.offset, text.length);
    return { message: error.message, offset, length: offset < text.length ? 1 : 0 };
  }
  const opening = Math.max(text.lastIndexOf('{{'), text.lastIndexOf('{%'), 0);
  const place =
    typeof error === 'object' &&
    error !== null &&
    'colno' in error &&
    typeof error.colno === 'number'
      ? error.colno - 1
      : opening;
  return {
    message: 'the template is not complete here: a closing }} or %} is missing or misplaced',
    offset: Math.min(place, text.length),
    length: place < text.length ? 1 : 0,
  };
};

/** The statements of a template, or why it cannot be read. */
export const parseJinja = (text: string): readonly Statement[] | SyntaxProblem => {
  try {
    return statementsOf(new JinjaParser(tokensOf(text)).parseAsRoot());
  } catch (error) {
    // nunjucks also throws TypeErrors when a text ends early; whatever it throws is a finding about the text.
    return problemOf(error, text);
  }
};
