/**
 * Builders for the fields of connections, sources and targets: one spelling and one meaning across connectors.
 *
 * A field's facts (secret? which templates may it hold?) are zod metadata, so that one declaration gives validation,
 * docs, JSON Schema, redaction and template scopes. Read them back with `fieldFacts`.
 */
import { z } from 'zod';

/**
 * Which templates a field may hold: `none`; `connection` (env, vars); `run` (resolved once, when the asset is planned);
 * `item` (resolved for each file); `predicate` (an expression over the item, without braces).
 */
export type TemplateScope = 'none' | 'connection' | 'run' | 'item' | 'predicate';

export interface FieldFacts {
  readonly description: string;
  readonly template?: TemplateScope;
  /** Holds a secret: a reference in every plan, redacted everywhere. */
  readonly secret?: boolean;
  readonly examples?: readonly (string | number | boolean)[];
  /** Known to the dialect and not supported yet: refused by name with this advice. */
  readonly refused?: string;
  /** Tidemark's own, not the predecessor's (D2). */
  readonly ours?: true;
  /** A choice that is accepted in upper and lower case. */
  readonly caseless?: true;
}

/** What a builder's description leaves unsaid. */
export type MoreFacts = Partial<FieldFacts>;

/** Attaches facts to a schema. */
export const field = <S extends z.ZodType>(schema: S, facts: FieldFacts): S =>
  schema.meta({ ...facts });

/** Declarations do not change: what was once read off one is kept, since a project asks thousands of times. */
const remembered = <T>(read: (schema: z.ZodType) => T): ((schema: z.ZodType) => T) => {
  const known = new WeakMap<z.ZodType, T>();
  return (schema) => {
    const before = known.get(schema);
    if (before !== undefined) return before;
    const found = read(schema);
    known.set(schema, found);
    return found;
  };
};

/** The facts of a field, looked for below `optional`, `default`, `nullable` and transforms. */
export const fieldFacts = remembered((schema): Partial<FieldFacts> => {
  let current: unknown = schema;
  while (current instanceof z.ZodType) {
    const facts = current.meta();
    if (facts?.['description'] !== undefined) return facts as Partial<FieldFacts>;
    const definition = current.def as unknown as Record<string, unknown>;
    current = definition['innerType'] ?? definition['in'];
  }
  return {};
});

/** The fields of an object schema by name, looked for below refinements and transforms. */
export const objectFields = remembered((schema): Readonly<Record<string, z.ZodType>> => {
  let current: unknown = schema;
  while (current instanceof z.ZodType) {
    if (current instanceof z.ZodObject) return current.shape as Record<string, z.ZodType>;
    const definition = current.def as unknown as Record<string, unknown>;
    current = definition['innerType'] ?? definition['in'];
  }
  return {};
});

export interface SchemaParts {
  readonly fields: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
}

/** What stands below a schema: the fields of an object, or the entries of a list or map; of a choice, the first that has either. */
export const partsOf: (schema: z.ZodType) => SchemaParts = remembered((schema): SchemaParts => {
  let current: unknown = schema;
  while (current instanceof z.ZodType) {
    if (current instanceof z.ZodArray) return { fields: {}, element: current.element as z.ZodType };
    if (current instanceof z.ZodRecord)
      return { fields: {}, element: current.valueType as z.ZodType };
    if (current instanceof z.ZodUnion) {
      const parts = (current.options as z.ZodType[]).map(partsOf);
      const fields = parts.find((part) => Object.keys(part.fields).length > 0)?.fields ?? {};
      const element = parts.find((part) => part.element !== undefined)?.element;
      return element === undefined ? { fields } : { fields, element };
    }
    if (current instanceof z.ZodObject)
      return { fields: current.shape as Record<string, z.ZodType> };
    const definition = current.def as unknown as Record<string, unknown>;
    current = definition['innerType'] ?? definition['in'];
  }
  return { fields: {} };
});

/** Text that may hold templates of the run. */
export const runText = (description: string, more: MoreFacts = {}) =>
  field(z.string().min(1), { description, template: 'run', ...more });

/** Text that may hold templates of the run and of the item. */
export const itemText = (description: string, more: MoreFacts = {}) =>
  field(z.string().min(1), { description, template: 'item', ...more });

/** A value of a connection: `{{ env.X }}`, `{{ vars.X }}` and `env:X` are resolved when a run is planned. */
export const connectionText = (description: string, more: MoreFacts = {}) =>
  field(z.string().min(1), { description, template: 'connection', ...more });

/** A secret of a connection: stays a reference until the activity that opens the connection. */
export const secretText = (description: string) =>
  field(z.string().min(1), { description, template: 'connection', secret: true });

/** The source of a regular expression that takes a word in upper and lower case: what JSON Schema can say. */
export const caselessPattern = (word: string): string =>
  word.replace(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`);

const parseMeasure = (
  text: string,
  units: Readonly<Record<string, number>>,
  plain: string,
): number | undefined => {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const word = (match?.[2] ?? '').toLowerCase() || plain;
  const unit = Object.hasOwn(units, word) ? units[word] : undefined;
  return match === null || unit === undefined ? undefined : Math.round(Number(match[1]) * unit);
};

const sizeUnits: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

/** Bytes from `8 MiB`, `500 kB` or a plain number. */
export const parseByteSize = (text: string): number | undefined =>
  parseMeasure(text, sizeUnits, 'b');

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds from `250ms`, `10s`, `5m`, `2h`, `1d`; a plain number means seconds. */
export const parseDurationMs = (text: string): number | undefined =>
  parseMeasure(text, durationUnits, 's');

/** A number with a unit. The `pattern` says to JSON Schema what the transform says here. */
const measured = (
  parse: (text: string) => number | undefined,
  units: Readonly<Record<string, number>>,
  what: string,
) => {
  const unit = Object.keys(units).map(caselessPattern).join('|');
  const pattern = `^\\s*\\d+(\\.\\d+)?\\s*(${unit})?\\s*$`;
  return z
    .union([z.number().nonnegative(), z.string().meta({ pattern })])
    .transform((value, context) => {
      const parsed = parse(String(value));
      if (parsed === undefined) {
        context.addIssue({ code: 'custom', message: `should be ${what}` });
        return z.NEVER;
      }
      return parsed;
    });
};

/** A number of bytes: `8 MiB`, `500 kB`, `1048576`. The parsed value is in bytes. */
export const byteSize = (description: string, more: MoreFacts = {}) =>
  field(measured(parseByteSize, sizeUnits, 'a size such as 8 MiB, 500 kB or a number of bytes'), {
    description,
    template: 'run',
    ...more,
  });

/** A duration: `10s`, `5m`, `2h`; a plain number means seconds. The parsed value is in milliseconds. */
export const duration = (description: string, more: MoreFacts = {}) =>
  field(measured(parseDurationMs, durationUnits, 'a duration such as 30s, 5m or 2h'), {
    description,
    template: 'run',
    ...more,
  });

/** `bytes_per_second` of a connection: how much of the line a worker may use. */
export const bytesPerSecond = () =>
  field(measured(parseByteSize, sizeUnits, 'a rate such as 25 MB, 500 kB or a number of bytes'), {
    description:
      'Most bytes per second that one worker moves over this connection, in all transfers together; unset means no limit',
    template: 'connection',
    examples: ['25 MB'],
    ours: true,
  }).optional();

/** A whole number of a connection; in quotes too, because a variable of the environment is text. */
export const wholeNumber = (
  min: number,
  max: number,
  description: string,
  more: MoreFacts = {},
) => {
  const number = z.number().int().min(min).max(max);
  const digits = z.string().regex(/^\d+$/, 'not a whole number').transform(Number).pipe(number);
  return field(z.union([number, digits]), { description, template: 'connection', ...more });
};

/**
 * A regular expression of the dialect (D11): anchored at the start, not at the end; Python's named groups are
 * accepted. Throws a SyntaxError with the engine's reason.
 */
export const compilePattern = (pattern: string): RegExp =>
  new RegExp(`^(?:${pattern.replaceAll('(?P<', '(?<')})`, 'u');

/** The engine's reason without its own copy of the pattern; a shell's pattern is the usual slip. */
const whyNot = (error: unknown, text: string): string => {
  const reason = String(error).split(': ').at(-1)?.toLowerCase() ?? '';
  if (!text.startsWith('*')) return reason;
  const meant = text.replaceAll('.', '\\.').replaceAll('*', '.*');
  return `${reason}; for every name that ends like this write ${meant}`;
};

/** A file pattern, checked to be a regular expression. */
export const filePattern = (description: string) =>
  field(
    z.string().superRefine((text, context) => {
      if (text.includes('{{')) return;
      try {
        compilePattern(text);
      } catch (error) {
        context.addIssue({
          code: 'custom',
          message: `not a regular expression: ${whyNot(error, text)}`,
        });
      }
    }),
    { description, template: 'run', examples: ['orders_.*\\.csv'] },
  );

/** An expression over the item, without braces (dialect §5.5). */
export const predicate = () =>
  field(z.string().min(1), {
    description:
      'Expression over the item that must be true, without braces: file_size > 1048576; unset takes every file',
    template: 'predicate',
  }).optional();

/** A choice that is accepted in upper and lower case. */
export const choice = <const V extends string>(values: readonly V[], facts: FieldFacts) =>
  field(
    z.preprocess(
      (value) =>
        typeof value === 'string'
          ? (values.find((known) => known.toLowerCase() === value.toLowerCase()) ?? value)
          : value,
      z.enum(values),
    ),
    { ...facts, caseless: true },
  );
