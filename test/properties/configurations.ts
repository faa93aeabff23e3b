/** Configurations of every kind of YAML file, made from the declarations: valid ones, and damaged ones. */
import fc from 'fast-check';
import type { z } from 'zod';
import { connectors } from '../../src/connectors/all.js';
import type { Connector } from '../../src/connectors/connector.js';
import type { JsonObject, JsonValue } from '../../src/core/values/json.js';
import { checkShapes } from '../../src/language/definition/check-shapes.js';
import { sideOf, type Side } from '../../src/language/definition/endpoint.js';
import { partitionShapes } from '../../src/language/definition/partition-shapes.js';
import { olderOptions, refusedKeys } from '../../src/language/definition/refused.js';
import {
  assetShape,
  jobShape,
  projectShape,
  scheduleShape,
  sensorShape,
} from '../../src/language/definition/shapes.js';
import { damaged, damagesWith, mappingOf } from './declared-values.js';

/** The file, and its content as JSON, which is YAML too. */
export interface Configuration {
  readonly kind: 'connections' | 'pipelines' | 'tidemark' | 'vars';
  readonly content: JsonObject;
}

const without = (value: JsonObject, ...keys: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));

const typed = (
  shapes: Readonly<Record<string, z.ZodType>>,
  names: readonly string[],
): fc.Arbitrary<JsonObject> =>
  fc
    .constantFrom(...names)
    .chain((type) => mappingOf(shapes[type] as z.ZodType).map((value) => ({ ...value, type })));

const check = typed(checkShapes, Object.keys(checkShapes)).map((value) =>
  value['type'] === 'row_count' ? { ...value, min: 1 } : value,
);

const dimension = typed(partitionShapes, [
  'hourly',
  'daily',
  'weekly',
  'monthly',
  'cron',
  'static',
  'dynamic',
]).map((value) => {
  if (value['type'] === 'static') return { ...value, values: ['north', 'south'] };
  if (value['type'] === 'dynamic') return value;
  const { start_date: start = '2025-01-31', ...rest } = without(
    value,
    'start',
    'end',
    'end_date',
    'fmt',
  );
  return start === '2025-01-31' ? { ...rest, start_date: start, timezone: 'UTC' } : rest;
});
const partitions: fc.Arbitrary<JsonObject> = fc.oneof(
  dimension,
  fc.constant({
    type: 'multi',
    dimensions: {
      day: { type: 'daily', start: '2025-01-31' },
      region: { type: 'STATIC', values: ['north', 1] },
    },
  }),
);

const typeWord = ({ type }: Connector) => fc.constantFrom(type, type.toLowerCase());

/** Both spellings of a side; the connection beside the options or among them. */
const endpoint = (side: Side): fc.Arbitrary<JsonObject> =>
  fc
    .constantFrom(...connectors.filter((one) => sideOf(one, side) !== undefined))
    .chain((connector) =>
      fc
        .tuple(
          typeWord(connector),
          mappingOf(sideOf(connector, side)?.options as z.ZodType),
          fc.constantFrom('nested', 'inside', 'flat'),
        )
        .map(([type, configs, spelling]): JsonObject => {
          const connection = 'place';
          if (spelling === 'flat') return { type, connection, ...configs };
          if (spelling === 'inside') return { type, configs: { ...configs, connection } };
          return { type, connection, configs };
        }),
    );

const asset = mappingOf(assetShape, {
  source: endpoint('source'),
  target: endpoint('target'),
  partitions_def: partitions,
  checks: fc.array(check, { maxLength: 2 }),
});

const sensor = fc
  .tuple(mappingOf(sensorShape), endpoint('watch'), fc.nat({ max: 9 }))
  .map(([own, place, spelling]): JsonObject => {
    const rest = without(own, 'type', 'connection', 'configs', 'source');
    if (spelling < 5 && place['configs'] !== undefined) return { ...rest, ...place };
    // Now and then in both spellings at once, which is wrong.
    return { ...rest, source: place, ...(spelling === 9 ? { connection: 'place' } : {}) };
  });

const schedule = mappingOf(scheduleShape).map((value): JsonObject =>
  value['jobs'] === undefined ? { ...value, job: 'orders_job' } : without(value, 'job'),
);

const params = fc.dictionary(fc.constantFrom('zone', 'limit'), fc.integer());
const job = mappingOf(jobShape, { params_schema: params as fc.Arbitrary<JsonValue> });

const connection = fc
  .constantFrom(...connectors)
  .chain((connector) =>
    fc
      .tuple(
        fc.constantFrom(...connector.connection.types),
        mappingOf(connector.connection.options),
      )
      .map(([type, config]): JsonObject => ({ type, config })),
  );

const entries = (name: string, entry: fc.Arbitrary<JsonObject>): fc.Arbitrary<Configuration> =>
  entry.map((value) => ({ kind: 'pipelines', content: { [name]: [value] } }));

const moved: fc.Arbitrary<Configuration> = fc.oneof(
  { arbitrary: entries('assets', asset), weight: 2 },
  {
    arbitrary: connection.map((value): Configuration => ({
      kind: 'connections',
      content: { resources: { place: value } },
    })),
    weight: 1,
  },
);

const around: fc.Arbitrary<Configuration> = fc.oneof(
  entries('sensors', sensor),
  entries('jobs', job),
  entries('schedules', schedule),
  mappingOf(projectShape).map((content): Configuration => ({ kind: 'tidemark', content })),
);

/**
 * Texts with a syntax of their own, which JSON Schema leaves to the linter: dates, formats, cron expressions, zones,
 * declarations of parameters, names of several dimensions.
 */
const ownSyntax = [
  'start',
  'start_date',
  'end',
  'end_date',
  'fmt',
  'cron_schedule',
  'timezone',
  'pattern',
];

const isText = (value: JsonValue): boolean =>
  typeof value === 'string' || typeof value === 'number';

const mayTouch = (path: readonly (string | number)[], other: JsonValue): boolean => {
  const names = path.map(String);
  if (names.includes('params_schema') && names.at(-1) !== 'params_schema') return false;
  if (names.at(-1) === 'params_schema' && typeof other === 'object') return false;
  // The content of static partitions must differ, and so must two names of one connection.
  if (names.at(-2) === 'values') return false;
  return !ownSyntax.includes(String(names.at(-1))) || !isText(other);
};

const strangeKeys = [
  'zzz',
  'config',
  'configs',
  'source',
  'resource',
  'path',
  'table_name',
  'bucket_name',
  'min',
  ...Object.keys(olderOptions),
  ...Object.values(refusedKeys).flatMap((table) => Object.keys(table)),
].filter((key) => key !== 'connection');

const somethingWrong = (valid: fc.Arbitrary<Configuration>): fc.Arbitrary<Configuration> =>
  fc
    .tuple(
      valid,
      fc.oneof(
        { arbitrary: fc.constant([]), weight: 3 },
        {
          arbitrary: fc.array(damagesWith(strangeKeys), { minLength: 1, maxLength: 2 }),
          weight: 7,
        },
      ),
    )
    .map(([{ kind, content }, damages]) => ({
      kind,
      content: damages.reduce((value, damage) => damaged(value, damage, mayTouch), content),
    }));

/** Assets and connections, right and damaged. */
export const assetsAndConnections = somethingWrong(moved);

/** Jobs, schedules, sensors and tidemark.yaml, right and damaged. */
export const everythingElse = somethingWrong(around);
