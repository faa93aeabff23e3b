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
}

/** Attaches facts to a schema. */
export const field = <S extends z.ZodType>(schema: S, facts: FieldFacts): S =>
  schema.meta({ ...facts });

/** The facts of a field, looked for below `optional`, `default`, `nullable` and transforms. */
export const fieldFacts = (schema: z.ZodType): Partial<FieldFacts> => {
  let current: unknown = schema;
  while (current instanceof z.ZodType) {
    const facts = current.meta();
    if (facts?.['description'] !== undefined) return facts as Partial<FieldFacts>;
    const definition = current.def as unknown as Record<string, unknown>;
    current = definition['innerType'] ?? definition['in'];
  }
  return {};
};

/** The fields of an object schema by name, looked for below refinements and transforms. */
export const objectFields = (schema: z.ZodType): Readonly<Record<string, z.ZodType>> => {
  let current: unknown = schema;
  while (current instanceof z.ZodType) {
    if (current instanceof z.ZodObject) return current.shape as Record<string, z.ZodType>;
    const definition = current.def as unknown as Record<string, unknown>;
    current = definition['innerType'] ?? definition['in'];
  }
  return {};
};

/** Text that may hold templates of the run. */
export const runText = (description: string) =>
  field(z.string().min(1), { description, template: 'run' });

/** Text that may hold templates of the run and of the item. */
export const itemText = (description: string) =>
  field(z.string().min(1), { description, template: 'item' });

/** A value of a connection: `{{ env.X }}`, `{{ vars.X }}` and `env:X` are resolved when a run is planned. */
export const connectionText = (description: string) =>
  field(z.string().min(1), { description, template: 'connection' });

/** A secret of a connection: stays a reference until the activity that opens the connection. */
export const secretText = (description: string) =>
  field(z.string().min(1), { description, template: 'connection', secret: true });

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
export const parseByteSize = (text: string): number | undefined => {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = sizeUnits[(match?.[2] ?? '').toLowerCase() || 'b'];
  return match === null || unit === undefined ? undefined : Math.round(Number(match[1]) * unit);
};

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds from `250ms`, `10s`, `5m`, `2h`, `1d`; a plain number means seconds. */
export const parseDurationMs = (text: string): number | undefined => {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = durationUnits[(match?.[2] ?? '').toLowerCase() || 's'];
  return match === null || unit === undefined ? undefined : Math.round(Number(match[1]) * unit);
};

const measured = (parse: (text: string) => number | undefined, what: string) =>
  z.union([z.number().nonnegative(), z.string()]).transform((value, context) => {
    const parsed = parse(String(value));
    if (parsed === undefined) {
      context.addIssue({ code: 'custom', message: `${JSON.stringify(value)} is not ${what}` });
      return z.NEVER;
    }
    return parsed;
  });

/** A number of bytes: `8 MiB`, `500 kB`, `1048576`. The parsed value is in bytes. */
export const byteSize = (description: string) =>
  field(measured(parseByteSize, 'a size: write 8 MiB, 500 kB or a number of bytes'), {
    description,
    template: 'run',
  });

/** A duration: `10s`, `5m`, `2h`; a plain number means seconds. The parsed value is in milliseconds. */
export const duration = (description: string) =>
  field(measured(parseDurationMs, 'a duration: write 250ms, 10s, 5m or 2h'), {
    description,
    template: 'run',
  });

/** `bytes_per_second` of a connection: how much of the line a worker may use. */
export const bytesPerSecond = () =>
  field(measured(parseByteSize, 'a rate: write 25 MB, 500 kB or a number of bytes'), {
    description:
      'Most bytes per second that one worker moves over this connection, in all transfers together; unset means no limit',
    template: 'connection',
    examples: ['25 MB'],
  }).optional();

/**
 * A regular expression of the dialect (D11): anchored at the start, not at the end; Python's named groups are
 * accepted. Throws a SyntaxError with the engine's reason.
 */
export const compilePattern = (pattern: string): RegExp =>
  new RegExp(`^(?:${pattern.replaceAll('(?P<', '(?<')})`, 'u');

/** A file pattern, checked to be a regular expression. */
export const filePattern = (description: string) =>
  field(
    z.string().superRefine((text, context) => {
      if (text.includes('{{')) return;
      try {
        compilePattern(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: `not a regular expression: ${String(error)}` });
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
    facts,
  );
