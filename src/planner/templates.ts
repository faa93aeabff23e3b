/**
 * The planner's view of templates: a text, a scope and a sentence that says where the text stands.
 *
 * Keeps true: nothing is swallowed (D15); an error names asset, field and expression; the run's own clock is the
 * only clock, so that planning again gives the same bytes.
 */
import { TidemarkError } from '../core/errors/error.js';
import type { JsonObject, JsonValue } from '../core/values/json.js';
import { syntaxError } from '../language/template/errors.js';
import { evaluateTemplate } from '../language/template/evaluate.js';
import { templateFunctions } from '../language/template/functions/all.js';
import { parseTemplate, type Template } from '../language/template/template.js';
import {
  asText,
  isList,
  isSecretReference,
  isSqlFragment,
  type TemplateValue,
} from '../language/template/values.js';
import { badConnection, badPredicate } from './errors.js';
import { withPartitionText } from './partition-of-run.js';
import { textsIn } from './option-fields.js';

/** The roots that exist. `now` is the run's clock (ISO 8601) for functions, and no root of templates. */
export type TemplateScope = JsonObject;

/** Something that a template refers to: root and constant fields, `['source', 'item', 'file_name']`. */
export interface Mention {
  readonly path: readonly string[];
  /** The template has an answer when it is missing: a default, or a test whether it is defined. */
  readonly optional: boolean;
}

/** What `fn.secrets.get` reads; answers undefined for a name that is not set. */
export type SecretLookup = (name: string) => string | undefined;

const quoted = (text: string): string =>
  JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);

const parsed = (text: string, where: string): Template => {
  const result = parseTemplate(text);
  if ('template' in result) return result.template;
  throw new TidemarkError(syntaxError, `${where} is ${quoted(text)}: ${result.problem.message}`);
};

const mentionsOf = (template: Template): readonly Mention[] => [
  ...template.references.map(({ root, path, guarded }) => ({
    path: [root, ...path],
    optional: guarded,
  })),
  ...template.calls.map(({ name }) => ({ path: ['fn', ...name.split('.')], optional: false })),
];

/** What is answered once (`{% if x is defined %}`) counts as answered everywhere in the same text. */
const settled = (found: readonly Mention[]): readonly Mention[] => {
  const answered = new Set(
    found.filter(({ optional }) => optional).map(({ path }) => path.join('\n')),
  );
  return found.map(({ path }) => ({ path, optional: answered.has(path.join('\n')) }));
};

/** What a text mentions; empty for a constant. Throws `template/syntax-error` for a text that cannot be read. */
export const mentions = (text: string, where: string): readonly Mention[] =>
  settled(mentionsOf(parsed(text, where)));

/** The same for every text below a value. */
export const mentionsIn = (value: JsonValue, where: string): readonly Mention[] =>
  textsIn(value).flatMap(({ text }) => mentions(text, where));

/** Is there anything to resolve? A mention is not needed for that: `{{ 1 + 1 }}` is no constant. */
export const isConstant = (text: string, where: string): boolean => parsed(text, where).constant;

const wrapped = (expression: string, where: string): Template => {
  const template = parsed(`{{ ${expression} }}`, where);
  if (template.sole !== undefined) return template;
  throw new TidemarkError(
    badPredicate,
    `${where} is ${quoted(expression)}; it must be one expression without braces`,
  );
};

/** What an expression without braces mentions. */
export const expressionMentions = (expression: string, where: string): readonly Mention[] =>
  settled(mentionsOf(wrapped(expression, where)));

const plain = (
  value: TemplateValue,
  where: string,
  secrets: SecretLookup | undefined,
): JsonValue => {
  if (isSqlFragment(value)) return value.sql;
  if (isSecretReference(value)) {
    const secret = secrets?.(value.secret) ?? value.default;
    if (secret !== undefined) return secret;
    throw new TidemarkError(badConnection, `${where}: the secret "${value.secret}" is not set`);
  }
  const text = asText(value);
  if (text !== undefined) return text;
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((entry) => plain(entry, where, secrets));
  const entries = Object.entries(value as Readonly<Record<string, TemplateValue>>);
  return Object.fromEntries(entries.map(([key, entry]) => [key, plain(entry, where, secrets)]));
};

const evaluated = (
  template: Template,
  scope: TemplateScope,
  where: string,
  secrets: SecretLookup | undefined,
): JsonValue => {
  const { now, ...roots } = scope;
  const nowMs = typeof now === 'string' ? Date.parse(now) : 0;
  try {
    const value = evaluateTemplate(template, {
      scope: withPartitionText(roots),
      functions: templateFunctions,
      context: { nowMs },
      secrets: secrets === undefined ? 'refused' : 'allowed',
    });
    return plain(value, where, secrets);
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    // The same event, with the place that only the planner knows.
    throw new TidemarkError(error.kind, `${where}: ${error.message}`, {
      fix: error.fix,
      details: error.details,
    });
  }
};

/** A text that is resolved for many scopes: parsed once. */
export const compileText = (
  text: string,
  where: string,
): ((scope: TemplateScope, place: string) => JsonValue) => {
  const template = parsed(text, where);
  return (scope, place) => evaluated(template, scope, `${where}${place}`, undefined);
};

/** The text's value: native for exactly one `{{ expression }}`. `secrets` is given only for secret fields. */
export const renderText = (
  text: string,
  scope: TemplateScope,
  where: string,
  secrets?: SecretLookup,
): JsonValue => evaluated(parsed(text, where), scope, where, secrets);

/** An expression without braces, parsed once. */
export const compileExpression = (
  expression: string,
  where: string,
): ((scope: TemplateScope, place: string) => JsonValue) => {
  const template = wrapped(expression, where);
  return (scope, place) => evaluated(template, scope, `${where}${place}`, undefined);
};
