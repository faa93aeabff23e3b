/** What a sensor watches: its connection pinned, its options resolved. Same input, same bytes; no secret in it. */
import type { Connector } from '../connectors/connector.js';
import type { RowSourceOptions } from '../connectors/row-fields.js';
import { movesRows, sideDeclaration } from '../connectors/sides.js';
import { invariant } from '../core/errors/invariant.js';
import { TidemarkError } from '../core/errors/error.js';
import { planVersion, type EndpointPlan } from '../core/plan/plan.js';
import { seenMaxDefault, type SensorPlan } from '../core/plan/sensor-plan.js';
import type { JsonObject } from '../core/values/json.js';
import { templateFunctions } from '../language/template/functions/all.js';
import type { Definition, SensorDefinition } from '../language/definition/definition.js';
import {
  connectionNamed,
  connectionWithoutSecrets,
  connectorOfKind,
  type Environment,
} from './connections.js';
import { badConnection, noRoute, unknownName } from './errors.js';
import { sealPlan } from './hash.js';
import { keptScope } from './kept-scope.js';
import { partOf, statementFields } from './statement-fields.js';
import { planQuery } from './rows/row-query.js';
import { factsAt, fieldName, textsIn } from './option-fields.js';
import { pinEnv } from './pin-env.js';
import { parseOptions, renderOptions, type Side } from './render-options.js';
import { resolveName } from './resolve-name.js';
import { renderConnectionName } from './run-scope.js';
import { expressionMentions, mentions, type Mention, type TemplateScope } from './templates.js';
import { renderVars } from './vars.js';

export interface SensorFacts {
  readonly connectors: readonly Connector[];
  readonly env: Environment;
  /** ISO 8601 in UTC; for functions that take a date and are given none. */
  readonly plannedAt: string;
}

const sensorNamed = (definition: Definition, name: string): SensorDefinition => {
  const found = resolveName(definition, name);
  if (found.kind === 'sensor') return found.sensor;
  throw new TidemarkError(unknownName, `"${name}" is a ${found.kind}, not a sensor`);
};

interface SensorMentions {
  readonly run: readonly Mention[];
  readonly predicate: readonly Mention[];
}

const mentionsOf = (sensor: SensorDefinition, side: Side): SensorMentions => {
  const where = (field: string) => `sensor "${sensor.name}", ${field}`;
  const texts = textsIn(sensor.source.configs).map(({ path, text }) => ({
    text,
    where: where(fieldName(path)),
    facts: factsAt(side.schema, path),
  }));
  const plain = texts.filter(
    ({ facts }) => facts.secret !== true && facts.template !== 'predicate',
  );
  const predicates = texts.filter(({ facts }) => facts.template === 'predicate');
  return {
    run: [
      ...mentions(sensor.source.connection, where('connection')),
      ...plain.flatMap((entry) => mentions(entry.text, entry.where)),
    ],
    predicate: predicates.flatMap((entry) => expressionMentions(entry.text, entry.where)),
  };
};

const functionModules: ReadonlySet<string> = new Set([
  'fn',
  ...templateFunctions.map(({ name }) => name.split('.')[0] ?? ''),
]);

/** Without the clock where no function could ask for it: a sensor that did not change keeps its hash. */
const sensorScope = (scope: TemplateScope, predicate: readonly Mention[]): JsonObject => {
  const { now, ...rest } = keptScope(scope, predicate);
  const usesFunctions = predicate.some(({ path }) => functionModules.has(path[0] ?? ''));
  return usesFunctions && now !== undefined ? { now, ...rest } : rest;
};

/** The query of a sensor of rows; new is what lies above its mark. */
const watchedRows = (
  sensor: SensorDefinition,
  connector: Connector,
  parsed: unknown,
  scope: TemplateScope,
): NonNullable<SensorPlan['rows']> => {
  const options = { ...(parsed as RowSourceOptions), sync_mode: 'incremental' as const };
  const { query, mark } = planQuery(options, {
    scope,
    asset: sensor.name,
    target: null,
    checkSql: connector.rowSource?.checkSql?.bind(connector.rowSource),
  });
  invariant(mark !== null, 'an incremental query has a mark');
  return { query, mark: { ...mark, initial: sensor.initialCursor ?? mark.initial, nulls: 'skip' } };
};

interface Watched {
  readonly rows?: NonNullable<SensorPlan['rows']>;
  readonly source: EndpointPlan;
  readonly container: string;
  readonly scope: JsonObject;
}

const watchedBy = (
  definition: Definition,
  sensor: SensorDefinition,
  known: SensorFacts,
): Watched => {
  const subject = `sensor "${sensor.name}"`;
  const { kind, configs, connection: connectionText } = sensor.source;
  const watching = connectorOfKind(known.connectors, kind);
  const declared = sideDeclaration(watching, 'source');
  if (declared === undefined)
    throw new TidemarkError(noRoute, `${subject}: nothing reads "${kind}"`);
  const side: Side = { subject, side: 'source', schema: declared.options };
  const isRows = movesRows(watching, 'source');
  const used = mentionsOf(sensor, side);
  const all = [...used.run, ...used.predicate];
  const env = pinEnv([{ what: subject, mentions: all }], definition.vars, known.env);
  const scope: TemplateScope = {
    env,
    vars: renderVars(definition.vars, all, env),
    params: sensor.params,
    now: known.plannedAt,
    source: {},
  };
  const connectionName = renderConnectionName(connectionText, scope, `${subject}, connection`);
  const connection = connectionNamed(definition.connections, connectionName, subject);
  if (connection.kind !== kind) {
    throw new TidemarkError(
      badConnection,
      `${subject}: connection "${connectionName}" is one of ${connection.kind}, and ${kind} is needed`,
    );
  }
  const facts = { connectors: known.connectors, vars: definition.vars, env: known.env };
  const { connector, config } = connectionWithoutSecrets(connection, facts);
  const isStatement = (name: string) => isRows && statementFields.includes(name);
  const { options } = renderOptions(
    partOf(configs, (name) => !isStatement(name)),
    side,
    scope,
  );
  const statements = partOf(configs, isStatement);
  const parsed = parseOptions({ ...options, ...statements }, side, declared.check?.bind(declared));
  const identity = { ...connector.connection.identity(config) };
  return {
    source: { kind, identity, connection: connectionName, options },
    container: connector.source?.container(config, parsed) ?? '',
    scope: sensorScope(scope, used.predicate),
    ...(isRows ? { rows: watchedRows(sensor, connector, parsed, scope) } : {}),
  };
};

/** Throws what `planRun` throws for connections, variables, templates and options. */
export const planSensor = (
  definition: Definition,
  name: string,
  known: SensorFacts,
): SensorPlan => {
  const sensor = sensorNamed(definition, name);
  return sealPlan(`sensor "${sensor.name}"`, {
    version: planVersion,
    project: definition.project.name,
    name: sensor.name,
    ...watchedBy(definition, sensor, known),
    job: sensor.job,
    triggerMode: sensor.triggerMode,
    intervalMs: sensor.minimumIntervalMs,
    settleMs: sensor.settleMs,
    lookbackMs: sensor.lookbackMs,
    advance: sensor.advance,
    params: sensor.params,
    initialCursor: sensor.initialCursor,
    seenMax: seenMaxDefault,
    startsRunning: sensor.startsRunning,
  });
};
