/**
 * SQL with templates in it (D14): values are bound, not pasted. A literal that holds a template becomes one value, with
 * everything that stands in it; outside of literals only names, numbers and conditions that a function made are written
 * into the text. The same rules decide with values, when a run is planned, and without them, in lint.
 *
 * Keeps true: no text of a value is ever part of a string piece, except names and numbers that were checked to be one.
 */
import type { SqlText } from '../../core/plan/rows.js';
import { staticPath } from './analyse.js';
import { evaluateSegments, type Evaluation, type ValueSegment } from './evaluate.js';
import { SqlWriter, type SqlProblem } from './sql-writer.js';
import { childrenOf, type Expression, type Statement } from './syntax.js';
import type { Template } from './template.js';
import {
  instant,
  isInstant,
  isSecretReference,
  isSqlFragment,
  typeName,
  type Instant,
  type TemplateValue,
} from './values.js';

export type { SqlProblem } from './sql-writer.js';

/** `metadata` in an asset's SQL: what these stand for is known when the window is (D23). */
const marks: Readonly<Record<string, Instant>> = {
  last_cursor: instant('(last cursor)'),
  now: instant('(high mark)'),
};

type MarkName = 'last_cursor' | 'now';

/** The mark that an expression is, if it is exactly one. */
const markOf = (expression: Expression): MarkName | undefined => {
  const path = staticPath(expression);
  const name = path?.root === 'metadata' && path.path.length === 1 ? path.path[0] : undefined;
  return name === 'last_cursor' || name === 'now' ? name : undefined;
};

/** Every `{{ expression }}` that writes into the text; those inside `{% set %}` only make a value. */
const outputsOf = (statements: readonly Statement[]): readonly Expression[] =>
  statements.flatMap((statement) => {
    if (statement.kind === 'output') return [statement.expression];
    if (statement.kind === 'if') return outputsOf([...statement.then, ...statement.otherwise]);
    if (statement.kind === 'for') return outputsOf([...statement.body, ...statement.otherwise]);
    return [];
  });

const called = (expression: Expression): string | undefined => {
  if (expression.kind !== 'call') return undefined;
  const path = staticPath(expression.target);
  if (path === undefined) return undefined;
  return (path.root === 'fn' ? path.path : [path.root, ...path.path]).join('.');
};

const rootsOf = (expression: Expression): readonly string[] =>
  expression.kind === 'name' ? [expression.name] : childrenOf(expression).flatMap(rootsOf);

/** Whoever starts a run does not choose which file becomes its statement. */
const fileRoots: readonly string[] = ['fn', 'file', 'vars', 'env'];

const isFile = (expression: Expression): boolean =>
  called(expression) === 'file.read' &&
  rootsOf(expression).every((root) => fileRoots.includes(root));
const isCondition = (expression: Expression): boolean =>
  /^date\.between_/.test(called(expression) ?? '');

/** A mark inside a larger expression: its value is not known when the expression is evaluated. */
const misusedMark = (template: Template): SqlProblem | undefined => {
  const whole = outputsOf(template.statements).filter((output) => markOf(output) !== undefined);
  const misused = template.references.find(
    ({ root, offset }) => root === 'metadata' && !whole.some((output) => output.offset === offset),
  );
  if (misused === undefined) return undefined;
  const { offset, length } = misused;
  return {
    message: 'a mark is known only when the window is, so it cannot be part of an expression',
    fix: "Write '{{ metadata.last_cursor }}' or '{{ metadata.now }}' in quotes of its own.",
    offset,
    length,
  };
};

const scalarText = (value: TemplateValue): string | undefined => {
  if (isInstant(value)) return value.text;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : undefined;
};

const writeFragment = (
  writer: SqlWriter,
  segment: ValueSegment,
  parts: { readonly column: string; readonly low: string; readonly high: string },
): void => {
  if (writer.isInLiteral) {
    writer.refuse(segment, 'is a condition, not a value', 'Write it without quotes around it.');
    return;
  }
  writer.ownText(`${parts.column} BETWEEN `);
  writer.value(parts.low, 'text');
  writer.ownText(' AND ');
  writer.value(parts.high, 'text');
};

const writeSegment = (
  writer: SqlWriter,
  segment: ValueSegment,
  expression: Expression | undefined,
): void => {
  const { value } = segment;
  const mark = expression === undefined ? undefined : markOf(expression);
  if (mark !== undefined) return writer.mark(mark, segment);
  if (isSqlFragment(value)) return writeFragment(writer, segment, value);
  if (isSecretReference(value)) {
    const { secret, default: fallback } = value;
    const piece = fallback === undefined ? { secret } : { secret, default: fallback };
    return writer.secret(piece, segment);
  }
  const text = scalarText(value);
  if (text === undefined) {
    const fix = 'Write an expression that gives one text or number.';
    writer.refuse(segment, `is ${value === null ? 'null' : `a ${typeName(value)}`}`, fix);
    return;
  }
  if (writer.isInLiteral) return writer.literalValue(text, isInstant(value), segment);
  if (expression !== undefined && isFile(expression)) return writer.authorText(text);
  writer.paste(typeof value === 'boolean' ? '' : text, segment);
};

export interface SqlFacts extends Evaluation {
  /** Values of `params` for each `?`, in order; null: a `?` is a character. */
  readonly params: readonly TemplateValue[] | null;
}

export type BoundSql = { readonly sql: SqlText } | { readonly problem: SqlProblem };

/** With values. Evaluation itself throws TidemarkErrors, as `evaluateSegments` does. */
export const bindSql = (template: Template, facts: SqlFacts): BoundSql => {
  const misused = misusedMark(template);
  if (misused !== undefined) return { problem: misused };
  const outputs = new Map(
    outputsOf(template.statements).map((output) => [`${output.offset}:${output.length}`, output]),
  );
  const writer = new SqlWriter(facts.params);
  const scope = { ...facts.scope, metadata: marks };
  for (const segment of evaluateSegments(template, { ...facts, scope, secrets: 'allowed' })) {
    if (typeof segment === 'string') writer.authorText(segment);
    else writeSegment(writer, segment, outputs.get(`${segment.offset}:${segment.length}`));
  }
  const sql = writer.end();
  const [problem] = writer.problems;
  return problem === undefined ? { sql } : { problem };
};

/** Is the parameter declared as a number? */
type IsNumber = (parameter: string) => boolean;

export interface JudgedSql {
  readonly problems: readonly SqlProblem[];
  /** With an empty text for every value; of branches the first one. */
  readonly sql: SqlText;
  /** Nothing of the statement is known only in a run: no file, no branch that changes what follows. */
  readonly isWhole: boolean;
}

const sourceOf = (template: Template, { offset, length }: Expression): string =>
  template.text.slice(offset, offset + length);

const isNumeric = (expression: Expression, isNumber: IsNumber): boolean => {
  if (expression.kind === 'literal') return typeof expression.value === 'number';
  if (expression.kind === 'filter') return expression.name === 'int' || expression.name === 'float';
  const path = staticPath(expression);
  const [parameter] = path?.root === 'params' ? path.path : [];
  return parameter !== undefined && path?.path.length === 1 && isNumber(parameter);
};

const judgeOutput = (
  writer: SqlWriter,
  expression: Expression,
  template: Template,
  isNumber: IsNumber,
): void => {
  const place = { ...expression, expression: sourceOf(template, expression) };
  const mark = markOf(expression);
  if (mark !== undefined) return writer.mark(mark, place);
  if (isCondition(expression)) {
    return writeFragment(writer, { ...place, value: '' }, { column: 'column', low: '', high: '' });
  }
  if (called(expression) === 'secrets.get') return writer.secret({ secret: '' }, place);
  if (writer.isInLiteral) return writer.literalValue('', false, place);
  // What a file holds is judged when the run is planned.
  if (isFile(expression)) return;
  writer.pasteUnknown(isNumeric(expression, isNumber), place);
};

/** Walks the branches; false: what follows depends on which one was taken. */
const judge = (
  writer: SqlWriter,
  statements: readonly Statement[],
  template: Template,
  isNumber: IsNumber,
): boolean => {
  for (const statement of statements) {
    if (statement.kind === 'text') writer.authorText(statement.text);
    else if (statement.kind === 'output')
      judgeOutput(writer, statement.expression, template, isNumber);
    else if (statement.kind === 'if' || statement.kind === 'for') {
      const other = writer.clone();
      const first = statement.kind === 'if' ? statement.then : statement.body;
      if (!judge(writer, first, template, isNumber)) return false;
      if (!judge(other, statement.otherwise, template, isNumber)) return false;
      writer.adopt(other.problems);
      if (writer.key() !== other.key()) return false;
    }
  }
  return true;
};

/** Without values. Never throws. */
export const judgeSql = (template: Template, isNumber: IsNumber): JudgedSql => {
  const misused = misusedMark(template);
  const writer = new SqlWriter(null);
  const isDecided = judge(writer, template.statements, template, isNumber);
  const sql = isDecided ? writer.end() : writer.pieces();
  const isWhole = isDecided && !outputsOf(template.statements).some(isFile);
  const problems = [...(misused === undefined ? [] : [misused]), ...writer.problems];
  return { problems, sql, isWhole };
};
