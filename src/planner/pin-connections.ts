/**
 * Pins who and where for every connection that a run may use. A connection that is named by a template is resolved
 * now where that is possible; where it needs a trigger or an upstream's result, all connections of that kind that
 * can be pinned are, and `plan-asset` chooses among them.
 */
import type { Connector } from '../connectors/connector.js';
import { TidemarkError } from '../core/errors/error.js';
import type { AssetSpec, EndpointSpec, PinnedConnection, RunContext } from '../core/plan/plan.js';
import type { Definition } from '../language/definition/definition.js';
import { assetSubject, fieldPlace } from './asset-mentions.js';
import {
  connectionNamed,
  pinConnection,
  type ConnectionFacts,
  type Environment,
} from './connections.js';
import { badConnection } from './errors.js';
import { assetScope, renderConnectionName } from './run-scope.js';
import { mentions } from './templates.js';

interface User {
  readonly place: string;
  readonly asset: AssetSpec;
  readonly endpoint: EndpointSpec;
}

const usersOf = (assets: readonly AssetSpec[]): readonly User[] =>
  assets.flatMap((asset) => {
    const source = {
      place: fieldPlace(assetSubject(asset.name), 'source', 'connection'),
      asset,
      endpoint: asset.source,
    };
    if (asset.target === null) return [source];
    return [
      source,
      {
        place: fieldPlace(assetSubject(asset.name), 'target', 'connection'),
        asset,
        endpoint: asset.target,
      },
    ];
  });

/** Roots that are known before any asset has run. */
const knownEarly: ReadonlySet<string> = new Set([
  'env',
  'vars',
  'params',
  'run_tags',
  'trigger',
  'fn',
  'ops',
]);

const pinAll = (definition: Definition, kind: string, facts: ConnectionFacts) =>
  definition.connections
    .filter((connection) => connection.kind === kind)
    .flatMap((connection): readonly (readonly [string, PinnedConnection])[] => {
      try {
        return [[connection.name, pinConnection(connection, facts)]];
      } catch (error) {
        // Perhaps this run never chooses it; if it does, plan-asset says that it was not pinned.
        if (error instanceof TidemarkError) return [];
        throw error;
      }
    });

const pinNamed = (definition: Definition, name: string, user: User, facts: ConnectionFacts) => {
  const connection = connectionNamed(definition.connections, name, user.place);
  if (connection.kind !== user.endpoint.kind) {
    throw new TidemarkError(
      badConnection,
      `${user.place}: connection "${name}" is a connection of ${connection.kind}, and ${user.endpoint.kind} is needed`,
    );
  }
  return [[name, pinConnection(connection, facts)] as const];
};

/** By name, sorted. Throws `plan/bad-connection` and `plan/unset-variable`. */
export const pinConnections = (
  definition: Definition,
  assets: readonly AssetSpec[],
  context: RunContext,
  known: { readonly connectors: readonly Connector[]; readonly env: Environment },
): Readonly<Record<string, PinnedConnection>> => {
  const facts: ConnectionFacts = {
    connectors: known.connectors,
    vars: definition.vars,
    env: known.env,
  };
  const pinned = usersOf(assets).flatMap((user) => {
    const { connection, kind } = user.endpoint;
    const early = mentions(connection, user.place).every(({ path }) =>
      knownEarly.has(path[0] ?? ''),
    );
    if (!early) return pinAll(definition, kind, facts);
    const scope = assetScope(context, user.asset, {});
    return pinNamed(definition, renderConnectionName(connection, scope, user.place), user, facts);
  });
  return Object.fromEntries([...pinned].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
};
