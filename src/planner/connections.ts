/**
 * From a connection of the project to what a connector takes.
 *
 * A plan pins who and where (`pinConnection`): secrets are replaced by stand-ins before anything is parsed, so that
 * no secret can reach a plan (promise G10). An activity resolves the same connection with its secrets
 * (`resolveConnection`) and compares who and where with the plan before it opens anything (correctness.md §11).
 */
import type { Connector } from '../connectors/connector.js';
import { TidemarkError } from '../core/errors/error.js';
import type { PinnedConnection } from '../core/plan/plan.js';
import { canonicalJson, type JsonObject, type JsonValue } from '../core/values/json.js';
import { suggest } from '../core/values/suggest.js';
import type { ConnectionDefinition } from '../language/definition/definition.js';
import { badConnection, connectionChanged, unsetVariable } from './errors.js';
import { factsAt, fieldName, mapTexts, withoutNulls } from './option-fields.js';
import {
  isConstant,
  mentions,
  renderText,
  type SecretLookup,
  type TemplateScope,
} from './templates.js';
import { usedEnv } from './used-env.js';
import { renderVars } from './vars.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConnectionFacts {
  readonly connectors: readonly Connector[];
  readonly vars: JsonObject;
  readonly env: Environment;
}

/** What stands in a plan's view of a connection where a secret would be. */
const standIn = '(secret)';

export const connectorOfKind = (connectors: readonly Connector[], kind: string): Connector => {
  const connector = connectors.find((candidate) => candidate.kind === kind);
  if (connector !== undefined) return connector;
  throw new TidemarkError(badConnection, `connector "${kind}" is not part of this installation`);
};

/** Throws `plan/bad-connection` that lists what is known. `user` says who needs it. */
export const connectionNamed = (
  connections: readonly ConnectionDefinition[],
  name: string,
  user: string,
): ConnectionDefinition => {
  const found = connections.find((connection) => connection.name === name);
  if (found !== undefined) return found;
  const names = connections.map((connection) => connection.name);
  const near = suggest(name, names);
  throw new TidemarkError(
    badConnection,
    `${user}: connection ${JSON.stringify(name)} is not defined; known: ${names.join(', ') || 'none'}`,
    near === undefined ? {} : { fix: `Did you mean ${near}?` },
  );
};

const wholeReference = /^env:([A-Za-z_][A-Za-z0-9_]*)$/;

const variable = (env: Environment, name: string, where: string): string => {
  const value = env[name];
  if (value !== undefined) return value;
  throw new TidemarkError(
    unsetVariable,
    `${where}: the variable ${name} of the environment is not set`,
  );
};

interface Rendering extends ConnectionFacts {
  /** Null: stand-ins. */
  readonly secrets: SecretLookup | null;
  readonly sawSecret?: (value: string) => void;
}

const renderField = (
  text: string,
  where: string,
  isSecret: boolean,
  known: Rendering,
): JsonValue => {
  if (isSecret && known.secrets === null) return standIn;
  const reference = wholeReference.exec(text.trim());
  if (reference !== null) return variable(known.env, reference[1] ?? '', where);
  if (isConstant(text, where)) return text;
  const used = mentions(text, where);
  if (!isSecret && used.some(({ path }) => path[0] === 'fn' && path[1] === 'secrets')) {
    throw new TidemarkError(
      badConnection,
      `${where}: fn.secrets.get is only for fields that hold secrets; a plan shows this one`,
      { fix: 'Write {{ env.NAME }} for values that are no secret.' },
    );
  }
  const scope: TemplateScope = {
    env: usedEnv(used, known.env, where),
    vars: renderVars(known.vars, used, known.env),
  };
  return renderText(text, scope, where, isSecret ? (known.secrets ?? undefined) : undefined);
};

const parseConfig = (
  connection: ConnectionDefinition,
  connector: Connector,
  known: Rendering,
): unknown => {
  const { options } = connector.connection;
  const rendered = mapTexts(connection.config, (text, path) => {
    const where = `connection "${connection.name}", field ${fieldName(path)}`;
    const isSecret = factsAt(options, path).secret === true;
    const value = renderField(text, where, isSecret, known);
    if (isSecret && known.secrets !== null) known.sawSecret?.(String(value));
    return value;
  });
  const parsed = options.safeParse(withoutNulls(rendered as JsonObject));
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map((issue) => {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
    // A schema's own words may quote the value, and here it may be a secret.
    const reason =
      factsAt(options, path).secret === true ? 'its value is not valid' : issue.message;
    return path.length === 0 ? reason : `${fieldName(path)}: ${reason}`;
  });
  throw new TidemarkError(badConnection, `connection "${connection.name}": ${reasons.join('; ')}`);
};

export interface ResolvedConnection {
  readonly connector: Connector;
  /**
   * What `source.open` and `target.open` take. Of `resolveConnection` it holds secrets: never log it, never return
   * it from an activity. Of `connectionWithoutSecrets` it holds stand-ins and opens nothing.
   */
  readonly config: unknown;
}

/** The connection with stand-ins for its secrets: enough for `identity`, `container`, `address` and `describe`. */
export const connectionWithoutSecrets = (
  connection: ConnectionDefinition,
  known: ConnectionFacts,
): ResolvedConnection => {
  const connector = connectorOfKind(known.connectors, connection.kind);
  return { connector, config: parseConfig(connection, connector, { ...known, secrets: null }) };
};

/** Who and where, without secrets. Throws `plan/bad-connection` or `plan/unset-variable`. */
export const pinConnection = (
  connection: ConnectionDefinition,
  known: ConnectionFacts,
): PinnedConnection => {
  const { connector, config } = connectionWithoutSecrets(connection, known);
  return { kind: connection.kind, identity: { ...connector.connection.identity(config) } };
};

export interface SecretFacts extends ConnectionFacts {
  readonly secrets: SecretLookup;
  /** Is told every value of a secret field, whether a reference or the YAML itself gave it: for redaction. */
  readonly sawSecret?: (value: string) => void;
}

/**
 * The connection with its secrets, for whoever opens it. `pinned` is what the plan says: another identity throws
 * `plan/connection-changed`, a changed secret is fine. Null where there is no plan.
 */
export const resolveConnection = (
  connection: ConnectionDefinition,
  known: SecretFacts,
  pinned: PinnedConnection | null,
): ResolvedConnection => {
  const connector = connectorOfKind(known.connectors, connection.kind);
  const config = parseConfig(connection, connector, known);
  if (pinned !== null) {
    const now = { kind: connection.kind, identity: pinConnection(connection, known).identity };
    const planned = { kind: pinned.kind, identity: pinned.identity };
    if (canonicalJson(now) !== canonicalJson(planned)) {
      throw new TidemarkError(
        connectionChanged,
        `connection "${connection.name}" changed during the run: it was planned with ` +
          `${canonicalJson(planned)} and is now ${canonicalJson(now)}`,
      );
    }
  }
  return { connector, config };
};
