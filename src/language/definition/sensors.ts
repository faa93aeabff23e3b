/** Sensors: what is watched, how often, and which job an arrival starts. */
import { diagnose } from '../../core/errors/diagnostic.js';
import { isJsonObject, type JsonObject } from '../../core/values/json.js';
import type { EndpointDefinition, SensorDefinition } from './definition.js';
import { wrongValue } from './diagnostics.js';
import type { Draft, LoadContext } from './draft.js';
import { readEndpoint } from './endpoint.js';
import { placedAt, type Placed } from './placed.js';
import { readShape, type Reading } from './reading.js';
import { sensorShape, type SensorShape } from './shapes.js';

/** What `check_is_modifying` means by itself (dialect §4.2). */
const idleMs = 60_000;

const outerKeys = ['type', 'connection', 'configs'] as const;

/** The sensor's own keys `type`, `connection`, `configs`, or the nested `source`, as one placed endpoint. */
export const watchedPlace = (placed: Placed): Placed => {
  if (!isJsonObject(placed.value)) return placed;
  if (Object.hasOwn(placed.value, 'source')) return placedAt(placed, 'source');
  const own: Record<string, JsonObject[string]> = { configs: {} };
  for (const key of outerKeys) {
    const value = placed.value[key];
    if (value !== undefined) own[key] = value;
  }
  return { ...placed, value: own };
};

const refuseBothSpellings = (shape: SensorShape, placed: Placed, reading: Reading): void => {
  if (shape.source === undefined) return;
  const doubled = outerKeys.find((key) => shape[key] !== undefined);
  if (doubled === undefined) return;
  const message = `${reading.what}: ${doubled} stands beside source`;
  reading.report(
    diagnose(wrongValue, placed.span([doubled], 'key'), message, {
      fix: 'Write type, connection and configs either inside source or beside name.',
    }),
  );
};

/** Two equal observations this far apart, and a file is taken to be complete. */
const settleMs = 10_000;

const define = (
  shape: SensorShape,
  source: EndpointDefinition,
  placed: Placed,
): SensorDefinition => ({
  name: shape.name,
  description: shape.description ?? '',
  job: shape.job,
  source,
  minimumIntervalMs: Math.round(shape.minimum_interval_seconds * 1000),
  startsRunning: shape.default_status === 'RUNNING',
  triggerMode: shape.trigger_mode,
  settleMs: shape.settle ?? (source.configs['check_is_modifying'] === true ? idleMs : settleMs),
  lookbackMs: shape.lookback,
  advance: shape.advance,
  initialCursor: shape.initial_cursor === undefined ? null : String(shape.initial_cursor),
  params: shape.params ?? {},
  span: placed.span(['name'], 'value'),
});

export const readSensor = (
  placed: Placed,
  what: string,
  context: LoadContext,
): Draft<SensorDefinition> | undefined => {
  const reading = { what, report: context.report };
  const shape = readShape(sensorShape, placed, 'sensor', reading);
  if (shape === undefined) return undefined;
  refuseBothSpellings(shape, placed, reading);
  const source = readEndpoint(watchedPlace(placed), 'watch', what, context);
  return source === undefined ? undefined : { definition: define(shape, source, placed), placed };
};
