/**
 * The evaluator: walks the syntax tree with native values, strictly.
 *
 * Pure: the same template, scope and context give the same value. It throws TidemarkErrors and nothing else; an
 * unknown name, field, filter, function or method is one of them, and only `default` and `is defined` may ask for
 * what might be missing. Names reach own properties of plain data, never a prototype.
 */
import { invariantBroken } from '../../core/errors/invariant.js';
import { TidemarkError } from '../../core/errors/error.js';
import { checkTextLength, newBudget } from './budget.js';
import { nullInText } from './errors.js';
import { evaluateExpression, type Machine, type Scope, sourceOf } from './evaluate-expression.js';
import { runStatements, type Sink } from './evaluate-statements.js';
import type { FunctionContext, TemplateFunction } from './functions/function.js';
import type { Expression } from './syntax.js';
import type { Template } from './template.js';
import { textOf } from './text.js';
import type { TemplateValue } from './values.js';

export interface Evaluation {
  /** The roots that exist: `{ vars: {…}, params: {…} }`. */
  readonly scope: Scope;
  readonly functions: readonly TemplateFunction[];
  readonly context: FunctionContext;
  /**
   * `allowed` in fields declared secret: a template that is exactly `{{ fn.secrets.get('X') }}` gives a
   * SecretReference. Default `refused`.
   */
  readonly secrets?: 'allowed' | 'refused';
}

/** A value that stands between texts, with its expression: how SQL keeps values apart from its own text (D14). */
export interface ValueSegment {
  readonly value: TemplateValue;
  readonly expression: string;
  readonly offset: number;
  readonly length: number;
}

export type Segment = string | ValueSegment;

const machineOf = (
  template: Template,
  evaluation: Evaluation,
  secretsAt: (expression: Expression) => boolean,
): Machine => ({
  text: template.text,
  scope: evaluation.scope,
  context: evaluation.context,
  functions: new Map(evaluation.functions.map((declared) => [declared.name, declared])),
  modules: new Set(evaluation.functions.map((declared) => declared.name.split('.')[0] ?? '')),
  budget: newBudget(),
  mayGiveSecret: (expression) => evaluation.secrets === 'allowed' && secretsAt(expression),
});

/** The last guard: an error of another class here is a mistake of ours, and is reported as one. */
const guarded = <Result>(template: Template, run: () => Result): Result => {
  try {
    return run();
  } catch (error) {
    if (error instanceof TidemarkError) throw error;
    throw new TidemarkError(
      invariantBroken,
      `evaluating ${JSON.stringify(template.text.slice(0, 200))}: the evaluator failed`,
      { cause: error },
    );
  }
};

const inText = (machine: Machine, expression: Expression, value: TemplateValue): string => {
  if (value !== null) return textOf(machine.budget, value);
  const source = sourceOf(machine, expression);
  throw new TidemarkError(
    nullInText,
    `evaluating {{ ${source} }}: it is null, and stands inside other text`,
    {
      fix: `Give it a value, or say what stands for it: {{ ${source} | default('all', true) }}.`,
      details: { expression: source, offset: expression.offset, length: expression.length },
    },
  );
};

const textSink = (machine: Machine, parts: string[]): Sink => {
  let length = 0;
  const add = (text: string): void => {
    length += text.length;
    checkTextLength(machine.budget, length);
    parts.push(text);
  };
  return {
    text: add,
    value: (expression, value) => add(inText(machine, expression, value)),
    capture: inText,
  };
};

/** The value of a template: native for exactly one `{{ expression }}`, else text of at most 1 MiB. */
export const evaluateTemplate = (template: Template, evaluation: Evaluation): TemplateValue =>
  guarded(template, () => {
    const machine = machineOf(template, evaluation, (expression) => expression === template.sole);
    if (template.sole !== undefined) return evaluateExpression(machine, undefined, template.sole);
    const parts: string[] = [];
    runStatements(machine, { values: new Map() }, template.statements, textSink(machine, parts));
    return parts.join('');
  });

/**
 * The template as its own text and the values between, in order, never pasted together. With secrets allowed, an
 * expression that is exactly `fn.secrets.get(…)` gives its reference; where it may stand is the caller's to check.
 */
export const evaluateSegments = (template: Template, evaluation: Evaluation): readonly Segment[] =>
  guarded(template, () => {
    const outputs = new Set<Expression>();
    const machine = machineOf(template, evaluation, (expression) => outputs.has(expression));
    const segments: Segment[] = [];
    const parts: string[] = [];
    const sink = textSink(machine, parts);
    const collect: Sink = {
      output: (expression) => outputs.add(expression),
      text: (text) => {
        sink.text(text);
        segments.push(text);
      },
      value: (expression, value) => {
        const { offset, length } = expression;
        segments.push({ value, expression: sourceOf(machine, expression), offset, length });
      },
      capture: inText,
    };
    runStatements(machine, { values: new Map() }, template.statements, collect);
    return segments;
  });
