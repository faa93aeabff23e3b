/** Python's operators on template values: native results, no silent conversion. */
import { TidemarkError } from '../../core/errors/error.js';
import { type Budget, checkDepth, checkItemCount, checkTextLength, spend } from './budget.js';
import { wrongType } from './errors.js';
import type { Comparison, Operator } from './syntax.js';
import { charactersOf, textOf } from './text.js';
import { asText, isList, isMapping, isSpecial, type TemplateValue, typeName } from './values.js';

const refuse = (what: string): never => {
  throw new TidemarkError(wrongType, `evaluating a template: ${what}`);
};

/** False, null, 0, empty text, empty list and empty mapping are false, as in Python. */
export const isTruthy = (value: TemplateValue): boolean => {
  const text = asText(value);
  if (text !== undefined) return text !== '';
  if (isList(value)) return value.length > 0;
  return isMapping(value) ? Object.keys(value).length > 0 : Boolean(value);
};

export const areEqual = (
  budget: Budget,
  left: TemplateValue,
  right: TemplateValue,
  depth = 0,
): boolean => {
  spend(budget);
  checkDepth(depth);
  const [leftText, rightText] = [asText(left), asText(right)];
  if (leftText !== undefined || rightText !== undefined) return leftText === rightText;
  if (isSpecial(left) || isSpecial(right)) return left === right;
  if (isList(left)) {
    return (
      isList(right) &&
      left.length === right.length &&
      left.every((item, at) => areEqual(budget, item, right[at] ?? null, depth + 1))
    );
  }
  if (!isMapping(left)) return left === right;
  if (!isMapping(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every(
      (key) =>
        Object.hasOwn(right, key) &&
        areEqual(budget, left[key] ?? null, right[key] ?? null, depth + 1),
    )
  );
};

/** Negative, 0 or positive. Numbers with numbers and text with text (by code point); everything else is refused. */
export const compareValues = (left: TemplateValue, right: TemplateValue): number => {
  const [leftText, rightText] = [asText(left), asText(right)];
  if (leftText !== undefined && rightText !== undefined)
    return leftText < rightText ? -1 : leftText > rightText ? 1 : 0;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return refuse(
    `a ${typeName(left)} and a ${typeName(right)} have no order; convert one of them with | int or | string`,
  );
};

export const contains = (
  budget: Budget,
  container: TemplateValue,
  member: TemplateValue,
): boolean => {
  const text = asText(container);
  const part = asText(member);
  if (text !== undefined && part !== undefined) return text.includes(part);
  if (isList(container)) return container.some((item) => areEqual(budget, item, member));
  if (isMapping(container)) return part !== undefined && Object.hasOwn(container, part);
  return refuse(`a ${typeName(member)} cannot be looked for in a ${typeName(container)}`);
};

export const compare = (
  budget: Budget,
  operator: Comparison,
  left: TemplateValue,
  right: TemplateValue,
): boolean => {
  switch (operator) {
    case '==':
      return areEqual(budget, left, right);
    case '!=':
      return !areEqual(budget, left, right);
    case 'in':
      return contains(budget, right, left);
    case 'not in':
      return !contains(budget, right, left);
    case '<':
      return compareValues(left, right) < 0;
    case '<=':
      return compareValues(left, right) <= 0;
    case '>':
      return compareValues(left, right) > 0;
    case '>=':
      return compareValues(left, right) >= 0;
  }
};

const keep = (result: number, inputs: readonly number[], operator: Operator): number => {
  const whole = operator !== '/' && inputs.every(Number.isInteger);
  if (
    !Number.isFinite(result) ||
    (whole && Number.isInteger(result) && !Number.isSafeInteger(result))
  ) {
    refuse(`${inputs[0]} ${operator} ${inputs[1]} gives a number that cannot be kept exactly`);
  }
  return result;
};

const calculate = (operator: Exclude<Operator, '~'>, left: number, right: number): number => {
  if (right === 0 && ['/', '//', '%'].includes(operator))
    refuse(`${left} ${operator} 0 is a division by zero`);
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '//':
      return Math.floor(left / right);
    // Python's remainder takes the sign of the divisor.
    case '%':
      return left - right * Math.floor(left / right);
    case '**':
      return left ** right;
  }
};

const repeat = (budget: Budget, value: TemplateValue, count: number): TemplateValue => {
  const times = Math.max(0, count);
  const text = asText(value);
  if (text !== undefined && Number.isInteger(times)) {
    checkTextLength(budget, text.length * times);
    return text.repeat(times);
  }
  if (!isList(value) || !Number.isInteger(times))
    return refuse(`a ${typeName(value)} cannot be multiplied by ${count}`);
  checkItemCount(budget, value.length * times);
  return Array.from({ length: times }, () => value).flat();
};

const add = (
  budget: Budget,
  left: TemplateValue,
  right: TemplateValue,
): TemplateValue | undefined => {
  const [leftText, rightText] = [asText(left), asText(right)];
  if (leftText !== undefined && rightText !== undefined) {
    checkTextLength(budget, leftText.length + rightText.length);
    return leftText + rightText;
  }
  if (!isList(left) || !isList(right)) return undefined;
  checkItemCount(budget, left.length + right.length);
  return [...left, ...right];
};

/** A text or a list, times a number on either side. */
const multiply = (
  budget: Budget,
  left: TemplateValue,
  right: TemplateValue,
): TemplateValue | undefined => {
  if (typeof right === 'number') return repeat(budget, left, right);
  return typeof left === 'number' ? repeat(budget, right, left) : undefined;
};

/** What texts and lists answer to; undefined is no answer for these two values. */
const sequenceOperators: Partial<Record<Operator, typeof add>> = { '+': add, '*': multiply };

const join = (budget: Budget, left: TemplateValue, right: TemplateValue): string => {
  if (left === null || right === null)
    return refuse('~ joins texts, and one of the two sides is null');
  const [leftText, rightText] = [textOf(budget, left), textOf(budget, right)];
  checkTextLength(budget, leftText.length + rightText.length);
  return leftText + rightText;
};

export const combine = (
  budget: Budget,
  operator: Operator,
  left: TemplateValue,
  right: TemplateValue,
): TemplateValue => {
  if (operator === '~') return join(budget, left, right);
  if (typeof left === 'number' && typeof right === 'number')
    return keep(calculate(operator, left, right), [left, right], operator);
  const sequence = sequenceOperators[operator]?.(budget, left, right);
  if (sequence !== undefined) return sequence;
  const advice =
    operator === '+' && (asText(left) ?? asText(right)) !== undefined
      ? '; ~ joins values of different types'
      : '';
  return refuse(`${operator} does not take a ${typeName(left)} and a ${typeName(right)}${advice}`);
};

const sliceBound = (bound: TemplateValue | undefined): number | undefined => {
  if (bound === undefined || bound === null) return undefined;
  return typeof bound === 'number' && Number.isInteger(bound)
    ? bound
    : refuse(`the parts of a slice are whole numbers, not a ${typeName(bound)}`);
};

const sliceIndexes = (
  length: number,
  bounds: readonly (TemplateValue | undefined)[],
): readonly number[] => {
  const step = sliceBound(bounds[2]) ?? 1;
  if (step === 0) refuse('the step of a slice is not 0');
  const [lowest, highest] = step > 0 ? [0, length] : [-1, length - 1];
  const place = (bound: number | undefined, otherwise: number): number =>
    bound === undefined
      ? otherwise
      : Math.min(highest, Math.max(lowest, bound < 0 ? bound + length : bound));
  const from = place(sliceBound(bounds[0]), step > 0 ? lowest : highest);
  const to = place(sliceBound(bounds[1]), step > 0 ? highest : lowest);
  const indexes: number[] = [];
  for (let at = from; step > 0 ? at < to : at > to; at += step) indexes.push(at);
  return indexes;
};

export const slice = (
  budget: Budget,
  target: TemplateValue,
  bounds: readonly (TemplateValue | undefined)[],
): TemplateValue => {
  const text = asText(target);
  if (text !== undefined) {
    const characters = charactersOf(text);
    checkTextLength(budget, characters.length);
    return sliceIndexes(characters.length, bounds)
      .map((at) => characters[at])
      .join('');
  }
  if (!isList(target)) return refuse(`a ${typeName(target)} cannot be sliced`);
  checkItemCount(budget, target.length);
  return sliceIndexes(target.length, bounds).map((at) => target[at] ?? null);
};
