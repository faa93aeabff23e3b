/** One expression to one value. What is missing is an error here; only `default` and `is defined` may see it first. */
import { type ErrorKind, TidemarkError } from '../../core/errors/error.js';
import { suggest } from '../../core/values/suggest.js';
import { staticPath } from './analyse.js';
import { type Budget, checkItemCount, spend } from './budget.js';
import * as errors from './errors.js';
import { filterNames, filters, testNames, valueTests } from './filters.js';
import type { FunctionContext, TemplateFunction } from './functions/function.js';
import { methodOf, methodsOf } from './methods.js';
import { combine, compare, isTruthy, slice } from './operators.js';
import {
  bindArguments,
  type BoundCall,
  integerArgument,
  type Parameter,
  refuseArgument,
} from './signature.js';
import type { Arguments, Expression } from './syntax.js';
import { charactersOf, textOf } from './text.js';
import { asText, isList, isMapping, ownEntry, type TemplateValue, typeName } from './values.js';

export type Scope = Readonly<Record<string, TemplateValue>>;

/** Names that blocks have set; looked up from the inside out, before the scope. */
export interface Frame {
  readonly values: Map<string, TemplateValue>;
  readonly parent?: Frame;
}

export interface Machine {
  readonly text: string;
  readonly scope: Scope;
  readonly context: FunctionContext;
  readonly functions: ReadonlyMap<string, TemplateFunction>;
  /** First parts of the functions' names: `date`, `cron`, … */
  readonly modules: ReadonlySet<string>;
  readonly budget: Budget;
  readonly mayGiveSecret: (expression: Expression) => boolean;
}

type Locals = Frame | undefined;
type Lookup = { readonly value: TemplateValue } | { readonly missing: TidemarkError };
type Of<Kind extends Expression['kind']> = Expression & { readonly kind: Kind };

const builtinFunctions = ['range'];
const rangeLimit = 10_000;
const listedNames = 20;

export const sourceOf = (machine: Machine, expression: Expression): string =>
  machine.text.slice(expression.offset, expression.offset + expression.length);

const unknown = (
  machine: Machine,
  expression: Expression,
  kind: ErrorKind,
  facts: { readonly what: string; readonly name: string; readonly known: readonly string[] },
): TidemarkError => {
  const source = sourceOf(machine, expression);
  const nearest = suggest(facts.name, facts.known);
  const listed = facts.known.slice(0, listedNames);
  const known =
    listed.length === 0
      ? ''
      : `; known: ${listed.join(', ')}${facts.known.length > listedNames ? ', …' : ''}`;
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return new TidemarkError(kind, `evaluating {{ ${source} }}: ${facts.what}${hint}${known}`, {
    details: {
      expression: source,
      missing: facts.name,
      known: listed,
      offset: expression.offset,
      length: expression.length,
    },
  });
};

const localOf = (frame: Locals, name: string): TemplateValue | undefined => {
  for (let at = frame; at !== undefined; at = at.parent) {
    const value = at.values.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
};

const namesInScope = (machine: Machine, frame: Locals): readonly string[] => {
  const names = new Set(Object.keys(machine.scope));
  for (let at = frame; at !== undefined; at = at.parent)
    for (const name of at.values.keys()) names.add(name);
  return [...names, ...(machine.functions.size > 0 ? ['fn'] : [])].toSorted();
};

const lookupName = (machine: Machine, frame: Locals, expression: Of<'name'>): Lookup => {
  const { name } = expression;
  const value =
    localOf(frame, name) ?? (Object.hasOwn(machine.scope, name) ? machine.scope[name] : undefined);
  if (value !== undefined) return { value };
  const known = namesInScope(machine, frame);
  return {
    missing: unknown(machine, expression, errors.unknownName, {
      what: `"${name}" is not known here`,
      name,
      known,
    }),
  };
};

/** For who forgot the parentheses. */
const methodHint = (target: TemplateValue, name: string): string =>
  methodsOf(target).includes(name) ? `; it is a method, write ${name}()` : '';

const fieldOf = (
  machine: Machine,
  expression: Expression,
  target: TemplateValue,
  key: TemplateValue,
): Lookup => {
  const name = asText(key) ?? String(key);
  const missing = (what: string, known: readonly string[]): Lookup => ({
    missing: unknown(machine, expression, errors.unknownField, { what, name, known }),
  });
  if (isMapping(target)) {
    const value = asText(key) === undefined ? undefined : ownEntry(target, name);
    if (value !== undefined) return { value };
    return missing(`"${name}" is not there${methodHint(target, name)}`, Object.keys(target));
  }
  const text = asText(target);
  const items = text === undefined ? target : charactersOf(text);
  if (isList(items) && typeof key === 'number' && Number.isInteger(key)) {
    const value = items.at(key);
    return value === undefined
      ? missing(`index ${key} is outside; there are ${items.length} items`, [])
      : { value };
  }
  return missing(`a ${typeName(target)} has no field "${name}"${methodHint(target, name)}`, []);
};

/** The value of a chain, or why it is not there. Everything else is evaluated and may throw. */
const lookUp = (machine: Machine, frame: Locals, expression: Expression): Lookup => {
  spend(machine.budget);
  if (expression.kind === 'name') return lookupName(machine, frame, expression);
  if (expression.kind !== 'attribute' && expression.kind !== 'index')
    return { value: evaluateExpression(machine, frame, expression) };
  const target = lookUp(machine, frame, expression.target);
  if ('missing' in target) return target;
  const key =
    expression.kind === 'attribute'
      ? expression.name
      : evaluateExpression(machine, frame, expression.index);
  return fieldOf(machine, expression, target.value, key);
};

const bind = (
  machine: Machine,
  frame: Locals,
  what: string,
  signature: { readonly parameters: readonly Parameter[]; readonly args: Arguments },
): BoundCall => {
  const positional = signature.args.positional.map((argument) =>
    evaluateExpression(machine, frame, argument),
  );
  const named = new Map(
    signature.args.named.map(({ name, value }) => [
      name,
      evaluateExpression(machine, frame, value),
    ]),
  );
  return {
    budget: machine.budget,
    what,
    values: bindArguments(what, signature.parameters, positional, named),
  };
};

const applyDefault = (machine: Machine, frame: Locals, expression: Of<'filter'>): TemplateValue => {
  const found = lookUp(machine, frame, expression.target);
  const call = bind(machine, frame, 'filter "default"', {
    parameters: ['value?', 'boolean?'],
    args: expression.args,
  });
  const replacesFalse = isTruthy(call.values[1] ?? false);
  const keeps = 'value' in found && (!replacesFalse || isTruthy(found.value));
  return keeps
    ? found.value
    : (call.values[0] ??
        (call.values.length > 0 && expression.args.positional.length > 0 ? null : ''));
};

const applyFilter = (machine: Machine, frame: Locals, expression: Of<'filter'>): TemplateValue => {
  const { name } = expression;
  if (name === 'default' || name === 'd') return applyDefault(machine, frame, expression);
  const filter = Object.hasOwn(filters, name) ? filters[name] : undefined;
  if (filter === undefined)
    throw unknown(machine, expression, errors.unknownFilter, {
      what: `filter "${name}" is not known`,
      name,
      known: filterNames,
    });
  const value = evaluateExpression(machine, frame, expression.target);
  const call = bind(machine, frame, `filter "${name}"`, {
    parameters: filter.parameters,
    args: expression.args,
  });
  return filter.run(value, { ...call, values: [value, ...call.values] });
};

const applyTest = (machine: Machine, frame: Locals, expression: Of<'test'>): boolean => {
  const { name } = expression;
  if (name === 'defined' || name === 'undefined')
    return 'value' in lookUp(machine, frame, expression.target) === (name === 'defined');
  const test = Object.hasOwn(valueTests, name) ? valueTests[name] : undefined;
  if (test === undefined)
    throw unknown(machine, expression, errors.unknownTest, {
      what: `test "${name}" is not known`,
      name,
      known: testNames,
    });
  const value = evaluateExpression(machine, frame, expression.target);
  return test.holds(
    value,
    bind(machine, frame, `test "${name}"`, {
      parameters: test.parameters,
      args: { positional: expression.args, named: [] },
    }),
  );
};

const range = (call: BoundCall): TemplateValue => {
  const given = call.values.filter((value) => value !== undefined).length;
  const from = given > 1 ? integerArgument(call, 0) : 0;
  const to = integerArgument(call, given > 1 ? 1 : 0);
  const step = integerArgument(call, 2, 1);
  if (step === 0) refuseArgument(call.what, 'the step is not 0');
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (count > rangeLimit)
    refuseArgument(call.what, `gives ${count} numbers; at most ${rangeLimit} are allowed`);
  checkItemCount(call.budget, count);
  return Array.from({ length: count }, (_, at) => from + at * step);
};

const callFunction = (
  machine: Machine,
  frame: Locals,
  expression: Of<'call'>,
  name: string,
): TemplateValue => {
  const declared = machine.functions.get(name);
  if (declared === undefined) {
    throw unknown(machine, expression, errors.unknownFunction, {
      what: `function "${name}" is not known`,
      name,
      known: [...machine.functions.keys()],
    });
  }
  if (declared.gives === 'secret' && !machine.mayGiveSecret(expression)) {
    throw new TidemarkError(
      errors.secretPosition,
      `evaluating {{ ${sourceOf(machine, expression)} }}: a secret may only be the whole value of a field declared secret, or a whole literal in SQL`,
    );
  }
  const call = bind(machine, frame, `function fn.${name}`, {
    parameters: declared.args.map((argument) => argument.name),
    args: expression.args,
  });
  return declared.run(call, machine.context);
};

const callMethod = (
  machine: Machine,
  frame: Locals,
  expression: Of<'call'>,
  target: Of<'attribute'>,
): TemplateValue => {
  const value = evaluateExpression(machine, frame, target.target);
  const method = methodOf(value, target.name);
  if (method === undefined) {
    const known = methodsOf(value);
    throw unknown(machine, expression, errors.unknownMethod, {
      what: `a ${typeName(value)} has no method "${target.name}"`,
      name: target.name,
      known,
    });
  }
  return method.run(
    bind(machine, frame, `method "${target.name}"`, {
      parameters: method.parameters,
      args: expression.args,
    }),
  );
};

const applyCall = (machine: Machine, frame: Locals, expression: Of<'call'>): TemplateValue => {
  const { target } = expression;
  const path = staticPath(target);
  const shadowed =
    path !== undefined &&
    (localOf(frame, path.root) !== undefined || Object.hasOwn(machine.scope, path.root));
  if (path !== undefined && !shadowed) {
    if (path.root === 'fn') return callFunction(machine, frame, expression, path.path.join('.'));
    if (machine.modules.has(path.root))
      return callFunction(machine, frame, expression, [path.root, ...path.path].join('.'));
  }
  if (target.kind === 'attribute') return callMethod(machine, frame, expression, target);
  if (target.kind === 'name' && target.name === 'range') {
    return range(
      bind(machine, frame, 'function range', {
        parameters: ['start', 'stop?', 'step?'],
        args: expression.args,
      }),
    );
  }
  throw unknown(machine, expression, errors.unknownFunction, {
    what: `"${sourceOf(machine, target)}" is not a function`,
    name: sourceOf(machine, target),
    known: [...builtinFunctions, ...[...machine.functions.keys()].map((name) => `fn.${name}`)],
  });
};

const applyCompare = (machine: Machine, frame: Locals, expression: Of<'compare'>): boolean => {
  let left = evaluateExpression(machine, frame, expression.first);
  for (const { operator, operand } of expression.rest) {
    const right = evaluateExpression(machine, frame, operand);
    if (!compare(machine.budget, operator, left, right)) return false;
    left = right;
  }
  return true;
};

const applySign = (machine: Machine, frame: Locals, expression: Of<'sign'>): number => {
  const value = evaluateExpression(machine, frame, expression.operand);
  if (typeof value === 'number') return expression.sign === '-' ? 0 - value : value;
  throw new TidemarkError(
    errors.wrongType,
    `evaluating {{ ${sourceOf(machine, expression)} }}: a ${typeName(value)} has no sign`,
  );
};

const applyChoice = (machine: Machine, frame: Locals, expression: Of<'choice'>): TemplateValue => {
  if (isTruthy(evaluateExpression(machine, frame, expression.condition)))
    return evaluateExpression(machine, frame, expression.then);
  return expression.otherwise === undefined
    ? ''
    : evaluateExpression(machine, frame, expression.otherwise);
};

const mappingOf = (machine: Machine, frame: Locals, expression: Of<'mapping'>): TemplateValue =>
  Object.fromEntries(
    expression.entries.map(({ key, value }) => [
      textOf(machine.budget, evaluateExpression(machine, frame, key)),
      evaluateExpression(machine, frame, value),
    ]),
  );

export const evaluateExpression = (
  machine: Machine,
  frame: Locals,
  expression: Expression,
): TemplateValue => {
  spend(machine.budget);
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'name':
    case 'attribute':
    case 'index': {
      const found = lookUp(machine, frame, expression);
      if ('missing' in found) throw found.missing;
      return found.value;
    }
    case 'list':
      return expression.items.map((item) => evaluateExpression(machine, frame, item));
    case 'mapping':
      return mappingOf(machine, frame, expression);
    case 'slice': {
      const bounds = expression.bounds.map(
        (bound) => bound && evaluateExpression(machine, frame, bound),
      );
      return slice(machine.budget, evaluateExpression(machine, frame, expression.target), bounds);
    }
    case 'call':
      return applyCall(machine, frame, expression);
    case 'filter':
      return applyFilter(machine, frame, expression);
    case 'test':
      return applyTest(machine, frame, expression);
    case 'not':
      return !isTruthy(evaluateExpression(machine, frame, expression.operand));
    case 'sign':
      return applySign(machine, frame, expression);
    case 'binary':
      return combine(
        machine.budget,
        expression.operator,
        evaluateExpression(machine, frame, expression.left),
        evaluateExpression(machine, frame, expression.right),
      );
    case 'and': {
      const left = evaluateExpression(machine, frame, expression.left);
      return isTruthy(left) ? evaluateExpression(machine, frame, expression.right) : left;
    }
    case 'or': {
      const left = evaluateExpression(machine, frame, expression.left);
      return isTruthy(left) ? left : evaluateExpression(machine, frame, expression.right);
    }
    case 'compare':
      return applyCompare(machine, frame, expression);
    case 'choice':
      return applyChoice(machine, frame, expression);
  }
};
