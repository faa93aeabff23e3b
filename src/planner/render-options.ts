/**
 * Options with their templates of the run resolved; a target keeps those texts that need an item.
 *
 * Keeps true: a field declared secret is never resolved here, it stays the reference that was written; a template
 * that fails is an error that names asset, field and expression (D15).
 */
import type { OptionFinding } from '../connectors/connector.js';
import { TidemarkError } from '../core/errors/error.js';
import type { JsonObject, JsonValue } from '../core/values/json.js';
import { fieldPlace } from './asset-mentions.js';
import { badOptions, badTemplate } from './errors.js';
import {
  factsAt,
  fieldName,
  mapTexts,
  withoutNulls,
  type OptionPath,
  type OptionSchema,
} from './option-fields.js';
import { shown } from './read-request.js';
import { isConstant, mentions, renderText, type Mention, type TemplateScope } from './templates.js';

export interface Side {
  readonly subject: string;
  readonly side: 'source' | 'target';
  readonly schema: OptionSchema;
  /** What texts of a target may wait for: its files, by default, or the window of an unload. */
  readonly waitsFor?: 'item' | 'window';
}

/** Does a text need the window's marks? They are known when it is open (D16). */
export const needsWindow = (used: readonly Mention[]): boolean =>
  used.some(({ path }) => path[0] === 'metadata');

/** Does a text need the file at hand? `source.path` and its like are options of the source: known before. */
export const needsItem = (used: readonly Mention[]): boolean =>
  used.some(({ path }) => path[0] === 'source' && (path[1] === 'item' || path[1] === undefined));

export interface RenderedOptions {
  readonly options: JsonObject;
  /** What the kept templates and the predicate mention: the plan carries these variables and no others. */
  readonly kept: readonly Mention[];
}

/**
 * Texts of a target are read once more for each item. A resolved value with braces in it would then be a template
 * that whoever started the run wrote; no key needs braces, so it is refused (D15).
 */
const assertNoBraces = (value: JsonValue, where: string): void => {
  if (typeof value !== 'string' || !/\{[{%#]/.test(value)) return;
  throw new TidemarkError(
    badOptions,
    `${where} is ${shown(value)} once it is resolved; braces are not allowed here`,
  );
};

/** A field without a value would silently mean its default: the whole bucket instead of one folder (D15). */
const assertValue = (value: JsonValue, text: string, where: string): void => {
  if (value !== null) return;
  throw new TidemarkError(
    badTemplate,
    `${where} is ${shown(text)}, which has no value in this run`,
    {
      fix: "Give it one, for example with `| default('…')`; an upstream that found no file has no `result.prefix`.",
    },
  );
};

interface RenderedOption {
  readonly value: JsonValue;
  readonly kept: readonly Mention[];
}

/** A text that waits for the window: only the key of an object may. */
const keepForWindow = (
  text: string,
  path: OptionPath,
  where: string,
  used: readonly Mention[],
): RenderedOption => {
  if (path.join('.') === 'key') return { value: text, kept: used };
  throw new TidemarkError(
    badTemplate,
    `${where} is ${shown(text)}; only key may use metadata, which changes with each window`,
  );
};

const keepForItem = (
  text: string,
  side: Side,
  where: string,
  known: { readonly used: readonly Mention[]; readonly isItemField: boolean },
): RenderedOption => {
  const isPerItem = side.side === 'target' && known.isItemField;
  if (isPerItem && side.waitsFor !== 'window') return { value: text, kept: known.used };
  const ofTarget = isPerItem
    ? 'rows of a table are no items'
    : 'this field is the same for every item';
  const reason = side.side === 'source' ? 'a source is read before its items are known' : ofTarget;
  throw new TidemarkError(
    badTemplate,
    `${where} is ${shown(text)}; ${reason}, so it cannot use source.item`,
  );
};

const renderOption = (
  text: string,
  path: OptionPath,
  side: Side,
  scope: TemplateScope,
): RenderedOption => {
  const facts = factsAt(side.schema, path);
  const where = fieldPlace(side.subject, side.side, fieldName(path));
  if (facts.secret === true || facts.template === 'predicate') return { value: text, kept: [] };
  const used = mentions(text, where);
  const isItemField = facts.template === 'item';
  if (needsItem(used)) return keepForItem(text, side, where, { used, isItemField });
  if (side.waitsFor === 'window' && needsWindow(used))
    return keepForWindow(text, path, where, used);
  const value = isConstant(text, where) ? text : renderText(text, scope, where);
  assertValue(value, text, where);
  if (side.side === 'target' && isItemField) assertNoBraces(value, where);
  return { value, kept: [] };
};

export const renderOptions = (
  configs: JsonObject,
  side: Side,
  scope: TemplateScope,
): RenderedOptions => {
  const kept: Mention[] = [];
  const rendered = mapTexts(configs, (text, path) => {
    const result = renderOption(text, path, side, scope);
    kept.push(...result.kept);
    return result.value;
  });
  const options = withoutNulls(rendered as JsonObject);
  return { options: textWhereTextIsMeant(options, side.schema), kept };
};

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (current, step) =>
      typeof current === 'object' && current !== null
        ? (current as Record<PropertyKey, unknown>)[step]
        : undefined,
    value,
  );

/**
 * `{{ params.day }}` is the number 20260131 where the parameter is one; a field that takes text gets its text.
 * Only fields of the top level: there templates give whole values.
 */
const textWhereTextIsMeant = (options: JsonObject, schema: OptionSchema): JsonObject => {
  const parsed = schema.safeParse(options);
  if (parsed.success) return options;
  const changed = parsed.error.issues.flatMap(
    (issue): readonly (readonly [string, JsonValue])[] => {
      const [field] = issue.path;
      if (issue.path.length !== 1 || typeof field !== 'string') return [];
      const expectsText = issue.code === 'invalid_type' && issue.expected === 'string';
      const value = options[field];
      return expectsText && (typeof value === 'number' || typeof value === 'boolean')
        ? [[field, String(value)]]
        : [];
    },
  );
  return { ...options, ...Object.fromEntries(changed) };
};

/** A field of the dialect that this connector does not support is refused by name, never ignored (D20). */
const assertSupported = (options: JsonObject, side: Side): void => {
  for (const name of Object.keys(options)) {
    const { refused } = factsAt(side.schema, [name]);
    if (refused === undefined) continue;
    throw new TidemarkError(
      badOptions,
      `${fieldPlace(side.subject, side.side, name)} is not supported`,
      { fix: refused },
    );
  }
};

const sentence = (message: string, value: unknown): string =>
  value === undefined ? message : `${message} (it is ${shown(value)})`;

/**
 * The options as the connector's schema gives them, and its own findings checked. Throws `plan/bad-options` naming
 * asset, field and value; the values of secret fields are not shown.
 */
export const parseOptions = (
  options: JsonObject,
  side: Side,
  check: ((parsed: unknown) => readonly OptionFinding[]) | undefined,
): unknown => {
  assertSupported(options, side);
  const parsed = side.schema.safeParse(options);
  if (!parsed.success) {
    const reasons = parsed.error.issues.map((issue) => {
      const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
      const value =
        factsAt(side.schema, path).secret === true || path.length === 0
          ? undefined
          : valueAt(options, path);
      return `${fieldPlace(side.subject, side.side, fieldName(path))}: ${sentence(issue.message, value)}`;
    });
    throw new TidemarkError(badOptions, reasons.join('; '));
  }
  const finding = (check?.(parsed.data) ?? []).find(({ kind }) => kind.severity === 'error');
  if (finding !== undefined) {
    const { path, kind, message, fix = kind.fix } = finding;
    const where = fieldPlace(side.subject, side.side, fieldName(path));
    throw new TidemarkError(badOptions, `${where}: ${message}`, { fix });
  }
  return parsed.data;
};
