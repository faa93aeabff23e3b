/** What is wrong with a template, decided without values: names, fields, functions, filters, methods, tests (D5, D15). */
import type { DiagnosticKind } from '../../core/errors/diagnostic.js';
import { suggest } from '../../core/values/suggest.js';
import type { FunctionCall, NamedUse, Reference } from './analyse.js';
import * as kinds from './diagnostics.js';
import { defaultFilter, filterNames, filters, testNames, valueTests } from './filters.js';
import type { TemplateFunction } from './functions/function.js';
import { methodNames } from './methods.js';
import type { Shape, TemplateRoots } from './scopes.js';
import { arityProblem, type Parameter } from './signature.js';
import type { Template } from './template.js';

export interface TemplateProblem {
  readonly kind: DiagnosticKind;
  readonly message: string;
  /** A stretch of the template's text. */
  readonly offset: number;
  readonly length: number;
  readonly hint?: string;
  readonly known?: readonly string[];
}

export interface CheckOptions {
  /** From `scopeRoots`. */
  readonly roots: TemplateRoots;
  readonly functions: readonly TemplateFunction[];
  /** Fields that other connectors' items have, to the name that this one uses: `file_name` → `object_name` (D5). */
  readonly otherItemFields?: Readonly<Record<string, string>>;
  /** `whole` (default): a secret is the whole template. `segments`: a whole `{{ … }}`, as in a literal of SQL (D12). */
  readonly secrets?: 'whole' | 'segments';
}

type Facts = Pick<TemplateProblem, 'hint' | 'known'>;
type Placed = { readonly offset: number; readonly length: number };

const problem = (
  kind: DiagnosticKind,
  at: Placed,
  message: string,
  facts: Facts = {},
): TemplateProblem => ({ kind, message, offset: at.offset, length: at.length, ...facts });

const didYouMean = (name: string, known: readonly string[]): Facts => {
  const nearest = suggest(name, known);
  return { known, ...(nearest === undefined ? {} : { hint: `did you mean ${nearest}?` }) };
};

const ownField = (fields: TemplateRoots, name: string): Shape | undefined =>
  Object.hasOwn(fields, name) ? fields[name] : undefined;

const correction = (options: CheckOptions, name: string): string | undefined =>
  options.otherItemFields !== undefined && Object.hasOwn(options.otherItemFields, name)
    ? options.otherItemFields[name]
    : undefined;

const itemFieldProblem = (
  reference: Reference,
  name: string,
  known: readonly string[],
  options: CheckOptions,
): TemplateProblem => {
  const right = correction(options, name);
  const facts =
    right === undefined ? didYouMean(name, known) : { known, hint: `items here have ${right}` };
  return problem(kinds.unknownItemField, reference, `source.item has no field "${name}"`, facts);
};

const fieldProblem = (
  reference: Reference,
  step: number,
  shape: Shape,
  options: CheckOptions,
): TemplateProblem => {
  const known = Object.keys(shape.fields ?? {}).toSorted();
  const name = reference.path[step] ?? '';
  const before = [reference.root, ...reference.path.slice(0, step)].join('.');
  if (before === 'source.item') return itemFieldProblem(reference, name, known, options);
  if (before === 'source' && name === 'item') {
    return problem(
      kinds.itemOutsideScope,
      reference,
      'source.item is not known in this field: it is resolved before items are listed',
    );
  }
  const facts = didYouMean(name, known);
  if (before === 'params')
    return problem(
      kinds.undeclaredParameter,
      reference,
      `parameter "${name}" is declared nowhere`,
      facts,
    );
  if (before === 'vars')
    return problem(kinds.unknownVariable, reference, `variable "${name}" is not in vars/`, facts);
  if (before === 'env')
    return problem(
      kinds.unsetEnvironment,
      reference,
      `environment variable "${name}" is not set`,
      didYouMean(name, []),
    );
  return problem(kinds.unknownFieldFinding, reference, `${before} has no field "${name}"`, facts);
};

const rootProblem = (reference: Reference, options: CheckOptions): TemplateProblem => {
  const known = [...Object.keys(options.roots), 'fn'].toSorted();
  const right = correction(options, reference.root);
  const facts =
    right !== undefined && Object.hasOwn(options.roots, right)
      ? { known, hint: `items here have ${right}` }
      : didYouMean(reference.root, known);
  return problem(kinds.unknownRoot, reference, `"${reference.root}" is not known here`, facts);
};

const functionProblem = (
  call: FunctionCall,
  options: CheckOptions,
): TemplateProblem | undefined => {
  const declared = options.functions.find((candidate) => candidate.name === call.name);
  if (declared === undefined && call.name === 'range') return undefined;
  if (declared === undefined) {
    const known = options.functions.map((candidate) => candidate.name);
    return problem(
      kinds.unknownFunctionFinding,
      call,
      `function "${call.name}" is not known`,
      didYouMean(call.name, known),
    );
  }
  const parameters = declared.args.map((argument) => argument.name);
  const wrong = arityProblem(parameters, call.argumentCount, call.argumentNames);
  return wrong === undefined
    ? undefined
    : problem(kinds.callProblem, call, `fn.${call.name}: ${wrong}`);
};

const referenceProblem = (
  reference: Reference,
  options: CheckOptions,
): TemplateProblem | undefined => {
  const root = ownField(options.roots, reference.root);
  const isModule = options.functions.some((declared) =>
    declared.name.startsWith(`${reference.root}.`),
  );
  if (root === undefined && isModule && reference.method !== undefined) {
    const name = [reference.root, ...reference.path, reference.method].join('.');
    return functionProblem(
      {
        ...reference,
        name,
        argumentCount: reference.argumentCount ?? 0,
        argumentNames: reference.argumentNames ?? [],
      },
      options,
    );
  }
  // A default is an answer to whatever is missing.
  if (reference.guarded) return undefined;
  if (root === undefined) return rootProblem(reference, options);
  let shape = root;
  for (const [step, name] of reference.path.entries()) {
    if (shape.fields === undefined) return undefined;
    const next = ownField(shape.fields, name);
    if (next === undefined) return fieldProblem(reference, step, shape, options);
    shape = next;
  }
  return undefined;
};

interface Signatures {
  readonly what: string;
  readonly kind: DiagnosticKind;
  readonly known: readonly string[];
  readonly parameters: (name: string) => readonly Parameter[] | undefined;
}

const filterSignatures: Signatures = {
  what: 'filter',
  kind: kinds.unknownFilterFinding,
  known: filterNames,
  parameters: (name) =>
    name === 'd' || name === 'default' ? defaultFilter.parameters : filters[name]?.parameters,
};

const testSignatures: Signatures = {
  what: 'test',
  kind: kinds.unknownTestFinding,
  known: testNames,
  parameters: (name) =>
    name === 'defined' || name === 'undefined' ? [] : valueTests[name]?.parameters,
};

/** The same name is another method on another type, so only the name is decided here. */
const methodSignatures: Signatures = {
  what: 'method',
  kind: kinds.unknownMethodFinding,
  known: methodNames,
  parameters: () => ['*any'],
};

const useProblem = (use: NamedUse, signatures: Signatures): TemplateProblem | undefined => {
  if (!signatures.known.includes(use.name)) {
    return problem(
      signatures.kind,
      use,
      `${signatures.what} "${use.name}" is not known`,
      didYouMean(use.name, signatures.known),
    );
  }
  const wrong = arityProblem(
    signatures.parameters(use.name) ?? [],
    use.argumentCount,
    use.argumentNames,
  );
  return wrong === undefined || signatures === methodSignatures
    ? undefined
    : problem(kinds.callProblem, use, `${signatures.what} "${use.name}": ${wrong}`);
};

/** In the order of the text. Methods of module functions (`date.format`) are not methods. */
export const checkTemplate = (
  template: Template,
  options: CheckOptions,
): readonly TemplateProblem[] => {
  const isModuleCall = (use: NamedUse): boolean =>
    template.references.some(
      (reference) =>
        reference.offset === use.offset &&
        reference.length === use.length &&
        reference.method === use.name &&
        ownField(options.roots, reference.root) === undefined,
    );
  const wholes = template.statements.flatMap((statement) =>
    statement.kind === 'output' ? [statement.expression] : [],
  );
  const places =
    options.secrets === 'segments'
      ? wholes
      : wholes.filter((expression) => expression === template.sole);
  const secrets = template.calls.filter(
    (call) =>
      call.name === 'secrets.get' &&
      !places.some(({ offset, length }) => offset === call.offset && length === call.length),
  );
  const found = [
    ...template.references.map((reference) => referenceProblem(reference, options)),
    ...template.calls.map((call) => functionProblem(call, options)),
    ...template.filters.map((use) => useProblem(use, filterSignatures)),
    ...template.tests.map((use) => useProblem(use, testSignatures)),
    ...template.methods
      .filter((use) => !isModuleCall(use))
      .map((use) => useProblem(use, methodSignatures)),
    ...secrets.map((call) =>
      problem(kinds.secretInText, call, 'a secret is mixed with other text or computed with'),
    ),
  ];
  return found.filter((finding) => finding !== undefined).toSorted((a, b) => a.offset - b.offset);
};
