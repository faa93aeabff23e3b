/** Assets: what is moved from where to where, with every default applied. */
import type { Upstream } from '../../core/plan/plan.js';
import { isJsonObject, type JsonObject } from '../../core/values/json.js';
import { readChecks } from './checks.js';
import type { AssetDefinition, EndpointDefinition } from './definition.js';
import type { Draft, LoadContext } from './draft.js';
import { readEndpoint } from './endpoint.js';
import { readPartitions } from './partitions.js';
import { placedAt, placedEntries, replacing, type Placed } from './placed.js';
import { readShape, refuseKeys, type Reading } from './reading.js';
import { retrySpec } from './retry.js';
import { assetShape, type AssetShape } from './shapes.js';

/** A name that is also in `ins` orders already, so it is dropped from `deps` (dialect §3.2). */
const upstreamsOf = (shape: AssetShape): readonly Upstream[] => {
  const ins = Object.entries(shape.ins ?? {}).map(([alias, entry]) => ({
    asset: entry.key ?? alias,
    alias,
  }));
  const named = new Set(ins.map((entry) => entry.asset));
  const deps = [...new Set(shape.deps ?? [])].filter((name) => !named.has(name));
  return [...ins, ...deps.map((asset) => ({ asset, alias: null }))];
};

/** Entries of `ins` have refused keys of their own; each is reported here and left out. */
const refuseInside = (placed: Placed, reading: Reading): Placed => {
  const ins = placedAt(placed, 'ins');
  let supported = placed;
  if (isJsonObject(ins.value)) {
    const entries = placedEntries(ins).map(([alias, entry]) => [
      alias,
      // `alias:` with nothing behind it is the bare form `alias: {}`.
      entry.value === null ? {} : refuseKeys(entry, 'ins', reading).value,
    ]);
    supported = replacing(supported, 'ins', Object.fromEntries(entries) as JsonObject);
  }
  return supported;
};

const define = (
  shape: AssetShape,
  ends: { readonly source: EndpointDefinition; readonly target: EndpointDefinition | null },
  placed: Placed,
  { defaults, report }: LoadContext,
): AssetDefinition => ({
  name: shape.name,
  description: shape.description ?? '',
  group: shape.group,
  ...ends,
  upstreams: upstreamsOf(shape),
  tags: shape.tags ?? {},
  metadata: shape.metadata ?? {},
  maxWorkers: shape.max_workers ?? defaults.maxWorkers,
  retry: retrySpec(shape.retry_policy, defaults.retry),
  checks: readChecks(placedAt(placed, 'checks'), {
    what: `asset ${JSON.stringify(shape.name)}`,
    report,
  }),
  partitions: readPartitions(placedAt(placed, 'partitions_def'), {
    what: `asset ${JSON.stringify(shape.name)}`,
    report,
  }),
  onOverlap: shape.on_overlap ?? defaults.onOverlap,
  onTrigger: shape.on_trigger ?? defaults.onTrigger,
  params: shape.params ?? {},
  span: placed.span(['name'], 'value'),
});

/** The asset and its own `cron`; undefined when it cannot be defined. */
export const readAsset = (
  placed: Placed,
  what: string,
  context: LoadContext,
): (Draft<AssetDefinition> & { readonly cron: string | undefined }) | undefined => {
  const reading = { what, report: context.report };
  const shape = readShape(assetShape, refuseInside(placed, reading), 'asset', reading);
  if (shape === undefined) return undefined;
  const source = readEndpoint(placedAt(placed, 'source'), 'source', `${what}: source`, context);
  const target =
    shape.target === undefined
      ? null
      : readEndpoint(placedAt(placed, 'target'), 'target', `${what}: target`, context);
  if (source === undefined || target === undefined) return undefined;
  return {
    definition: define(shape, { source, target }, placed, context),
    placed,
    cron: shape.cron,
  };
};
