/** Blocks: text, output, if, for, set. What they give goes to a sink, in order. */
import { TidemarkError } from '../../core/errors/error.js';
import { checkItemCount, checkTextLength, spend } from './budget.js';
import { wrongType } from './errors.js';
import { evaluateExpression, type Frame, type Machine, sourceOf } from './evaluate-expression.js';
import { isTruthy } from './operators.js';
import type { Expression, Statement } from './syntax.js';
import { charactersOf } from './text.js';
import { asText, isList, isMapping, type TemplateValue, typeName } from './values.js';

export interface Sink {
  readonly text: (text: string) => void;
  readonly value: (expression: Expression, value: TemplateValue) => void;
  /** A value inside `{% set x %}…{% endset %}`, as text. */
  readonly capture: (machine: Machine, expression: Expression, value: TemplateValue) => string;
  /** Called before an output is evaluated. */
  readonly output?: (expression: Expression) => void;
}

const itemsOf = (
  machine: Machine,
  expression: Expression,
  value: TemplateValue,
): readonly TemplateValue[] => {
  const text = asText(value);
  const items =
    text !== undefined
      ? charactersOf(text)
      : isList(value)
        ? value
        : isMapping(value)
          ? Object.keys(value)
          : undefined;
  if (items === undefined) {
    throw new TidemarkError(
      wrongType,
      `evaluating {% for … in ${sourceOf(machine, expression)} %}: a ${typeName(value)} has no items to go through`,
    );
  }
  checkItemCount(machine.budget, items.length);
  return items;
};

type Loop = Statement & { readonly kind: 'for' };

const namesOf = (machine: Machine, loop: Loop, item: TemplateValue): Map<string, TemplateValue> => {
  const [only] = loop.names;
  if (loop.names.length === 1 && only !== undefined) return new Map([[only, item]]);
  if (!isList(item) || item.length !== loop.names.length) {
    throw new TidemarkError(
      wrongType,
      `evaluating {% for ${loop.names.join(', ')} in ${sourceOf(machine, loop.items)} %}: an item is not a list of ${loop.names.length}`,
    );
  }
  return new Map(loop.names.map((name, at) => [name, item[at] ?? null]));
};

const position = (at: number, length: number): TemplateValue => ({
  index: at + 1,
  index0: at,
  revindex: length - at,
  revindex0: length - at - 1,
  first: at === 0,
  last: at === length - 1,
  length,
});

const runFor = (machine: Machine, frame: Frame, loop: Loop, sink: Sink): void => {
  const all = itemsOf(machine, loop.items, evaluateExpression(machine, frame, loop.items));
  const frames = all
    .map((item): Frame => ({ values: namesOf(machine, loop, item), parent: frame }))
    .filter(
      (inner) =>
        loop.condition === undefined ||
        isTruthy(evaluateExpression(machine, inner, loop.condition)),
    );
  for (const [at, inner] of frames.entries()) {
    spend(machine.budget);
    inner.values.set('loop', position(at, frames.length));
    runStatements(machine, inner, loop.body, sink);
  }
  if (frames.length === 0)
    runStatements(machine, { values: new Map(), parent: frame }, loop.otherwise, sink);
};

const captured = (
  machine: Machine,
  frame: Frame,
  statements: readonly Statement[],
  outer: Sink,
): string => {
  const parts: string[] = [];
  let length = 0;
  const add = (text: string): void => {
    length += text.length;
    checkTextLength(machine.budget, length);
    parts.push(text);
  };
  runStatements(machine, { values: new Map(), parent: frame }, statements, {
    text: add,
    value: (expression, value) => add(outer.capture(machine, expression, value)),
    capture: outer.capture,
  });
  return parts.join('');
};

export const runStatements = (
  machine: Machine,
  frame: Frame,
  statements: readonly Statement[],
  sink: Sink,
): void => {
  for (const statement of statements) {
    spend(machine.budget);
    if (statement.kind === 'text') sink.text(statement.text);
    if (statement.kind === 'output') {
      sink.output?.(statement.expression);
      sink.value(statement.expression, evaluateExpression(machine, frame, statement.expression));
    }
    if (statement.kind === 'if') {
      const holds = isTruthy(evaluateExpression(machine, frame, statement.condition));
      runStatements(machine, frame, holds ? statement.then : statement.otherwise, sink);
    }
    if (statement.kind === 'for') runFor(machine, frame, statement, sink);
    if (statement.kind === 'set') {
      const { value } = statement;
      frame.values.set(
        statement.name,
        'kind' in value
          ? evaluateExpression(machine, frame, value)
          : captured(machine, frame, value, sink),
      );
    }
  }
};
