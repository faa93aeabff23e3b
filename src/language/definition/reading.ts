/**
 * Reads a placed value by a schema and turns what does not fit into findings.
 *
 * One wrong key does not hide the others: it is reported and left out, and the rest is read again, so that an entry
 * with a wrong detail is still known to whatever refers to it.
 */
import type { z } from 'zod';
import { fieldFacts, objectFields } from '../../connectors/fields.js';
import { diagnose, type Diagnostic } from '../../core/errors/diagnostic.js';
import { isJsonObject, type JsonValue } from '../../core/values/json.js';
import { suggest } from '../../core/values/suggest.js';
import { missingKey, notSupported, unknownKey, wrongValue } from './diagnostics.js';
import { placedEntries, valueAt, without, type Path, type Placed } from './placed.js';
import { refusedKeys, type Section } from './refused.js';

export type Report = (diagnostic: Diagnostic) => void;

/** What is being read, for messages: `asset "orders"`. */
export interface Reading {
  readonly what: string;
  readonly report: Report;
}

type Issue = z.core.$ZodIssue;

const typeWords: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

const typeWord = (expected: string): string => typeWords[expected] ?? expected;

const unionExpectation = (issue: Issue & { code: 'invalid_union' }): string => {
  const words = issue.errors
    .flat()
    .filter((inner) => inner.path.length === 0)
    .map((inner) => expectation(inner));
  return [...new Set(words)].join(' or ') || 'another value';
};

/** What would be right, as it follows "should be". */
const expectation = (issue: Issue): string => {
  if (issue.code === 'invalid_type') return typeWord(issue.expected);
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_union') return unionExpectation(issue);
  if (issue.code === 'too_small') {
    return `${issue.inclusive === false ? 'more than' : 'at least'} ${String(issue.minimum)}`;
  }
  if (issue.code === 'too_big') {
    return `${issue.inclusive === false ? 'less than' : 'at most'} ${String(issue.maximum)}`;
  }
  return issue.message;
};

const shown = (value: JsonValue): string => {
  if (Array.isArray(value)) return 'a list';
  if (isJsonObject(value)) return 'a mapping';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
};

export const pathText = (path: Path): string =>
  path
    .map((step, index) =>
      typeof step === 'number' ? `[${String(step)}]` : index === 0 ? step : `.${step}`,
    )
    .join('');

/** Of a value that may not be shown. */
const sortOf = (value: JsonValue): string =>
  typeof value === 'object' ? shown(value) : typeWord(typeof value);

const wrongMessage = (issue: Issue, value: JsonValue, where: string, isSecret: boolean): string => {
  const given = isSecret ? sortOf(value) : shown(value);
  // An empty text is the usual way to be "too small"; sizes of lists and numbers read as they are.
  if (issue.code === 'too_small' && (value === '' || Array.isArray(value))) {
    return `${where} is empty`;
  }
  if (issue.code === 'custom' || issue.code === 'invalid_format')
    return `${where} is ${given}: ${issue.message}`;
  return `${where} is ${given} and should be ${expectation(issue)}`;
};

const issuePath = (issue: Issue): Path =>
  issue.path.map((step) => (typeof step === 'number' ? step : String(step)));

const refinements: readonly string[] = ['custom', 'invalid_format', 'too_small', 'too_big'];

/** An issue inside a union points at the branch that got furthest: the one that the author most likely meant. */
export const innermost = (issue: Issue): Issue => {
  if (issue.code !== 'invalid_union') return issue;
  // A branch that took the type and refused the value knows best what is wrong with it.
  const refined = issue.errors
    .flat()
    .find((inner) => inner.path.length === 0 && refinements.includes(inner.code));
  const deeper = issue.errors.flat().filter((inner) => inner.path.length > 0);
  const [first] = [...deeper].sort((a, b) => b.path.length - a.path.length);
  const keys = issue.errors.flat().find((inner) => inner.code === 'unrecognized_keys');
  const chosen = first ?? keys ?? refined;
  return chosen === undefined
    ? issue
    : innermost({ ...chosen, path: [...issue.path, ...chosen.path] });
};

/** The field at a path; undefined below a list. */
const fieldAt = (schema: z.ZodType, path: Path): z.ZodType | undefined => {
  let current: z.ZodType | undefined = schema;
  for (const step of path) {
    if (typeof step === 'number' || current === undefined) return undefined;
    current = objectFields(current)[step];
  }
  return current;
};

/** Keys that an object schema knows at a path, refused ones left out. */
const knownKeysAt = (schema: z.ZodType, path: Path): readonly string[] => {
  const current = fieldAt(schema, path);
  const fields = current === undefined ? {} : objectFields(current);
  return Object.keys(fields).filter((key) => {
    const known = fields[key];
    return known === undefined || fieldFacts(known).refused === undefined;
  });
};

export const reportUnknownKey = (
  placed: Placed,
  path: Path,
  reading: Reading,
  names: { readonly known: readonly string[]; readonly near?: string },
): void => {
  const { known, near = suggest(String(path.at(-1)), known) } = names;
  reading.report(
    diagnose(
      unknownKey,
      placed.span(path, 'key'),
      `${reading.what}: key ${JSON.stringify(pathText(path))} is not known`,
      {
        ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
        ...(known.length === 0 ? {} : { known }),
      },
    ),
  );
};

/** The advice of D22, where a number or a boolean was expected: only there does the difference matter. */
const yaml11Fix = (issue: Issue, placed: Placed, path: Path): { readonly fix?: string } => {
  const expected = issue.code === 'invalid_type' ? issue.expected : '';
  const matters = expected === 'boolean' || expected === 'number' || expected === 'int';
  const fix = matters ? placed.yaml11(path) : undefined;
  return fix === undefined ? {} : { fix };
};

/** The words that an enumeration takes, in a union of it and other things, too. */
const wordsOf = (issue: Issue): readonly string[] => {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return issue.code === 'invalid_union' ? issue.errors.flat().flatMap(wordsOf) : [];
};

const expectsList = (issue: Issue): boolean =>
  issue.code === 'invalid_type' && issue.expected === 'array';

/** What was probably meant: the nearest word, or a list of what stands there. */
const meant = (
  issue: Issue,
  value: JsonValue,
): { readonly hint?: string; readonly fix?: string } => {
  if (typeof value !== 'string' || value === '') return {};
  if (expectsList(issue)) return { fix: `Write a list: [${value}].` };
  const near = suggest(value, wordsOf(issue));
  return near === undefined ? {} : { hint: `did you mean ${near}?` };
};

const reportIssue = (issue: Issue, placed: Placed, schema: z.ZodType, reading: Reading): void => {
  const path = issuePath(issue);
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeysAt(schema, path);
    for (const key of issue.keys) reportUnknownKey(placed, [...path, key], reading, { known });
    return;
  }
  const value = valueAt(placed.value, path);
  const where = path.length === 0 ? reading.what : `${reading.what}: ${pathText(path)}`;
  if (value === undefined) {
    const parent = placed.span(path.slice(0, -1), 'key');
    reading.report(diagnose(missingKey, parent, `${where} is missing`));
    return;
  }
  const field = fieldAt(schema, path);
  const isSecret = field !== undefined && fieldFacts(field).secret === true;
  const message = wrongMessage(issue, value, where, isSecret);
  reading.report(
    diagnose(wrongValue, placed.span(path, 'value'), message, {
      ...(isSecret ? {} : meant(issue, value)),
      ...yaml11Fix(issue, placed, path),
    }),
  );
};

const issuesIn = (result: z.ZodSafeParseResult<unknown>): readonly Issue[] =>
  result.success ? [] : result.error.issues.map(innermost);

/** The issues of a value under a schema, each one at its most telling place. */
export const issuesOf = (schema: z.ZodType, value: JsonValue): readonly Issue[] =>
  issuesIn(schema.safeParse(value));

export const reportIssues = (
  issues: readonly Issue[],
  placed: Placed,
  schema: z.ZodType,
  reading: Reading,
): void => {
  for (const issue of issues) reportIssue(issue, placed, schema, reading);
};

/** Top-level keys with an issue; unknown keys name themselves. */
const offendingKeys = (issues: readonly Issue[]): readonly string[] =>
  issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0
      ? issue.keys
      : issue.path.slice(0, 1).map(String),
  );

/** Refuses, by name, the keys of a section that this release does not support; the rest is left. */
export const refuseKeys = (placed: Placed, section: Section, reading: Reading): Placed => {
  const table = refusedKeys[section];
  const found = placedEntries(placed).filter(([key]) => Object.hasOwn(table, key));
  for (const [key] of found) {
    reading.report(
      diagnose(
        notSupported,
        placed.span([key], 'key'),
        `${reading.what}: ${key} is not supported`,
        { fix: table[key] ?? '' },
      ),
    );
  }
  return without(
    placed,
    found.map(([key]) => key),
  );
};

/**
 * Reads a mapping. Everything that does not fit is reported; the answer holds what does, or is undefined when too
 * little is left (a required key is missing or wrong, or it is no mapping at all).
 */
export const readShape = <T>(
  schema: z.ZodType<T>,
  placed: Placed,
  section: Section,
  reading: Reading,
): T | undefined => {
  if (!isJsonObject(placed.value)) {
    const message = `${reading.what} is ${shown(placed.value)} and should be a mapping`;
    reading.report(diagnose(wrongValue, placed.span([], 'value'), message));
    return undefined;
  }
  const supported = refuseKeys(placed, section, reading);
  const whole = schema.safeParse(supported.value);
  if (whole.success) return whole.data;
  const issues = issuesIn(whole);
  reportIssues(issues, supported, schema, reading);
  return schema.safeParse(without(supported, offendingKeys(issues)).value).data;
};
