/**
 * The second planning step: completes one asset once its upstreams' results and its trigger are known. It reads the
 * run's plan, never the YAML.
 *
 * Keeps true: every template of the run is resolved; what is left are templates of items, and the plan carries
 * exactly the variables that those mention; sizes are legal for the target; no secret is in the plan.
 */
import type { Connector } from '../connectors/connector.js';
import { movesRows, sideDeclaration, type SideDeclaration } from '../connectors/sides.js';
import { TidemarkError } from '../core/errors/error.js';
import {
  planVersion,
  resultKeysMax,
  type AssetOrder,
  type AssetPlan,
  type EndpointPlan,
  type EndpointSpec,
} from '../core/plan/plan.js';
import type { RowsPlan } from '../core/plan/rows.js';
import { isJsonObject, type JsonObject } from '../core/values/json.js';
import { assetMentions, assetSubject, fieldPlace } from './asset-mentions.js';
import { connectorOfKind } from './connections.js';
import { badConnection, badOptions, badTemplate, noRoute } from './errors.js';
import { sealPlan } from './hash.js';
import { partOf, statementFields } from './statement-fields.js';
import { keptScope } from './kept-scope.js';
import { narrow } from './narrow.js';
import { withoutNulls } from './option-fields.js';
import { needsWindow, parseOptions, renderOptions, type Side } from './render-options.js';
import { planRecoding } from './plan-recoding.js';
import { chooseRoute, type FileWish } from './routes.js';
import { isRowsRoute, planRows } from './rows/rows-plan.js';
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
  /** Text of a file of the project, for `fn.file.read` in statements; absent: they cannot be read. */
  readonly readFile?: (path: string) => string | undefined;
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

const renderSide = (
  order: AssetOrder,
  side: Side & { readonly check: SideDeclaration['check'] },
  spec: EndpointSpec,
  known: { readonly scope: TemplateScope; readonly isRows: boolean },
): RenderedSide => {
  const isStatement = (name: string) => known.isRows && statementFields.includes(name);
  const configs = partOf(spec.configs, (name) => !isStatement(name));
  const statements = withoutNulls(partOf(spec.configs, isStatement));
  // With item templates in it the schema can only judge the shape; `plan-items` judges each file's own options.
  const rendered = renderOptions(configs, side, known.scope);
  const parsed = parseOptions({ ...rendered.options, ...statements }, side, side.check);
  // Values for `?` belong to the statement.
  const options = partOf(rendered.options, (name) => !known.isRows || name !== 'params');
  return {
    plan: { ...pinnedEndpoint(order, side.side, spec, known.scope), options },
    kept: rendered.kept,
    parsed,
  };
};

const sideOf = (order: AssetOrder, side: Side['side'], connector: Connector) => {
  const declared = sideDeclaration(connector, side);
  const subject = assetSubject(order.asset.name);
  if (declared !== undefined)
    return { subject, side, schema: declared.options, check: declared.check?.bind(declared) };
  const only = side === 'source' ? 'target' : 'source';
  throw new TidemarkError(noRoute, `${subject}: ${connector.type} can only be a ${only}`);
};

const renderSource = (
  order: AssetOrder,
  connector: Connector,
  scope: TemplateScope,
): RenderedSide =>
  renderSide(order, sideOf(order, 'source', connector), order.asset.source, {
    scope,
    isRows: movesRows(connector, 'source'),
  });

const renderTarget = (
  order: AssetOrder,
  spec: EndpointSpec,
  connectors: { readonly source: Connector; readonly target: Connector },
  scope: TemplateScope,
): RenderedSide => {
  const waitsFor = movesRows(connectors.source, 'source') ? 'window' : 'item';
  const side = { ...sideOf(order, 'target', connectors.target), waitsFor } as const;
  return renderSide(order, side, spec, { scope, isRows: movesRows(connectors.target, 'target') });
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
  /** What statements of the target see. */
  readonly fullScope: TemplateScope;
}

const render = (order: AssetOrder, source: Connector, target: Connector | null): Rendered => {
  const { asset, context } = order;
  const scope = assetScope(context, asset, order.upstreams);
  const from = renderSource(order, source, scope);
  const itemScope: TemplateScope = { ...scope, source: sourceScope(scope, from.plan) };
  const predicate = predicateMentions(asset.name, from.plan);
  if (asset.target === null || target === null) {
    return {
      source: from,
      target: null,
      scope: keptScope(itemScope, predicate),
      fullScope: itemScope,
    };
  }
  const to = renderTarget(order, asset.target, { source, target }, itemScope);
  const kept = keptScope(itemScope, [...to.kept, ...predicate]);
  return { source: from, target: to, scope: kept, fullScope: itemScope };
};

/** Null for a route of bytes. */
const rowsOf = (
  order: AssetOrder,
  route: AssetPlan['route'],
  sides: { readonly reads: Connector; readonly writes: Connector | null } & Rendered,
  known: AssetFacts,
): RowsPlan | null => {
  const { reads, writes, source, target } = sides;
  if (writes === null || target === null || !isRowsRoute(route)) return null;
  return planRows({
    source: { connector: reads, ...source },
    target: { connector: writes, ...target },
    order,
    route,
    scope: sides.fullScope,
    vary: known.vary,
    ...(known.readFile === undefined ? {} : { readFile: known.readFile }),
  });
};

/** A key that names the window needs one. */
const assertWindow = (asset: string, kept: readonly Mention[], rows: RowsPlan | null): void => {
  if (rows === null || rows.mark !== null || !needsWindow(kept)) return;
  throw new TidemarkError(
    badTemplate,
    `${fieldPlace(assetSubject(asset), 'target', 'key')} uses metadata, and the asset has no mark`,
    { fix: 'Write sync_mode: incremental at the source, or leave metadata out of the key.' },
  );
};

const sizesOf = (
  asset: AssetOrder['asset'],
  writes: Connector | null,
  target: RenderedSide | null,
  vary: Variation,
): AssetPlan['sizes'] =>
  chooseSizes(writes?.target?.capabilities ?? null, {
    workers: asset.maxWorkers,
    partBytes: askedPartBytes(target?.parsed),
    vary,
  });

const routeOf = (
  asset: string,
  reads: Connector,
  writes: Connector | null,
  wish?: FileWish,
): { readonly route: AssetPlan['route']; readonly why: string } => {
  const { route, why } = chooseRoute(reads, writes, wish);
  if (route === null) throw new TidemarkError(noRoute, `asset "${asset}": ${why}`);
  return { route, why };
};

/** A list that is not whole would lose what it leaves out, without a word (D4). */
const assertWholeKeys = (
  { asset, upstreams }: Pick<AssetOrder, 'asset' | 'upstreams'>,
  used: readonly Mention[],
): void => {
  const cut = used
    .filter(({ path }) => path[1] === 'result' && [undefined, 'keys'].includes(path[2]))
    .map(({ path }) => path[0] ?? '')
    .find((alias) => upstreams[alias]?.keys_cut === true);
  if (cut === undefined) return;
  throw new TidemarkError(
    badTemplate,
    `${assetSubject(asset.name)} uses ${cut}.result.keys, which holds the first ${String(resultKeysMax)} keys and not all`,
    { fix: `Use {{ ${cut}.result.prefix }}: everything that was written lies below it.` },
  );
};

/** Null where no files are copied. */
const wishOf = (
  asset: string,
  route: AssetPlan['route'],
  source: EndpointPlan,
  target: EndpointPlan | null,
): FileWish | null =>
  route !== 'copy-bytes' || target === null
    ? null
    : {
        recoding: planRecoding(asset, source.options, target.options),
        isOneConnection: source.connection === target.connection,
      };

/** Throws `plan/no-route`, `plan/bad-options`, `plan/bad-template` and what `templateErrors` lists. */
export const planAsset = (order: AssetOrder, known: AssetFacts): AssetPlan => {
  const { asset, context } = order;
  const reads = connectorOfKind(known.connectors, asset.source.kind);
  const writes =
    asset.target === null ? null : connectorOfKind(known.connectors, asset.target.kind);
  const used = assetMentions(asset, known.connectors);
  assertWholeKeys(order, used);
  const possible = routeOf(asset.name, reads, writes);
  const rendered = render(order, reads, writes);
  const { source, target, scope } = rendered;
  const targetPlan = target?.plan ?? null;
  const wish = wishOf(asset.name, possible.route, source.plan, targetPlan);
  const { route, why } = wish === null ? possible : routeOf(asset.name, reads, writes, wish);
  const narrowing = {
    asset,
    trigger: context.trigger,
    mentions: used,
    connection: source.plan.connection,
  };
  const rows = rowsOf(order, route, { reads, writes, ...rendered }, known);
  assertWindow(asset.name, target?.kept ?? [], rows);
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
    sizes: sizesOf(asset, writes, target, known.vary),
    timing: context.timing,
    retry: asset.retry,
    deleteSource: deletesSource(order, reads, [source.plan, targetPlan]),
    scope,
    checks: asset.checks,
    ...(rows === null ? {} : { rows }),
    ...(wish === null || wish.recoding === null ? {} : { recoding: wish.recoding }),
  });
};
