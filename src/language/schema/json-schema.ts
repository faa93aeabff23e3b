/**
 * From a zod declaration to JSON Schema (draft-07, what editors read best), with what zod cannot know put in: templates
 * where the linter takes them, choices in upper and lower case, keys that are refused by name.
 */
import { z } from 'zod';
import { caselessPattern, type TemplateScope } from '../../connectors/fields.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/values/json.js';

/** `free`: keys of the dialect itself, where the reader does not look for templates. */
type Scope = TemplateScope | 'free';

/** Keys that are known and refused, with what to write instead. */
type Advice = Readonly<Record<string, string>>;

const isSchema = (value: JsonValue | undefined): value is JsonObject =>
  value !== undefined && isJsonObject(value);

const listOf = (value: JsonValue | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly JsonValue[]).filter(isSchema) : [];

/**
 * A key that is known and refused: never offered, and the editor shows the advice. Editors show a message of ours beside
 * `type`, not beside `not`; no value is of both types.
 */
export const refusedKey = (advice: string): JsonObject => {
  const errorMessage = `Not supported: ${advice}`;
  return {
    description: errorMessage,
    allOf: [
      { type: 'null', errorMessage },
      { type: 'string', errorMessage },
    ],
    doNotSuggest: true,
  };
};

const isRefused = ({ doNotSuggest }: JsonObject): boolean => doNotSuggest === true;

const exactly = (words: readonly string[]): string =>
  `^(${words.map((word) => caselessPattern(word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))).join('|')})$`;

/** Words in upper and lower case: the list for completion, the pattern for what else is accepted. */
export const anyCase = (words: readonly string[]): JsonObject => ({
  anyOf: [{ enum: words }, { type: 'string', pattern: exactly(words) }],
});

/** Is this key one of the words? For `if`. */
export const keyIs = (key: string, words: readonly string[]): JsonObject => ({
  properties: { [key]: { type: 'string', pattern: exactly(words) } },
  required: [key],
});

const templateText = '\\{\\{|\\{%|\\{#';
/** A connection also takes a variable of the environment by itself: `env:NAME`. */
const templateOf = (scope: Scope): JsonObject => ({
  type: 'string',
  pattern:
    scope === 'connection' ? `${templateText}|^\\s*env:[A-Za-z_][A-Za-z0-9_]*\\s*$` : templateText,
});

const takesTemplates = (scope: Scope): boolean =>
  scope === 'connection' || scope === 'run' || scope === 'item';

/** zod writes alternatives that are only types as one list of types. */
const takesText = ({ type }: JsonObject): boolean =>
  Array.isArray(type) ? type.includes('string') : type === 'string';

const takesAnyText = (node: JsonObject): boolean =>
  takesText(node) && node['pattern'] === undefined && node['enum'] === undefined;

const isAnything = (node: JsonObject): boolean =>
  ['type', 'anyOf', 'enum', 'const', 'properties'].every((key) => node[key] === undefined);

/** Facts about a value that belong to the whole, whatever alternatives it has. */
const headKeys = ['title', 'description', 'default', 'examples'];

const split = (node: JsonObject): { readonly head: JsonObject; readonly body: JsonObject } => {
  const entries = Object.entries(node);
  return {
    head: Object.fromEntries(entries.filter(([key]) => headKeys.includes(key))),
    body: Object.fromEntries(entries.filter(([key]) => !headKeys.includes(key))),
  };
};

/** The alternatives of a value as one flat list, each once; what they say about the whole stands above them. */
const alternatives = (branches: readonly JsonObject[], head: JsonObject): JsonObject => {
  const parts = branches.map(split);
  const flat = parts.flatMap(({ body }) =>
    Object.keys(body).length === 1 && body['anyOf'] !== undefined ? listOf(body['anyOf']) : [body],
  );
  const unique = new Map(flat.map((branch) => [JSON.stringify(branch), branch]));
  const heads = parts.map((part) => part.head).reverse();
  const whole = Object.assign({}, ...heads, head) as JsonObject;
  return { ...whole, anyOf: [...unique.values()] };
};

/** What may stand for a value beside itself. */
export const orElse = (node: JsonObject, other: JsonObject): JsonObject =>
  alternatives([node, other], {});

export const orNull = (node: JsonObject): JsonObject =>
  isAnything(node) ? node : orElse(node, { type: 'null' });

const withTemplates = (node: JsonObject, scope: Scope): JsonObject => {
  if (scope === 'free' || isAnything(node)) return node;
  if (!takesTemplates(scope)) return takesText(node) ? { ...node, not: templateOf(scope) } : node;
  return takesAnyText(node) ? node : orElse(node, templateOf(scope));
};

const children = (node: JsonObject, scope: Scope): JsonObject => {
  const { properties, additionalProperties: others, items, propertyNames, ...rest } = node;
  return {
    ...rest,
    ...(isSchema(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, value]) => [
              key,
              isSchema(value) ? finish(value, scope) : value,
            ]),
          ),
        }
      : {}),
    ...(isSchema(items) ? { items: finish(items, scope) } : {}),
    ...(others === undefined
      ? {}
      : { additionalProperties: isSchema(others) ? finish(others, scope) : others }),
    // A mapping has names of text anyway; only a rule beyond that is worth a line.
    ...(isSchema(propertyNames) && Object.keys(propertyNames).length > 1 ? { propertyNames } : {}),
  };
};

/** Turns the facts of the declaration, which zod copies into its schema, into what JSON Schema understands. */
const finish = (node: JsonObject, outer: Scope): JsonObject => {
  const { template, secret: _secret, ours: _ours, caseless, refused, ...plain } = node;
  if (typeof refused === 'string') return refusedKey(refused);
  const scope = outer === 'free' ? outer : ((template ?? outer) as Scope);
  if (caseless === true) {
    const { enum: words, type: _type, ...rest } = plain;
    const known = anyCase((words ?? []) as readonly string[]);
    return withTemplates({ ...rest, ...known }, scope);
  }
  const { anyOf, ...body } = plain;
  const branches = listOf(anyOf);
  // Beside a type, `anyOf` is a rule about the whole mapping and not a list of its forms.
  if (branches.length === 0 || plain['type'] !== undefined)
    return withTemplates(children(plain, scope), scope);
  const { head } = split(body);
  return alternatives(
    branches.map((branch) => finish(branch, scope)),
    head,
  );
};

const fromZod = (schema: z.ZodType): JsonObject => {
  const { $schema: _draft, ...written } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    target: 'draft-7',
    // A default of the input is left out by zod where a transform follows.
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod;
      if (def.type === 'default' || def.type === 'prefault')
        jsonSchema.default = def.defaultValue as z.core.JSONSchema.JSONSchema['default'];
    },
  });
  return written as JsonObject;
};

/** Keys of the dialect itself. `refused`: the ones that this release does not support, with the advice. */
export const shapeSchema = (shape: z.ZodType, refused: Advice = {}): JsonObject =>
  withRefused(finish(fromZod(shape), 'free'), refused);

/**
 * Options of a connector: null is the same as absent, and texts may hold templates where their field says so. `layered`:
 * the options are one layer of several, so that none of them is required here.
 */
export const optionsSchema = (
  options: z.ZodType,
  { refused = {}, layered = false }: { readonly refused?: Advice; readonly layered?: boolean } = {},
): JsonObject => {
  const whole = finish(fromZod(options), 'none');
  const schema = layered ? partial(whole) : whole;
  const required = (schema['required'] ?? []) as readonly string[];
  const properties = Object.entries(propertiesOf(schema)).map(([key, value]) => [
    key,
    required.includes(key) || isRefused(value) ? value : orNull(value),
  ]);
  return withRefused(
    { ...schema, properties: Object.fromEntries(properties) as JsonObject },
    refused,
  );
};

export const propertiesOf = (schema: JsonObject): Readonly<Record<string, JsonObject>> =>
  (schema['properties'] ?? {}) as Readonly<Record<string, JsonObject>>;

const withRefused = (schema: JsonObject, refused: Advice): JsonObject => {
  const known = propertiesOf(schema);
  const added = Object.entries(refused)
    .filter(([key]) => !Object.hasOwn(known, key))
    .map(([key, advice]) => [key, refusedKey(advice)]);
  return { ...schema, properties: { ...known, ...(Object.fromEntries(added) as JsonObject) } };
};

/** A mapping of which every layer writes a part: nothing is required of one file, except inside lists. */
export const partial = (schema: JsonObject): JsonObject => {
  const { required: _required, ...rest } = schema;
  const inner = ['properties', 'additionalProperties'].flatMap((key) => {
    const value = rest[key];
    if (!isSchema(value)) return [];
    const parts =
      key === 'additionalProperties'
        ? partial(value)
        : Object.fromEntries(
            Object.entries(value).map(([name, part]) => [
              name,
              isSchema(part) ? partial(part) : part,
            ]),
          );
    return [[key, parts] as const];
  });
  return { ...rest, ...Object.fromEntries(inner) };
};
