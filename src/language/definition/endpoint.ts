/**
 * One side of an asset, or what a sensor watches: type, connection and options, in the nested or the flat spelling
 * (`configs` absent: the other keys are the options).
 */
import type { Connector } from '../../connectors/connector.js';
import { sideDeclaration } from '../../connectors/sides.js';
import { diagnose } from '../../core/errors/diagnostic.js';
import { isJsonObject } from '../../core/values/json.js';
import { suggest } from '../../core/values/suggest.js';
import type { EndpointDefinition } from './definition.js';
import { missingKey, notSupported, unknownType, wrongSide, wrongValue } from './diagnostics.js';
import type { LoadContext } from './draft.js';
import { readOptions, type OptionsDeclaration } from './options.js';
import { placedAt, valueAt, without, type Placed } from './placed.js';
import { readShape, refuseKeys, type Reading } from './reading.js';
import { refusedTypes } from './refused.js';
import { endpointShape } from './shapes.js';

export type Side = 'source' | 'target' | 'watch';

const sideWords: Readonly<Record<Side, string>> = {
  source: 'be a source',
  target: 'be a target',
  watch: 'be watched by a sensor',
};

/** What the connector declares for that side; undefined when it cannot be one. */
export const sideOf = (connector: Connector, side: Side): OptionsDeclaration | undefined => {
  if (side !== 'watch') return sideDeclaration(connector, side);
  // Rows are watched by their cursor.
  if (connector.source === undefined) return sideDeclaration(connector, 'source');
  return connector.source.capabilities.watches ? connector.source : undefined;
};

const typesFor = (connectors: readonly Connector[], side: Side): readonly string[] =>
  connectors
    .filter((connector) => sideOf(connector, side) !== undefined)
    .map((connector) => connector.type)
    .sort();

interface Resolved {
  readonly connector: Connector;
  readonly declaration: OptionsDeclaration;
}

const reportUnknownType = (
  type: string,
  placed: Placed,
  reading: Reading,
  known: readonly string[],
): void => {
  const span = placed.span(['type'], 'value');
  const refused = Object.hasOwn(refusedTypes, type.toUpperCase())
    ? refusedTypes[type.toUpperCase()]
    : undefined;
  if (refused !== undefined) {
    reading.report(diagnose(notSupported, span, `${reading.what}: ${type} ${refused}`, { known }));
    return;
  }
  const near = suggest(type, known);
  reading.report(
    diagnose(unknownType, span, `${reading.what} type ${JSON.stringify(type)} is not known`, {
      ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
      known,
    }),
  );
};

const resolve = (
  type: string,
  side: Side,
  placed: Placed,
  scope: { readonly reading: Reading; readonly connectors: readonly Connector[] },
): Resolved | undefined => {
  const { reading, connectors } = scope;
  const known = typesFor(connectors, side);
  const connector = connectors.find((entry) => entry.type === type.toUpperCase());
  if (connector === undefined) {
    reportUnknownType(type, placed, reading, known);
    return undefined;
  }
  const declaration = sideOf(connector, side);
  if (declaration !== undefined) return { connector, declaration };
  const message = `${reading.what}: ${connector.type} cannot ${sideWords[side]}`;
  reading.report(diagnose(wrongSide, placed.span(['type'], 'value'), message, { known }));
  return undefined;
};

/** `{type, connection, ...options}` as `{type, connection, configs}`, with every part still in its place. */
const unflatten = (placed: Placed): { readonly outer: Placed; readonly configs: Placed } => {
  const isNested = isJsonObject(placed.value) && Object.hasOwn(placed.value, 'configs');
  if (isNested) return { outer: placed, configs: placedAt(placed, 'configs') };
  // Refused by name; what it holds is read as it is meant, so that one slip gives one finding.
  const older = placedAt(placed, 'config');
  if (isJsonObject(older.value)) return { outer: placed, configs: older };
  const configs = without(placed, ['type', 'connection', 'resource', 'config']);
  const others = isJsonObject(configs.value) ? Object.keys(configs.value) : [];
  return { outer: without(placed, others), configs };
};

/** The connection may stand inside the options too, where the predecessor's models have it (dialect §4.2). */
const connectionOf = (
  outer: string | undefined,
  configs: Placed,
  placed: Placed,
  reading: Reading,
): string | undefined => {
  const inner = placedAt(configs, 'connection').value;
  const isOlder = valueAt(placed.value, ['resource']) !== undefined;
  if (outer === undefined && typeof inner === 'string' && inner !== '') return inner;
  if (outer === undefined && isOlder) return undefined;
  if (outer === undefined) {
    const span = placed.span([], 'key');
    reading.report(diagnose(missingKey, span, `${reading.what}: connection is missing`));
    return undefined;
  }
  if (inner !== null && inner !== outer) {
    const message = `${reading.what}: connection is given twice, and differently`;
    reading.report(diagnose(wrongValue, configs.span(['connection'], 'value'), message));
  }
  return outer;
};

/** Reads one side; undefined when its type or connection is not known, or it is no mapping. */
export const readEndpoint = (
  placed: Placed,
  side: Side,
  what: string,
  context: LoadContext,
): EndpointDefinition | undefined => {
  const reading = { what, report: context.report };
  const { outer, configs } = unflatten(placed);
  const supported = refuseKeys(outer, 'endpoint', reading);
  const shape = readShape(endpointShape, supported, 'endpoint', reading);
  if (shape === undefined) return undefined;
  const scope = { reading, connectors: context.connectors };
  const resolved = resolve(shape.type, side, placed, scope);
  const connection = connectionOf(shape.connection, configs, placed, reading);
  if (resolved === undefined || !isJsonObject(configs.value)) return undefined;
  const options = readOptions(resolved.declaration, without(configs, ['connection']), reading);
  if (connection === undefined) return undefined;
  return {
    kind: resolved.connector.kind,
    type: resolved.connector.type,
    connection,
    configs: options,
    span: placed.span([], 'value'),
  };
};

/** The options of a side with their places, in either spelling. */
export const endpointConfigs = (placed: Placed): Placed => unflatten(placed).configs;
