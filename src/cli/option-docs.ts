/** What the fields of a declaration are, as plain data: for `describe` and the reference pages. */
import { z } from 'zod';
import type { Connector } from '../connectors/connector.js';
import { fieldFacts, objectFields, type TemplateScope } from '../connectors/fields.js';
import { sideDeclaration } from '../connectors/sides.js';
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
  readonly examples?: readonly JsonValue[];
  /** Tidemark's own, not the predecessor's. */
  readonly ours: boolean;
  /** The keys of a mapping, or of the mappings in a list. */
  readonly fields?: readonly FieldDoc[];
  readonly step?: Inside['step'];
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
    if (current instanceof z.ZodDefault || current instanceof z.ZodPrefault)
      return current.def.defaultValue as JsonValue;
    current = (current.def as unknown as Record<string, unknown>)['innerType'];
  }
  return undefined;
};

interface Inside {
  /** How a key inside is named behind the name of its field. */
  readonly step: '.' | '[].' | '.<name>.';
  readonly fields: readonly FieldDoc[];
}

/** A union counts by the first of its forms that has keys. */
const inside = (schema: z.ZodType, step: Inside['step'] = '.'): Inside => {
  const fields = fieldDocs(schema);
  if (fields.length > 0) return { step, fields };
  const def = schema.def as unknown as Record<string, unknown>;
  const forms = Array.isArray(def['options']) ? (def['options'] as unknown[]) : [];
  const parts: readonly (readonly [unknown, Inside['step']])[] = [
    [def['innerType'], step],
    [def['in'], step],
    [def['element'], '[].'],
    [def['valueType'], '.<name>.'],
    ...forms.map((form) => [form, step] as const),
  ];
  for (const [part, next] of parts) {
    const found = part instanceof z.ZodType ? inside(part, next) : undefined;
    if (found !== undefined && found.fields.length > 0) return found;
  }
  return { step, fields: [] };
};

const fieldDoc = (name: string, schema: z.ZodType): FieldDoc => {
  const facts = fieldFacts(schema);
  const part = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as unknown as SchemaPart;
  const choices = choicesOf(schema) ?? part.enum;
  const standard = part.default ?? defaultOf(schema);
  const { step, fields } = inside(schema);
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
    ...(facts.examples === undefined ? {} : { examples: facts.examples }),
    ours: facts.ours === true,
    ...(fields.length === 0 ? {} : { step, fields }),
  };
};

/** In the order of the declaration. */
export const fieldDocs = (options: z.ZodType): readonly FieldDoc[] =>
  Object.entries(objectFields(options)).map(([name, schema]) => fieldDoc(name, schema));

/** The keys inside, too: `csv_options.delimiter`, `table_schema[].column_name`, `tables.<name>.rows`. */
export const allFieldDocs = (docs: readonly FieldDoc[], prefix = ''): readonly FieldDoc[] =>
  docs.flatMap((doc) => {
    const name = `${prefix}${doc.name}`;
    return [{ ...doc, name }, ...allFieldDocs(doc.fields ?? [], `${name}${doc.step ?? '.'}`)];
  });

export const connectorRoles = ['connection', 'source', 'target'] as const;

export type ConnectorRole = (typeof connectorRoles)[number];

/** The fields of a connection, a source and a target; what the connector cannot be is left out. */
export const connectorDocs = (
  connector: Connector,
): Readonly<Partial<Record<ConnectorRole, readonly FieldDoc[]>>> =>
  Object.fromEntries(
    connectorRoles.flatMap((role) => {
      const declared =
        role === 'connection' ? connector.connection : sideDeclaration(connector, role);
      return declared === undefined ? [] : [[role, fieldDocs(declared.options)]];
    }),
  );

/** `text`, `true or false`, or the choices themselves. */
export const fieldType = ({ type, choices }: FieldDoc): string =>
  choices === undefined ? type : choices.map(String).join(' | ');
