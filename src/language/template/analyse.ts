/** What a template refers to: names, functions, filters, methods and tests, each with its place. All that lint needs. */
import { childrenOf, type Arguments, type Expression, type Statement } from './syntax.js';

interface Place {
  readonly offset: number;
  readonly length: number;
  /** Inside a `default` filter or `is defined`: missing is an answer there. */
  readonly guarded: boolean;
}

/** `params.zone` is `{ root: 'params', path: ['zone'] }`; the path holds the steps that are known without values. */
export interface Reference extends Place {
  readonly root: string;
  readonly path: readonly string[];
  /** The method that is called on what the path names: `split` in `vars.x.split(',')`. */
  readonly method?: string;
  readonly argumentCount?: number;
  readonly argumentNames?: readonly string[];
}

/** A call of `fn.x.y` (name `x.y`) or of a plain name (`range`). */
export interface FunctionCall extends Place {
  readonly name: string;
  readonly argumentCount: number;
  readonly argumentNames: readonly string[];
}

export interface NamedUse extends Place {
  readonly name: string;
  readonly argumentCount: number;
  readonly argumentNames: readonly string[];
}

export interface TemplateFacts {
  readonly references: readonly Reference[];
  readonly calls: readonly FunctionCall[];
  readonly filters: readonly NamedUse[];
  readonly methods: readonly NamedUse[];
  readonly tests: readonly NamedUse[];
}

interface Collection {
  readonly references: Reference[];
  readonly calls: FunctionCall[];
  readonly filters: NamedUse[];
  readonly methods: NamedUse[];
  readonly tests: NamedUse[];
}

interface View {
  readonly found: Collection;
  readonly locals: ReadonlySet<string>;
  readonly guarded: boolean;
}

export interface StaticPath {
  readonly root: string;
  readonly path: readonly string[];
}

/** The path of a chain of names and literal indexes, or undefined when a step depends on values. */
export const staticPath = (expression: Expression): StaticPath | undefined => {
  if (expression.kind === 'name') return { root: expression.name, path: [] };
  if (expression.kind === 'attribute') {
    const target = staticPath(expression.target);
    return target && { root: target.root, path: [...target.path, expression.name] };
  }
  if (expression.kind !== 'index' || expression.index.kind !== 'literal') return undefined;
  const step = expression.index.value;
  const target =
    typeof step === 'string' || typeof step === 'number'
      ? staticPath(expression.target)
      : undefined;
  return target && { root: target.root, path: [...target.path, String(step)] };
};

const counts = (args: Arguments) => ({
  argumentCount: args.positional.length,
  argumentNames: args.named.map((argument) => argument.name),
});

const visitArguments = (view: View, args: Arguments): void => {
  for (const argument of [...args.positional, ...args.named.map(({ value }) => value)])
    visit({ ...view, guarded: false }, argument);
};

/** `env.get_raw('X')` is `env.X` (dialect.md §12, 17), `vars.get('X')` a guarded `vars.X`. */
const literalStep = (method: string, args: Arguments): string | undefined => {
  const [first] = args.positional;
  const wanted = method === 'get_raw' || method === 'get';
  return wanted && first?.kind === 'literal' && typeof first.value === 'string'
    ? first.value
    : undefined;
};

type Of<Kind extends Expression['kind']> = Expression & { readonly kind: Kind };

const placeOf = (view: View, { offset, length }: Expression): Place => ({
  offset,
  length,
  guarded: view.guarded,
});

/** A call on what the attribute `target` belongs to: the method's name, and a reference when its path is known. */
const visitMethodCall = (view: View, call: Of<'call'>, target: Of<'attribute'>): void => {
  const place = placeOf(view, call);
  const method = target.name;
  view.found.methods.push({ ...place, name: method, ...counts(call.args) });
  const path = staticPath(target.target);
  if (path === undefined) return visit(view, target.target);
  if (view.locals.has(path.root)) return;
  const step = literalStep(method, call.args);
  view.found.references.push({
    ...place,
    guarded: place.guarded || (step !== undefined && method === 'get'),
    root: path.root,
    path: step === undefined ? path.path : [...path.path, step],
    method,
    ...counts(call.args),
  });
};

const visitCall = (view: View, call: Of<'call'>): void => {
  const place = placeOf(view, call);
  visitArguments(view, call.args);
  const path = staticPath(call.target);
  const isLocal = path !== undefined && view.locals.has(path.root);
  if (call.target.kind === 'name' && !isLocal) {
    view.found.calls.push({ ...place, name: call.target.name, ...counts(call.args) });
  } else if (path?.root === 'fn' && !isLocal) {
    view.found.calls.push({ ...place, name: path.path.join('.'), ...counts(call.args) });
  } else if (call.target.kind === 'attribute') {
    visitMethodCall(view, call, call.target);
  } else {
    visit(view, call.target);
  }
};

const visit = (view: View, expression: Expression): void => {
  const place = placeOf(view, expression);
  const path = staticPath(expression);
  if (path !== undefined) {
    if (!view.locals.has(path.root)) view.found.references.push({ ...place, ...path });
    return;
  }
  if (expression.kind === 'call') return visitCall(view, expression);
  if (expression.kind === 'filter') {
    view.found.filters.push({ ...place, name: expression.name, ...counts(expression.args) });
    const guards = expression.name === 'default' || expression.name === 'd';
    visit({ ...view, guarded: view.guarded || guards }, expression.target);
    return visitArguments(view, expression.args);
  }
  if (expression.kind === 'test') {
    view.found.tests.push({
      ...place,
      name: expression.name,
      argumentCount: expression.args.length,
      argumentNames: [],
    });
    const guards = expression.name === 'defined' || expression.name === 'undefined';
    visit({ ...view, guarded: view.guarded || guards }, expression.target);
    for (const argument of expression.args) visit({ ...view, guarded: false }, argument);
    return;
  }
  for (const child of childrenOf(expression)) visit(view, child);
};

/** Visits statements in order; returns the names that are local after them. */
const visitStatements = (view: View, statements: readonly Statement[]): ReadonlySet<string> => {
  let { locals } = view;
  for (const statement of statements) {
    const here = { ...view, locals };
    if (statement.kind === 'output') visit(here, statement.expression);
    if (statement.kind === 'if') {
      visit(here, statement.condition);
      const then = visitStatements(here, statement.then);
      locals = new Set([...then, ...visitStatements(here, statement.otherwise)]);
    }
    if (statement.kind === 'set') {
      if ('kind' in statement.value) visit(here, statement.value);
      else visitStatements(here, statement.value);
      locals = new Set([...locals, statement.name]);
    }
    if (statement.kind === 'for') visitFor(here, statement);
  }
  return locals;
};

const visitFor = (view: View, loop: Statement & { readonly kind: 'for' }): void => {
  visit(view, loop.items);
  const inner = { ...view, locals: new Set([...view.locals, ...loop.names]) };
  if (loop.condition !== undefined) visit(inner, loop.condition);
  visitStatements({ ...inner, locals: new Set([...inner.locals, 'loop']) }, loop.body);
  visitStatements(view, loop.otherwise);
};

export const analyse = (statements: readonly Statement[]): TemplateFacts => {
  const found: Collection = { references: [], calls: [], filters: [], methods: [], tests: [] };
  visitStatements({ found, locals: new Set(), guarded: false }, statements);
  return found;
};
