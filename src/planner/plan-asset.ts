/**
 * The second planning step: completes one asset once its upstreams' results and its trigger are known. It reads the
 * run's plan, never the YAML.
 *
 * Keeps true: every template of the run is resolved; what is left are templates of items, and the plan carries
 * exactly the variables that those mention; sizes are legal for the target; no secret is in the plan.
 */
import type { Connector } from '../connectors/connector.js';
import { TidemarkError } from '../core/errors/error.js';
import {
  planVersion,
  type AssetOrder,
  type AssetPlan,
  type EndpointPlan,
  type EndpointSpec,
} from '../core/plan/plan.js';
import { isJsonObject, type JsonObject } from '../core/values/json.js';
import { assetMentions, assetSubject, fieldPlace } from './asset-mentions.js';
import { connectorOfKind } from './connections.js';
import { badConnection, badOptions, noRoute } from './errors.js';
import { sealPlan } from './hash.js';
import { keptScope } from './kept-scope.js';
import { narrow } from './narrow.js';
import { parseOptions, renderOptions, type RenderedOptions, type Side } from './render-options.js';
import { chooseRoute } from './routes.js';
import { assetScope, renderConnectionName } from './run-scope.js';
import { askedPartBytes, chooseSizes, type Variation } from './sizes.js';
import { expressionMentions, type Mention, type TemplateScope } from './templates.js';

export interface AssetFacts {
  readonly connectors: readonly Connector[];
  /** `<workflow id>/<run id>` of the first run of the asset's chain. */
  readonly owner: string;
  readonly ownerStartedMs: number;
  /** `tiny` gives the smallest legal sizes; null in production. */
  readonly vary: Variation;
}

interface RenderedSide {
  readonly plan: EndpointPlan;
  readonly kept: readonly Mention[];
  /** As the connector's schema gives them. */
  readonly parsed: unknown;
}

const pinnedEndpoint = (
  order: AssetOrder,
  side: 'source' | 'target',
  spec: EndpointSpec,
  scope: TemplateScope,
): Omit<EndpointPlan, 'options'> => {
  const where = fieldPlace(assetSubject(order.asset.name), side, 'connection');
  const connection = renderConnectionName(spec.connection, scope, where);
  const pinned = order.connections[connection];
  if (pinned?.kind === spec.kind) return { ...pinned, connection };
  const known = Object.keys(order.connections).filter(
    (name) => order.connections[name]?.kind === spec.kind,
  );
  throw new TidemarkError(
    badConnection,
    `${where}: "${connection}" is not a connection of ${spec.kind} that this run was planned with; those are: ${known.join(', ') || 'none'}`,
  );
};

const renderSource = (
  order: AssetOrder,
  connector: Connector,
  scope: TemplateScope,
): RenderedSide => {
  const { asset } = order;
  const declared = connector.source;
  if (declared === undefined)
    throw new TidemarkError(
      noRoute,
      `asset "${asset.name}": ${connector.type} can only be a target`,
    );
  const side: Side = {
    subject: assetSubject(asset.name),
    side: 'source',
    schema: declared.options,
  };
  const rendered = renderOptions(asset.source.configs, side, scope);
  const parsed = parseOptions(rendered.options, side, declared.check?.bind(declared));
  return {
    plan: { ...pinnedEndpoint(order, 'source', asset.source, scope), options: rendered.options },
    kept: rendered.kept,
    parsed,
  };
};

const renderTarget = (
  order: AssetOrder,
  spec: EndpointSpec,
  connector: Connector,
  scope: TemplateScope,
): RenderedSide => {
  const declared = connector.target;
  if (declared === undefined)
    throw new TidemarkError(
      noRoute,
      `asset "${order.asset.name}": ${connector.type} can only be a source`,
    );
  const side: Side = {
    subject: assetSubject(order.asset.name),
    side: 'target',
    schema: declared.options,
  };
  const rendered: RenderedOptions = renderOptions(spec.configs, side, scope);
  // With item templates in it the schema can only judge the shape; `plan-items` judges each file's own options.
  const parsed = parseOptions(rendered.options, side, declared.check?.bind(declared));
  return {
    plan: { ...pinnedEndpoint(order, 'target', spec, scope), options: rendered.options },
    kept: rendered.kept,
    parsed,
  };
};

/** What `source.*` is in templates of the target: the source's resolved options, its trigger, its bucket. */
const sourceScope = (scope: TemplateScope, source: EndpointPlan): JsonObject => {
  const before = scope['source'];
  const bucket = source.options['bucket_name'];
  return {
    ...source.options,
    ...(bucket === undefined ? {} : { bucket }),
    ...(isJsonObject(before) ? before : {}),
  };
};

const predicateMentions = (asset: string, source: EndpointPlan): readonly Mention[] => {
  const text = source.options['predicate'];
  return typeof text === 'string'
    ? expressionMentions(text, fieldPlace(assetSubject(asset), 'source', 'predicate'))
    : [];
};

const deletesSource = (
  order: AssetOrder,
  source: Connector,
  sides: readonly (EndpointPlan | null)[],
): boolean => {
  const asked = sides.some((side) => side?.options['delete_source'] === true);
  if (asked && source.source?.capabilities.removes !== true) {
    throw new TidemarkError(
      badOptions,
      `asset "${order.asset.name}": delete_source is true, and ${source.type} cannot delete what it read`,
    );
  }
  return asked;
};

interface Rendered {
  readonly source: RenderedSide;
  readonly target: RenderedSide | null;
  /** What is still needed when items are known. */
  readonly scope: JsonObject;
}

const render = (order: AssetOrder, source: Connector, target: Connector | null): Rendered => {
  const { asset, context } = order;
  const scope = assetScope(context, asset, order.upstreams);
  const from = renderSource(order, source, scope);
  const itemScope: TemplateScope = { ...scope, source: sourceScope(scope, from.plan) };
  const predicate = predicateMentions(asset.name, from.plan);
  if (asset.target === null || target === null) {
    return { source: from, target: null, scope: keptScope(itemScope, predicate) };
  }
  const to = renderTarget(order, asset.target, target, itemScope);
  return { source: from, target: to, scope: keptScope(itemScope, [...to.kept, ...predicate]) };
};

/** Throws `plan/no-route`, `plan/bad-options`, `plan/bad-template` and what `templateErrors` lists. */
export const planAsset = (order: AssetOrder, known: AssetFacts): AssetPlan => {
  const { asset, context } = order;
  const reads = connectorOfKind(known.connectors, asset.source.kind);
  const writes =
    asset.target === null ? null : connectorOfKind(known.connectors, asset.target.kind);
  const { route, why } = chooseRoute(reads, writes);
  if (route === null) throw new TidemarkError(noRoute, `asset "${asset.name}": ${why}`);
  const { source, target, scope } = render(order, reads, writes);
  const targetPlan = target?.plan ?? null;
  const narrowing = {
    asset,
    trigger: context.trigger,
    mentions: assetMentions(asset, known.connectors),
    connection: source.plan.connection,
  };
  return sealPlan(`asset "${asset.name}"`, {
    version: planVersion,
    name: asset.name,
    partition: context.partition,
    route,
    why,
    source: source.plan,
    target: targetPlan,
    owner: known.owner,
    ownerStartedMs: known.ownerStartedMs,
    narrowedTo: narrow(narrowing, reads, source.parsed),
    sizes: chooseSizes(writes?.target?.capabilities ?? null, {
      workers: asset.maxWorkers,
      partBytes: askedPartBytes(target?.parsed),
      vary: known.vary,
    }),
    timing: context.timing,
    retry: asset.retry,
    deleteSource: deletesSource(order, reads, [source.plan, targetPlan]),
    scope,
    checks: asset.checks,
  });
};
