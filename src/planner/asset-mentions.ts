/** What the templates of an asset mention: decides which variables a run pins, and what a plan must carry. */
import type { Connector } from '../connectors/connector.js';
import { sideDeclaration } from '../connectors/sides.js';
import type { EndpointSpec } from '../core/plan/plan.js';
import { connectorOfKind } from './connections.js';
import { factsAt, fieldName, textsIn, type OptionSchema } from './option-fields.js';
import { expressionMentions, mentions, type Mention } from './templates.js';

interface Templated {
  readonly name: string;
  readonly source: EndpointSpec;
  readonly target: EndpointSpec | null;
}

/** `asset "orders"`, for messages. */
export const assetSubject = (asset: string): string => `asset "${asset}"`;

/** `asset "orders", source.path`, for messages. */
export const fieldPlace = (subject: string, side: 'source' | 'target', field: string): string =>
  `${subject}, ${side}.${field}`;

const endpointMentions = (
  asset: string,
  side: 'source' | 'target',
  endpoint: EndpointSpec,
  schema: OptionSchema | undefined,
): readonly Mention[] => {
  const inOptions = textsIn(endpoint.configs).flatMap(({ path, text }) => {
    const facts = schema === undefined ? {} : factsAt(schema, path);
    // A secret field stays a reference: what it names is read by the activity that needs it, and never pinned.
    if (facts.secret === true) return [];
    const where = fieldPlace(assetSubject(asset), side, fieldName(path));
    return facts.template === 'predicate' ? expressionMentions(text, where) : mentions(text, where);
  });
  return [
    ...mentions(endpoint.connection, fieldPlace(assetSubject(asset), side, 'connection')),
    ...inOptions,
  ];
};

/** Every mention in the asset's connections and options, with its predicate. */
export const assetMentions = (
  asset: Templated,
  connectors: readonly Connector[],
): readonly Mention[] => {
  const { source, target } = asset;
  const sourceSchema = sideDeclaration(connectorOfKind(connectors, source.kind), 'source')?.options;
  const read = endpointMentions(asset.name, 'source', source, sourceSchema);
  if (target === null) return read;
  const targetSchema = sideDeclaration(connectorOfKind(connectors, target.kind), 'target')?.options;
  return [...read, ...endpointMentions(asset.name, 'target', target, targetSchema)];
};

/** Does a template look at the trigger itself? Then the asset decides what to read, and is not narrowed (D17). */
export const usesTrigger = (used: readonly Mention[]): boolean =>
  used.some(({ path }) => path[0] === 'trigger' || (path[0] === 'source' && path[1] === 'trigger'));
