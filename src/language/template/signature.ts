/**
 * The shape that filters, tests, methods and functions share: a name, its parameters, and what they do with values.
 * Arguments are bound by position or by name before anything runs.
 */
import { TidemarkError } from '../../core/errors/error.js';
import type { Budget } from './budget.js';
import { badArgument, wrongType } from './errors.js';
import { asText, type TemplateValue, typeName } from './values.js';

/** A parameter's name; a trailing `?` makes it optional, a leading `*` takes all that remain. */
export type Parameter = string;

export interface BoundCall {
  readonly budget: Budget;
  /** How the message names the operation: `filter "replace"`. */
  readonly what: string;
  readonly values: readonly (TemplateValue | undefined)[];
}

export const parameterName = (parameter: Parameter): string => parameter.replace(/^\*|\?$/g, '');
export const isRequired = (parameter: Parameter): boolean =>
  !parameter.endsWith('?') && !parameter.startsWith('*');

export const refuseArgument = (what: string, reason: string): never => {
  throw new TidemarkError(badArgument, `evaluating a template: ${what}: ${reason}`);
};

/** What is wrong with that many arguments, or undefined. */
export const arityProblem = (
  parameters: readonly Parameter[],
  positional: number,
  named: readonly string[],
): string | undefined => {
  const takesRest = parameters.some((parameter) => parameter.startsWith('*'));
  const names = parameters.map(parameterName);
  const unknown = named.find((name) => !names.includes(name));
  if (unknown !== undefined)
    return `argument "${unknown}" is not known; it takes (${names.join(', ')})`;
  if (positional > parameters.length && !takesRest)
    return `${positional} arguments are too many; it takes (${names.join(', ')})`;
  const missing = parameters.find(
    (parameter, at) =>
      isRequired(parameter) && at >= positional && !named.includes(parameterName(parameter)),
  );
  return missing === undefined
    ? undefined
    : `argument "${parameterName(missing)}" is missing; it takes (${names.join(', ')})`;
};

export const bindArguments = (
  what: string,
  parameters: readonly Parameter[],
  positional: readonly TemplateValue[],
  named: ReadonlyMap<string, TemplateValue>,
): readonly (TemplateValue | undefined)[] => {
  const problem = arityProblem(parameters, positional.length, [...named.keys()]);
  if (problem !== undefined) refuseArgument(what, problem);
  const bound = parameters.map(
    (parameter, at) => positional[at] ?? named.get(parameterName(parameter)),
  );
  // `??` above must not replace a null that was given.
  return [
    ...bound.map((value, at) => (at < positional.length ? positional[at] : value)),
    ...positional.slice(parameters.length),
  ];
};

const refuseType = (call: BoundCall, at: number, wanted: string): never => {
  const value = call.values[at];
  throw new TidemarkError(
    wrongType,
    `evaluating a template: ${call.what} takes ${wanted}, not a ${value === undefined ? 'missing value' : typeName(value)}`,
  );
};

export const textArgument = (call: BoundCall, at: number): string =>
  asText(call.values[at]) ?? refuseType(call, at, 'text');

export const optionalText = (call: BoundCall, at: number): string | undefined =>
  call.values[at] === undefined || call.values[at] === null ? undefined : textArgument(call, at);

export const integerArgument = (call: BoundCall, at: number, otherwise?: number): number => {
  const value = call.values[at] ?? otherwise;
  return typeof value === 'number' && Number.isSafeInteger(value)
    ? value
    : refuseType(call, at, 'a whole number');
};
