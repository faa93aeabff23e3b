/**
 * Values that a zod declaration accepts, and small damages to them: configurations are made from the declarations
 * themselves, so that a field that somebody adds tomorrow is in the property tomorrow.
 */
import fc from 'fast-check';
import { z } from 'zod';
import { fieldFacts, objectFields } from '../../src/connectors/fields.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/values/json.js';
import { valueAt, type Path } from '../../src/language/definition/placed.js';

type Values = fc.Arbitrary<JsonValue>;

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,6}$/);
const anything: Values = fc.oneof(word, fc.integer(), fc.boolean());

const inAnyCase = (value: string): Values =>
  fc
    .array(fc.boolean(), { minLength: value.length, maxLength: value.length })
    .map((upper) =>
      [...value].map((at, i) => (upper[i] === true ? at.toUpperCase() : at.toLowerCase())).join(''),
    );

const textOf = (schema: z.ZodString): Values => {
  const pattern = schema.meta()?.['pattern'];
  if (typeof pattern === 'string')
    return fc.stringMatching(new RegExp(pattern)).filter((text) => !text.includes('\n'));
  return schema.format === 'regex' ? fc.constant('7') : word;
};

const numberOf = (schema: z.ZodNumber): Values => {
  const min = Math.max(schema.minValue ?? 0, -1000);
  const max = Math.min(schema.maxValue ?? 1000, 1000);
  const whole = fc.integer({ min: Math.ceil(min), max });
  return schema.isInt ? whole : fc.oneof(whole, fc.constantFrom(min + 0.5));
};

/** Checks that no schema can express (a regular expression, an expression): their fields say what is right. */
const exampleOf = (schema: z.ZodType): Values | undefined => {
  const { examples, refused } = fieldFacts(schema);
  const isText = schema instanceof z.ZodString || schema instanceof z.ZodUnion;
  return isText && examples !== undefined && refused === undefined
    ? fc.constantFrom(...examples)
    : undefined;
};

const innerOf = (schema: z.ZodType, key: string): z.ZodType =>
  (schema.def as unknown as Record<string, z.ZodType>)[key] as z.ZodType;

const plainValues = (schema: z.ZodType): Values | undefined => {
  if (schema instanceof z.ZodString) return textOf(schema);
  if (schema instanceof z.ZodNumber) return numberOf(schema);
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodNull) return fc.constant(null);
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...(schema.def.values as JsonValue[]));
  if (schema instanceof z.ZodEnum)
    return fc.constantFrom(...(schema.options as readonly JsonValue[]));
  return schema instanceof z.ZodUnknown || schema instanceof z.ZodCustom ? anything : undefined;
};

const composedValues = (schema: z.ZodType): Values | undefined => {
  if (schema instanceof z.ZodObject) return mappingOf(schema);
  if (schema instanceof z.ZodArray)
    return fc.array(valuesOf(innerOf(schema, 'element')), { minLength: 1, maxLength: 3 });
  if (schema instanceof z.ZodRecord)
    return fc.dictionary(word, valuesOf(innerOf(schema, 'valueType')), { maxKeys: 3 });
  if (schema instanceof z.ZodUnion)
    return fc.oneof(...(schema.options as readonly z.ZodType[]).map(valuesOf));
  return undefined;
};

const wrappedValues = (schema: z.ZodType): Values => {
  if (schema instanceof z.ZodPipe) return pipeOf(innerOf(schema, 'in'), innerOf(schema, 'out'));
  const inner = innerOf(schema, 'innerType');
  if (!(inner instanceof z.ZodType)) throw new Error(`no values for ${schema.def.type}: add them`);
  const values = valuesOf(inner);
  return schema instanceof z.ZodNullable ? fc.option(values, { freq: 5 }) : values;
};

export const valuesOf = (schema: z.ZodType): Values =>
  exampleOf(schema) ?? plainValues(schema) ?? composedValues(schema) ?? wrappedValues(schema);

/** A preprocess is a choice in upper and lower case; of anything else the input counts. */
const pipeOf = (before: z.ZodType, after: z.ZodType): Values =>
  before instanceof z.ZodTransform && after instanceof z.ZodEnum
    ? fc.constantFrom(...after.options.map(String)).chain(inAnyCase)
    : valuesOf(before);

const acceptsNothing = (schema: z.ZodType): boolean => schema.safeParse(undefined).success;

/** Required fields always, others now and then, refused ones never. */
export const mappingOf = (
  schema: z.ZodType,
  more: Readonly<Record<string, Values>> = {},
): fc.Arbitrary<JsonObject> => {
  const fields = Object.entries(objectFields(schema))
    .filter(([, field]) => fieldFacts(field).refused === undefined)
    .map(([name, field]) => [name, more[name] ?? valuesOf(field), acceptsNothing(field)] as const);
  const often = fields.map(([name, values, isOptional]) =>
    isOptional
      ? fc.option(values, { nil: undefined, freq: 2 }).map((value) => [name, value] as const)
      : values.map((value) => [name, value] as const),
  );
  return fc
    .tuple(...often)
    .map((entries) =>
      Object.fromEntries(
        entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      ),
    );
};

const pathsIn = (value: JsonValue, path: Path = []): readonly Path[] => [
  path,
  ...(Array.isArray(value)
    ? value.flatMap((entry: JsonValue, at) => pathsIn(entry, [...path, at]))
    : isJsonObject(value)
      ? Object.entries(value).flatMap(([key, entry]) => pathsIn(entry, [...path, key]))
      : []),
];

const changed = (
  value: JsonValue,
  path: Path,
  change: (part: JsonValue) => JsonValue | undefined,
): JsonValue | undefined => {
  const [step, ...rest] = path;
  if (step === undefined) return change(value);
  if (Array.isArray(value))
    return value.flatMap((entry: JsonValue, at) => {
      const part = at === step ? changed(entry, rest, change) : entry;
      return part === undefined ? [] : [part];
    });
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, entry]) => {
      const part = key === step ? changed(entry, rest, change) : entry;
      return part === undefined ? [] : [[key, part]];
    }),
  );
};

const wrongTypes: readonly JsonValue[] = [null, true, 0, '', 'zzz', [], ['zzz'], {}, { zzz: 1 }];
const numbers: readonly JsonValue[] = [-1, 0, 0.5, 5, 29, 100, 100_000, 1e9, '7', '10s', '5 MB'];
const templates: readonly JsonValue[] = ['{{ params.x }}', 'in {{ vars.x }}', 'env:NAME'];

const isLeaf = (value: JsonValue): boolean => typeof value !== 'object' || value === null;

/** What may go wrong where: `only` says which parts it happens to. */
const kinds = {
  retype: { only: () => true, values: wrongTypes },
  count: { only: (part: JsonValue) => typeof part === 'number', values: numbers },
  template: { only: isLeaf, values: templates },
  add: { only: isJsonObject, values: [null, 'zzz', {}] },
  remove: { only: () => true, values: [null] },
  misspell: { only: () => true, values: [null] },
} as const satisfies Readonly<
  Record<string, { only: (part: JsonValue) => boolean; values: readonly JsonValue[] }>
>;

export interface Damage {
  readonly kind: keyof typeof kinds;
  readonly at: number;
  readonly value: JsonValue;
  readonly key: string;
}

/** `keys`: names that are put where they may not be known. */
export const damagesWith = (keys: readonly string[]): fc.Arbitrary<Damage> =>
  fc.constantFrom(...(Object.keys(kinds) as Damage['kind'][])).chain((kind) =>
    fc.record({
      kind: fc.constant(kind),
      at: fc.nat({ max: 1000 }),
      value: fc.constantFrom<JsonValue[]>(...kinds[kind].values),
      key: fc.constantFrom(...keys),
    }),
  );

const renamed = (value: JsonObject, path: Path): JsonObject =>
  changed(value, path.slice(0, -1), (part) => {
    const last = String(path.at(-1));
    if (!isJsonObject(part) || part[last] === undefined) return part;
    const { [last]: moved = null, ...rest } = part;
    return { ...rest, [`${last}x`]: moved };
  }) as JsonObject;

/** `mayTouch`: places that the property leaves alone. */
export const damaged = (
  value: JsonObject,
  { at, kind, value: other, key }: Damage,
  mayTouch: (path: Path, other: JsonValue) => boolean,
): JsonObject => {
  const paths = pathsIn(value).filter(
    (path) =>
      path.length > 0 && mayTouch(path, other) && kinds[kind].only(valueAt(value, path) ?? null),
  );
  const path = paths[at % Math.max(1, paths.length)];
  if (path === undefined) return value;
  if (kind === 'misspell') return renamed(value, path);
  return changed(value, path, (part) => {
    if (kind === 'remove') return undefined;
    if (kind === 'add') return isJsonObject(part) ? { ...part, [key]: other } : part;
    return other;
  }) as JsonObject;
};
