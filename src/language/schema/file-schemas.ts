/** A JSON Schema for each kind of YAML file of a project: what editors check and complete while people write. */
import type { z } from 'zod';
import type { Connector } from '../../connectors/connector.js';
import type { JsonObject } from '../../core/values/json.js';
import { checkShapes } from '../definition/check-shapes.js';
import { partitionShapes } from '../definition/partition-shapes.js';
import { refusedKeys, type Section } from '../definition/refused.js';
import {
  assetShape,
  jobShape,
  projectShape,
  scheduleShape,
  sensorShape,
} from '../definition/shapes.js';
import {
  byType,
  connectionDefinitions,
  described,
  endpointDefinitions,
  endpointSchema,
  ref,
  watchedSchema,
  type Definitions,
} from './endpoint-schema.js';
import { orNull, propertiesOf, refusedKey, shapeSchema } from './json-schema.js';

export interface FileSchema {
  /** Name of the schema, and of its file in `schema/`: `pipelines`. */
  readonly kind: string;
  /** Which files of a project it is for. */
  readonly files: string;
  readonly summary: string;
  readonly build: (connectors: readonly Connector[]) => JsonObject;
}

/** A shape with some of its keys said more exactly than the shape itself can. */
const refined = (
  shape: z.ZodType,
  section: Section,
  keys: Readonly<Record<string, (key: JsonObject) => JsonObject>> = {},
): JsonObject => {
  const schema = shapeSchema(shape, refusedKeys[section]);
  const properties = propertiesOf(schema);
  const better = Object.entries(keys).map(([key, refine]) => [key, refine(properties[key] ?? {})]);
  return {
    ...schema,
    properties: { ...properties, ...(Object.fromEntries(better) as JsonObject) },
  };
};

/** Several shapes that `type` chooses among. */
const chosen = (
  shapes: Readonly<Record<string, z.ZodType>>,
  section: Section,
  standard?: string,
): { readonly schema: JsonObject; readonly definitions: Definitions } => {
  const name = (type: string) => `${section}.${type}`;
  const cases = Object.keys(shapes).map((type) => ({ words: [type], then: ref(name(type)) }));
  const absent = standard === undefined ? undefined : ref(name(standard));
  const definitions = Object.entries(shapes).map(([type, shape]) => [
    name(type),
    shapeSchema(shape, refusedKeys[section]),
  ]);
  return {
    schema: byType({}, cases, absent),
    definitions: Object.fromEntries(definitions) as Definitions,
  };
};

const partitionDefinitions = (): Definitions => {
  const { multi, ...single } = partitionShapes;
  const dimension = chosen(single, 'partitions');
  const all = chosen(partitionShapes, 'partitions');
  const whole = refined(multi, 'partitions', {
    dimensions: (key) => ({
      ...key,
      additionalProperties: ref('dimension'),
      minProperties: 2,
    }),
  });
  return {
    ...all.definitions,
    'partitions.multi': whole,
    dimension: dimension.schema,
    partitions: all.schema,
  };
};

const to =
  (target: string) =>
  (key: JsonObject): JsonObject =>
    described(key['description'], ref(target));

const assetSchema = (): JsonObject =>
  refined(assetShape, 'asset', {
    source: to('source'),
    target: to('target'),
    partitions_def: to('partitions'),
    checks: (key) => ({ ...key, items: ref('check') }),
    // `alias:` with nothing behind it means the asset of that name.
    ins: (key) => ({
      ...key,
      additionalProperties: orNull(key['additionalProperties'] as JsonObject),
    }),
  });

const sensorSchema = (connectors: readonly Connector[]): JsonObject => ({
  ...refined(sensorShape, 'sensor', { source: to('watched') }),
  if: { required: ['source'] },
  then: { not: { anyOf: ['type', 'connection', 'configs'].map((key) => ({ required: [key] })) } },
  else: watchedSchema(connectors),
});

const pipelineDefinitions = (connectors: readonly Connector[]): Definitions => {
  const checks = chosen(checkShapes, 'check', 'observation_diff');
  return {
    asset: assetSchema(),
    job: refined(jobShape, 'job'),
    schedule: refined(scheduleShape, 'schedule'),
    sensor: sensorSchema(connectors),
    source: endpointSchema(connectors, 'source'),
    target: endpointSchema(connectors, 'target'),
    watched: endpointSchema(connectors, 'watch'),
    check: checks.schema,
    ...checks.definitions,
    ...partitionDefinitions(),
    ...endpointDefinitions(connectors),
    ...connectionDefinitions(connectors),
  };
};

const section = (description: string, entry: string): JsonObject => ({
  description,
  type: ['array', 'null'],
  items: ref(entry),
});

const head = (title: string): JsonObject => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title,
});

const pipelines = (connectors: readonly Connector[]): JsonObject => ({
  ...head('Tidemark: a pipeline file'),
  type: ['object', 'null'],
  minProperties: 1,
  properties: {
    assets: section('What is moved from where to where', 'asset'),
    jobs: section('Which assets run together, with which parameters', 'job'),
    schedules: section('Which jobs run when', 'schedule'),
    sensors: section('What is watched, and which job an arrival starts', 'sensor'),
    resources: described('Connections by name, over those of connections/', ref('resources')),
    ...Object.fromEntries(
      Object.entries(refusedKeys.file).map(([key, advice]) => [key, refusedKey(advice)]),
    ),
  },
  additionalProperties: false,
  definitions: pipelineDefinitions(connectors),
});

const connections = (connectors: readonly Connector[]): JsonObject => ({
  ...head('Tidemark: connections'),
  type: ['object', 'null'],
  properties: { resources: ref('resources') },
  additionalProperties: false,
  definitions: connectionDefinitions(connectors),
});

const project = (): JsonObject => ({
  ...head('Tidemark: the project'),
  ...refined(projectShape, 'project'),
  type: ['object', 'null'],
});

const vars = (): JsonObject => ({
  ...head('Tidemark: variables'),
  description: 'Values by name, for {{ vars.name }}; common.yaml first, the layer over it',
  type: ['object', 'null'],
});

/** In the order of their names. */
export const fileSchemas: readonly FileSchema[] = [
  {
    kind: 'connections',
    files: 'connections/*.yaml',
    summary: 'connections: who and where, in layers',
    build: connections,
  },
  {
    kind: 'pipelines',
    files: 'pipelines/**/*.yaml',
    summary: 'assets, jobs, schedules and sensors',
    build: pipelines,
  },
  {
    kind: 'tidemark',
    files: 'tidemark.yaml',
    summary: 'the project itself and the defaults of its entries',
    build: project,
  },
  { kind: 'vars', files: 'vars/*.yaml', summary: 'variables of templates, in layers', build: vars },
];
