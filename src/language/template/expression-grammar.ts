/**
 * Jinja's expression grammar over a stream of tokens.
 *
 * nunjucks' own expression grammar differs from Jinja's where authors notice: slices, `7 * 3 // 2`, tests without
 * parentheses, filters after tests. So its lexer and statements are used, and expressions are read here.
 */
import {
  childrenOf,
  type Arguments,
  type Comparison,
  type Expression,
  type ExpressionShape,
  type NamedArgument,
  type Operator,
} from './syntax.js';

export interface Token {
  readonly type: string;
  readonly value: string;
  readonly offset: number;
  readonly end: number;
}

export interface TokenStream {
  /** The next token, or null at the end of the text. */
  peek(): Token | null;
  next(): Token | null;
  /** Where the last token that was taken ends. */
  takenEnd(): number;
  fail(message: string, offset: number): never;
}

export const heightLimit = 150;
const nestingLimit = 50;
const keywords = new Set(['and', 'or', 'not', 'if', 'else', 'in', 'is']);
const constants: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
  ['null', null],
]);

interface Grammar {
  readonly stream: TokenStream;
  readonly nesting: number;
}

const offsetOf = (grammar: Grammar): number =>
  grammar.stream.peek()?.offset ?? grammar.stream.takenEnd();

const unexpected = (grammar: Grammar, wanted: string): never => {
  const token = grammar.stream.peek();
  return grammar.stream.fail(
    `${wanted} is expected, ${token === null ? 'the template ends' : `found ${JSON.stringify(token.value)}`}`,
    offsetOf(grammar),
  );
};

const make = (grammar: Grammar, offset: number, shape: ExpressionShape): Expression => {
  const height =
    1 + childrenOf(shape).reduce((highest, child) => Math.max(highest, child.height), 0);
  if (height > heightLimit)
    grammar.stream.fail('the expression is too long or nested too deeply', offset);
  return { ...shape, offset, length: grammar.stream.takenEnd() - offset, height };
};

const isAt = (grammar: Grammar, value: string): boolean => {
  const token = grammar.stream.peek();
  return token !== null && token.type !== 'string' && token.value === value;
};

const skip = (grammar: Grammar, value: string): boolean => {
  if (!isAt(grammar, value)) return false;
  grammar.stream.next();
  return true;
};

const expect = (grammar: Grammar, value: string): void => {
  if (!skip(grammar, value)) unexpected(grammar, JSON.stringify(value));
};

const takeName = (grammar: Grammar, wanted: string): string => {
  const token = grammar.stream.peek();
  const isName =
    token !== null &&
    ['symbol', 'boolean', 'none'].includes(token.type) &&
    /^[\p{L}_][\p{L}\p{N}_]*$/u.test(token.value);
  if (!isName) return unexpected(grammar, wanted);
  grammar.stream.next();
  return token.value;
};

const readArguments = (grammar: Grammar): Arguments => {
  const positional: Expression[] = [];
  const named: NamedArgument[] = [];
  expect(grammar, '(');
  while (!skip(grammar, ')')) {
    if (positional.length + named.length > 0) expect(grammar, ',');
    if (skip(grammar, ')')) break;
    const value = readExpression(grammar);
    if (value.kind === 'name' && skip(grammar, '='))
      named.push({ name: value.name, value: readExpression(grammar) });
    else if (named.length > 0)
      grammar.stream.fail('an argument without a name follows one with a name', value.offset);
    else positional.push(value);
  }
  return { positional, named };
};

const readNumber = (grammar: Grammar, token: Token): number => {
  const value = Number(token.value);
  if (!Number.isFinite(value) || (token.type === 'int' && !Number.isSafeInteger(value))) {
    grammar.stream.fail(
      `${token.value} is not a number that can be kept exactly; put it in quotes`,
      token.offset,
    );
  }
  return value;
};

const readParenthesised = (grammar: Grammar, offset: number): Expression => {
  const items: Expression[] = [];
  let tuple = false;
  while (!isAt(grammar, ')')) {
    items.push(readExpression(grammar));
    if (!skip(grammar, ',')) break;
    tuple = true;
  }
  expect(grammar, ')');
  const [only] = items;
  return tuple || only === undefined
    ? make(grammar, offset, { kind: 'list', items })
    : { ...only, offset, length: grammar.stream.takenEnd() - offset };
};

const readList = (grammar: Grammar, offset: number): Expression => {
  const items: Expression[] = [];
  while (!isAt(grammar, ']')) {
    items.push(readExpression(grammar));
    if (!skip(grammar, ',')) break;
  }
  expect(grammar, ']');
  return make(grammar, offset, { kind: 'list', items });
};

const readMapping = (grammar: Grammar, offset: number): Expression => {
  const entries: { key: Expression; value: Expression }[] = [];
  while (!isAt(grammar, '}')) {
    const key = readExpression(grammar);
    expect(grammar, ':');
    entries.push({ key, value: readExpression(grammar) });
    if (!skip(grammar, ',')) break;
  }
  expect(grammar, '}');
  return make(grammar, offset, { kind: 'mapping', entries });
};

const readPrimary = (grammar: Grammar): Expression => {
  const token = grammar.stream.peek();
  if (token === null) return unexpected(grammar, 'an expression');
  const { offset } = token;
  if (token.type === 'string') {
    grammar.stream.next();
    return make(grammar, offset, { kind: 'literal', value: token.value });
  }
  if (token.type === 'int' || token.type === 'float') {
    grammar.stream.next();
    return make(grammar, offset, { kind: 'literal', value: readNumber(grammar, token) });
  }
  if (skip(grammar, '(')) return readParenthesised(grammar, offset);
  if (skip(grammar, '[')) return readList(grammar, offset);
  if (skip(grammar, '{')) return readMapping(grammar, offset);
  if (keywords.has(token.value)) return unexpected(grammar, 'an expression');
  const name = takeName(grammar, 'an expression');
  const constant = constants.get(name);
  return make(
    grammar,
    offset,
    constant === undefined ? { kind: 'name', name } : { kind: 'literal', value: constant },
  );
};

const readSubscript = (grammar: Grammar, target: Expression): Expression => {
  const bounds: (Expression | undefined)[] = [undefined];
  while (!isAt(grammar, ']')) {
    if (skip(grammar, ':')) bounds.push(undefined);
    else if (bounds.at(-1) === undefined) bounds[bounds.length - 1] = readExpression(grammar);
    else break;
  }
  expect(grammar, ']');
  const [index] = bounds;
  if (bounds.length > 3) grammar.stream.fail('a slice has at most three parts', target.offset);
  if (bounds.length > 1) return make(grammar, target.offset, { kind: 'slice', target, bounds });
  if (index === undefined) return grammar.stream.fail('the index is missing', target.offset);
  return make(grammar, target.offset, { kind: 'index', target, index });
};

const readAttribute = (grammar: Grammar, target: Expression): Expression => {
  const token = grammar.stream.peek();
  if (token?.type === 'int') {
    grammar.stream.next();
    const index = make(grammar, token.offset, {
      kind: 'literal',
      value: readNumber(grammar, token),
    });
    return make(grammar, target.offset, { kind: 'index', target, index });
  }
  return make(grammar, target.offset, {
    kind: 'attribute',
    target,
    name: takeName(grammar, 'the name of a field'),
  });
};

const readPostfix = (grammar: Grammar, first: Expression): Expression => {
  let expression = first;
  for (;;) {
    if (skip(grammar, '.')) expression = readAttribute(grammar, expression);
    else if (skip(grammar, '[')) expression = readSubscript(grammar, expression);
    else if (isAt(grammar, '('))
      expression = make(grammar, first.offset, {
        kind: 'call',
        target: expression,
        args: readArguments(grammar),
      });
    else return expression;
  }
};

const beginsTestArgument = (grammar: Grammar): boolean => {
  const token = grammar.stream.peek();
  if (token === null) return false;
  if (['string', 'int', 'float', 'boolean', 'none'].includes(token.type) || token.value === '[')
    return true;
  return token.type === 'symbol' && !keywords.has(token.value);
};

const readTest = (grammar: Grammar, target: Expression): Expression => {
  const negated = skip(grammar, 'not');
  const name = takeName(grammar, 'the name of a test');
  let args: readonly Expression[] = [];
  if (isAt(grammar, '(')) args = readArguments(grammar).positional;
  else if (beginsTestArgument(grammar)) args = [readPostfix(grammar, readPrimary(grammar))];
  const test = make(grammar, target.offset, { kind: 'test', target, name, args });
  return negated ? make(grammar, target.offset, { kind: 'not', operand: test }) : test;
};

const readFilters = (grammar: Grammar, first: Expression): Expression => {
  let target = first;
  for (;;) {
    if (skip(grammar, '|')) {
      const name = takeName(grammar, 'the name of a filter');
      const args = isAt(grammar, '(') ? readArguments(grammar) : { positional: [], named: [] };
      target = make(grammar, first.offset, { kind: 'filter', target, name, args });
    } else if (skip(grammar, 'is')) {
      target = readTest(grammar, target);
    } else {
      return target;
    }
  }
};

const deeper = (grammar: Grammar): Grammar => {
  if (grammar.nesting >= nestingLimit)
    grammar.stream.fail('the expression is nested too deeply', offsetOf(grammar));
  return { stream: grammar.stream, nesting: grammar.nesting + 1 };
};

const readUnary = (grammar: Grammar, withFilters: boolean): Expression => {
  const offset = offsetOf(grammar);
  const sign = isAt(grammar, '-') ? '-' : isAt(grammar, '+') ? '+' : undefined;
  if (sign !== undefined) grammar.stream.next();
  const operand =
    sign === undefined
      ? readPostfix(grammar, readPrimary(grammar))
      : make(grammar, offset, { kind: 'sign', sign, operand: readUnary(deeper(grammar), false) });
  return withFilters ? readFilters(grammar, operand) : operand;
};

/** Left-associative operators of one rank, as in Jinja: `**` too. */
const readBinary = (
  grammar: Grammar,
  operators: readonly Operator[],
  operand: (grammar: Grammar) => Expression,
): Expression => {
  let left = operand(grammar);
  for (;;) {
    const operator = operators.find((candidate) => isAt(grammar, candidate));
    if (operator === undefined) return left;
    grammar.stream.next();
    left = make(grammar, left.offset, { kind: 'binary', operator, left, right: operand(grammar) });
  }
};

const readPower = (grammar: Grammar): Expression =>
  readBinary(grammar, ['**'], (inner) => readUnary(inner, true));
const readProduct = (grammar: Grammar): Expression =>
  readBinary(grammar, ['*', '/', '//', '%'], readPower);
const readConcatenation = (grammar: Grammar): Expression => readBinary(grammar, ['~'], readProduct);
const readSum = (grammar: Grammar): Expression =>
  readBinary(grammar, ['+', '-'], readConcatenation);

const takeComparison = (grammar: Grammar): Comparison | undefined => {
  for (const operator of ['==', '!=', '<=', '>=', '<', '>', 'in'] as const) {
    if (skip(grammar, operator)) return operator;
  }
  if (isAt(grammar, '===') || isAt(grammar, '!=='))
    grammar.stream.fail('write == or !=', offsetOf(grammar));
  if (!skip(grammar, 'not')) return undefined;
  expect(grammar, 'in');
  return 'not in';
};

const readComparison = (grammar: Grammar): Expression => {
  const first = readSum(grammar);
  const rest: { operator: Comparison; operand: Expression }[] = [];
  for (
    let operator = takeComparison(grammar);
    operator !== undefined;
    operator = takeComparison(grammar)
  ) {
    rest.push({ operator, operand: readSum(grammar) });
  }
  return rest.length === 0 ? first : make(grammar, first.offset, { kind: 'compare', first, rest });
};

const readNot = (grammar: Grammar): Expression => {
  const offset = offsetOf(grammar);
  if (!skip(grammar, 'not')) return readComparison(grammar);
  return make(grammar, offset, { kind: 'not', operand: readNot(deeper(grammar)) });
};

const readLogical = (
  grammar: Grammar,
  kind: 'and' | 'or',
  operand: (grammar: Grammar) => Expression,
): Expression => {
  let left = operand(grammar);
  while (skip(grammar, kind))
    left = make(grammar, left.offset, { kind, left, right: operand(grammar) });
  return left;
};

const readOr = (grammar: Grammar): Expression =>
  readLogical(grammar, 'or', (inner) => readLogical(inner, 'and', readNot));

const readExpression = (outer: Grammar): Expression => {
  const grammar = deeper(outer);
  const then = readOr(grammar);
  if (!skip(grammar, 'if')) return then;
  const condition = readOr(grammar);
  const otherwise = skip(grammar, 'else') ? readExpression(grammar) : undefined;
  return make(grammar, then.offset, { kind: 'choice', condition, then, otherwise });
};

/** One expression; what follows it stays in the stream. */
export const expressionFrom = (stream: TokenStream): Expression =>
  readExpression({ stream, nesting: 0 });

/** What a loop runs over: an expression without an inline `if`, which belongs to the loop. */
export const iterableFrom = (stream: TokenStream): Expression => readOr({ stream, nesting: 0 });

/** One name, as after `for` or `set`. */
export const nameFrom = (stream: TokenStream): string => takeName({ stream, nesting: 0 }, 'a name');
