/** JSON Schemas of connections and of the sides of assets: one definition for each connector, chosen by `type`. */
import type { Connector } from '../../connectors/connector.js';
import type { JsonObject } from '../../core/values/json.js';
import { sideOf, type Side } from '../definition/endpoint.js';
import { olderOptions, refusedKeys } from '../definition/refused.js';
import { connectionShape, endpointShape } from '../definition/shapes.js';
import {
  anyCase,
  keyIs,
  optionsSchema,
  partial,
  propertiesOf,
  refusedKey,
  shapeSchema,
} from './json-schema.js';

export type Definitions = Readonly<Record<string, JsonObject>>;

export const ref = (name: string): JsonObject => ({ $ref: `#/definitions/${name}` });

/** Editors of draft-07 read nothing beside a `$ref`. */
export const described = (description: unknown, target: JsonObject): JsonObject => ({
  description: String(description),
  allOf: [target],
});

export interface Case {
  readonly words: readonly string[];
  readonly then: JsonObject;
}

/** A mapping whose `type` says what else it holds; `absent`: what it is without one. */
export const byType = (
  type: JsonObject,
  cases: readonly Case[],
  absent?: JsonObject,
): JsonObject => ({
  type: 'object',
  properties: { type: { ...type, ...anyCase(cases.flatMap(({ words }) => words)) } },
  ...(absent === undefined ? { required: ['type'] } : {}),
  allOf: [
    ...cases.map(({ words, then }) => ({ if: keyIs('type', words), then })),
    ...(absent === undefined ? [] : [{ if: { not: { required: ['type'] } }, then: absent }]),
  ],
});

const endpointKeys = propertiesOf(shapeSchema(endpointShape));
const refusedHere = Object.fromEntries(
  Object.entries(refusedKeys.endpoint).map(([key, advice]) => [key, refusedKey(advice)]),
);
const connectionName: JsonObject = { ...endpointKeys['connection'] };

const optionsName = (connector: Connector, role: 'source' | 'target'): string =>
  `${connector.type}.${role}`;
const roleOf = (side: Side) => (side === 'target' ? 'target' : 'source');

const hasRequired = (schema: JsonObject | undefined): boolean =>
  ((schema?.['required'] ?? []) as readonly string[]).length > 0;

/** The options of a side; the name of the connection may stand among them (dialect §4.2). */
const optionDefinitions = (connectors: readonly Connector[]): Definitions =>
  Object.fromEntries(
    connectors.flatMap((connector) =>
      (['source', 'target'] as const).flatMap((role) => {
        const declared = sideOf(connector, role);
        if (declared === undefined) return [];
        const options = optionsSchema(declared.options, { refused: olderOptions });
        const properties = { ...propertiesOf(options), connection: connectionName };
        return [[optionsName(connector, role), { ...options, properties }] as const];
      }),
    ),
  );

/** `connection` beside the options or among them. */
const needsConnection: JsonObject = {
  anyOf: [
    { required: ['connection'] },
    {
      required: ['configs'],
      properties: {
        configs: {
          type: 'object',
          required: ['connection'],
          properties: { connection: { type: 'string' } },
        },
      },
    },
  ],
};

const nested = (options: string): JsonObject => ({
  properties: {
    type: true,
    connection: connectionName,
    configs: described(endpointKeys['configs']?.['description'], ref(options)),
    ...refusedHere,
  },
  additionalProperties: false,
  ...needsConnection,
});

const flat = (options: string, schema: JsonObject): JsonObject => ({
  // What the editor calls the keys that are required, when it offers all of them at once.
  title: options,
  properties: {
    ...Object.fromEntries(
      Object.keys(propertiesOf(schema)).map((key) => [key, ref(`${options}/properties/${key}`)]),
    ),
    type: true,
    // Offered by editors, which pass over a schema that is only `true`; with it the mapping is of the other spelling.
    configs: { type: 'object', description: endpointKeys['configs']?.['description'] ?? '' },
    ...refusedHere,
  },
  additionalProperties: false,
  required: [...((schema['required'] ?? []) as readonly string[]), 'connection'],
});

/** One side in both spellings: with `configs`, or flat. */
export const endpointSchema = (connectors: readonly Connector[], side: Side): JsonObject => {
  const able = connectors.filter((connector) => sideOf(connector, side) !== undefined);
  const cases = able.map((connector) => ({
    words: [connector.type],
    then: ref(`${optionsName(connector, roleOf(side))}.side`),
  }));
  return byType({ ...endpointKeys['type'] }, cases);
};

/** What a sensor watches, with `type`, `connection` and `configs` among its own keys. */
export const watchedSchema = (connectors: readonly Connector[]): JsonObject => {
  const options = optionDefinitions(connectors);
  const able = connectors.filter((connector) => sideOf(connector, 'watch') !== undefined);
  const cases = able.map((connector) => {
    const name = optionsName(connector, 'source');
    return {
      words: [connector.type],
      then: {
        properties: { configs: ref(name) },
        ...(hasRequired(options[name]) ? { required: ['configs'] } : {}),
      },
    };
  });
  return { ...byType({ ...endpointKeys['type'] }, cases), ...needsConnection };
};

export const endpointDefinitions = (connectors: readonly Connector[]): Definitions => {
  const options = optionDefinitions(connectors);
  const sides = Object.entries(options).map(
    ([name, schema]) =>
      [
        `${name}.side`,
        { if: { required: ['configs'] }, then: nested(name), else: flat(name, schema) },
      ] as const,
  );
  return { ...options, ...Object.fromEntries(sides) };
};

const configName = (connector: Connector): string => `${connector.type}.connection`;

/** Files of connections are layers of one mapping, so no key is required of any of them. */
export const connectionDefinitions = (connectors: readonly Connector[]): Definitions => {
  const configs = connectors.map((connector) => [
    configName(connector),
    optionsSchema(connector.connection.options, { layered: true }),
  ]);
  const shape = partial(shapeSchema(connectionShape, refusedKeys.connection));
  const keys = propertiesOf(shape);
  const config = (target: JsonObject) => ({
    properties: { config: described(keys['config']?.['description'], target) },
  });
  const connection: JsonObject = {
    ...shape,
    properties: {
      ...keys,
      type: { ...keys['type'], enum: connectors.flatMap(({ connection: { types } }) => types) },
    },
    allOf: [
      ...connectors.map((connector) => ({
        if: { properties: { type: { enum: connector.connection.types } }, required: ['type'] },
        then: config(ref(configName(connector))),
      })),
      {
        if: { not: { required: ['type'] } },
        then: config({ anyOf: connectors.map((connector) => ref(configName(connector))) }),
      },
    ],
  };
  return {
    ...(Object.fromEntries(configs) as Definitions),
    connection,
    resources: {
      description: 'Connections by name; several files are layers of one mapping',
      type: ['object', 'null'],
      additionalProperties: ref('connection'),
    },
  };
};
