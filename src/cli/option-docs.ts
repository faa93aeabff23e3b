/** What a connector declares of its fields, as plain data: for `describe` and reference pages. */
import { z } from 'zod';
import { fieldFacts, objectFields, type TemplateScope } from '../connectors/fields.js';
import type { JsonValue } from '../core/values/json.js';

export interface FieldDoc {
  readonly name: string;
  readonly required: boolean;
  /** `text`, `number`, `true or false`, `one of COPY, MULTI_FILE`, …: what may be written. */
  readonly type: string;
  readonly default?: JsonValue;
  readonly choices?: readonly JsonValue[];
  readonly description: string;
  /** Which templates it may hold. */
  readonly templates: TemplateScope;
  readonly secret: boolean;
  /** Known to the dialect and not supported: what to write instead. */
  readonly refused?: string;
}

interface SchemaPart {
  readonly type?: string;
  readonly enum?: readonly JsonValue[];
  readonly const?: JsonValue;
  readonly default?: JsonValue;
  readonly anyOf?: readonly SchemaPart[];
}

const words: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  integer: 'whole number',
  boolean: 'true or false',
  array: 'list',
  object: 'mapping',
  null: 'null',
};

const typeOf = (part: SchemaPart): string => {
  if (part.enum !== undefined) return 'choice';
  if (part.anyOf !== undefined) return [...new Set(part.anyOf.map(typeOf))].join(' or ');
  return words[part.type ?? ''] ?? 'any value';
};

const isOptional = (schema: z.ZodType): boolean => schema.safeParse(undefined).success;

/** The enum below wrappers that JSON Schema of the input does not show (upper and lower case are both accepted). */
const choicesOf = (schema: z.ZodType): readonly JsonValue[] | undefined => {
  let current: unknown = schema;
  while (current instanceof z.ZodType) {
    if (current instanceof z.ZodEnum) return current.options as readonly JsonValue[];
    const definition = current.def as unknown as Record<string, unknown>;
    // A `preprocess` is a pipe whose input is a transform: the enum is its output.
    current = definition['innerType'] ?? definition['out'];
  }
  return undefined;
};

/** The default below wrappers; JSON Schema of the input leaves it out where a field has more than one spelling. */
const defaultOf = (schema: z.ZodType): JsonValue | undefined => {
  let current: unknown = schema;
  while (current instanceof z.ZodType) {
    if (current instanceof z.ZodDefault) return current.def.defaultValue as JsonValue;
    current = (current.def as unknown as Record<string, unknown>)['innerType'];
  }
  return undefined;
};

const fieldDoc = (name: string, schema: z.ZodType): FieldDoc => {
  const facts = fieldFacts(schema);
  const part = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as unknown as SchemaPart;
  const choices = choicesOf(schema) ?? part.enum;
  const standard = part.default ?? defaultOf(schema);
  return {
    name,
    required: !isOptional(schema),
    type: choices === undefined ? typeOf(part) : 'choice',
    ...(standard === undefined ? {} : { default: standard }),
    ...(choices === undefined ? {} : { choices }),
    description: facts.description ?? '',
    templates: facts.template ?? 'none',
    secret: facts.secret === true,
    ...(facts.refused === undefined ? {} : { refused: facts.refused }),
  };
};

/** In the order of the declaration. */
export const fieldDocs = (options: z.ZodType): readonly FieldDoc[] =>
  Object.entries(objectFields(options)).map(([name, schema]) => fieldDoc(name, schema));
