/**
 * Checks the options of a connection, source or target by the connector's own declaration.
 *
 * A value that holds a template is not judged by its type, because it is not known yet; whether a template may stand
 * there is (the field's scope). Null is the same as absent (dialect §2.4).
 */
import type { z } from 'zod';
import type { OptionFinding } from '../../connectors/connector.js';
import {
  fieldFacts,
  objectFields,
  type FieldFacts,
  type TemplateScope,
} from '../../connectors/fields.js';
import { diagnose } from '../../core/errors/diagnostic.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/values/json.js';
import { notSupported, templateNotAllowed } from './diagnostics.js';
import { withMeantKeys } from './meant-keys.js';
import { placedAt, placedEntries, without, type Path, type Placed } from './placed.js';
import { issuesOf, pathText, reportIssues, type Reading } from './reading.js';
import { olderOptions } from './refused.js';

/** A text of the options with the facts of the field that it stands in. */
export interface OptionText {
  readonly path: Path;
  readonly text: string;
  readonly facts: Partial<FieldFacts>;
  /** Of the element's schema; undefined when the field is not known. */
  readonly known: boolean;
}

export const holdsTemplate = (text: string): boolean => /\{\{|\{%|\{#/.test(text);

/** Every text in the options, with the facts of its field; an inner field inherits what it does not say itself. */
export const optionTexts = (schema: z.ZodType, options: JsonValue): readonly OptionText[] => {
  const found: OptionText[] = [];
  const walk = (
    at: z.ZodType | undefined,
    value: JsonValue,
    path: Path,
    outer: Partial<FieldFacts>,
  ) => {
    const facts = at === undefined ? outer : { ...outer, ...fieldFacts(at) };
    if (typeof value === 'string')
      found.push({ path, text: value, facts, known: at !== undefined });
    else if (Array.isArray(value)) {
      value.forEach((item: JsonValue, index) => {
        walk(at, item, [...path, index], facts);
      });
    } else if (isJsonObject(value)) {
      const fields = at === undefined ? {} : objectFields(at);
      for (const [key, entry] of Object.entries(value)) {
        // What has no fields of its own (a mapping, a list of statements) is one value of its field.
        const own = Object.keys(fields).length === 0 ? at : undefined;
        walk(Object.hasOwn(fields, key) ? fields[key] : own, entry, [...path, key], facts);
      }
    }
  };
  walk(schema, options, [], {});
  return found;
};

const refuseOptions = (schema: z.ZodType, placed: Placed, reading: Reading): Placed => {
  const fields = objectFields(schema);
  const refused = placedEntries(placed).flatMap(([key]) => {
    const own = Object.hasOwn(fields, key) ? fields[key] : undefined;
    const older =
      own === undefined && Object.hasOwn(olderOptions, key) ? olderOptions[key] : undefined;
    const advice = own === undefined ? older : fieldFacts(own).refused;
    return advice === undefined ? [] : [{ key, advice }];
  });
  for (const { key, advice } of refused) {
    const message = `${reading.what}: ${key} is not supported`;
    reading.report(diagnose(notSupported, placed.span([key], 'key'), message, { fix: advice }));
  }
  return without(
    placed,
    refused.map(({ key }) => key),
  );
};

/** Null is the same as absent, for keys that are known: a slip of the pen stays one. */
const withoutNulls = (schema: z.ZodType, placed: Placed): Placed =>
  without(
    placed,
    placedEntries(placed)
      .filter(([key, entry]) => entry.value === null && Object.hasOwn(objectFields(schema), key))
      .map(([key]) => key),
  );

const refuseTemplates = (texts: readonly OptionText[], placed: Placed, reading: Reading): void => {
  for (const { path, text, facts, known } of texts) {
    const scope = facts.template ?? 'none';
    if (!known || !holdsTemplate(text) || (scope !== 'none' && scope !== 'predicate')) continue;
    const where = `${reading.what}: ${pathText(path)}`;
    reading.report(
      scope === 'none'
        ? diagnose(templateNotAllowed, placed.span(path, 'value'), `${where} takes no template`, {
            fix: 'Write the value itself.',
          })
        : diagnose(
            templateNotAllowed,
            placed.span(path, 'value'),
            `${where} is an expression by itself`,
            {
              fix: 'Write it without braces: file_size > 1048576.',
            },
          ),
    );
  }
};

const reportFinding = (finding: OptionFinding, placed: Placed, reading: Reading): void => {
  const { path, kind, message, fix = kind.fix } = finding;
  const span = placed.span(path, 'value');
  reading.report(diagnose(kind, span, `${reading.what}: ${message}`, { fix }));
};

export interface OptionsDeclaration {
  readonly options: z.ZodType;
  check?(options: unknown): readonly OptionFinding[];
}

/** Its value is known only in a run: a template, or in a connection a variable of the environment (D12). */
const isOpen = (text: string, scope: TemplateScope): boolean =>
  holdsTemplate(text) ||
  (scope === 'connection' && /^\s*env:[A-Za-z_][A-Za-z0-9_]*\s*$/.test(text));

/** The options without what was refused; whether they are right is in the findings. */
export const readOptions = (
  declaration: OptionsDeclaration,
  placed: Placed,
  reading: Reading,
): JsonObject => {
  const schema = declaration.options;
  const meant = withMeantKeys(placed, objectFields(schema), reading);
  const supported = withoutNulls(schema, refuseOptions(schema, meant, reading));
  const texts = optionTexts(schema, supported.value);
  refuseTemplates(texts, supported, reading);
  const open = texts.filter(({ text, facts }) => isOpen(text, facts.template ?? 'none'));
  const all = issuesOf(schema, supported.value);
  const issues = all.filter(
    (issue) => !open.some(({ path }) => path.join('\0') === issue.path.map(String).join('\0')),
  );
  reportIssues(issues, supported, schema, reading);
  if (declaration.check !== undefined && issues.length === 0) {
    const unjudged = all.map((issue) => String(issue.path[0]));
    const parsed = schema.safeParse(without(supported, unjudged).value);
    for (const finding of parsed.success ? declaration.check(parsed.data) : []) {
      reportFinding(finding, placedAt(supported), reading);
    }
  }
  return isJsonObject(supported.value) ? supported.value : {};
};
