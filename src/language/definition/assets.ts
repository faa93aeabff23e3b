/** Assets: what is moved from where to where, with every default applied. */
import type { z } from 'zod';
import { objectFields } from '../../connectors/fields.js';
import { diagnose } from '../../core/errors/diagnostic.js';
import type { CheckSpec, Upstream } from '../../core/plan/plan.js';
import { isJsonObject, type JsonObject } from '../../core/values/json.js';
import type { AssetDefinition, EndpointDefinition } from './definition.js';
import { notSupported } from './diagnostics.js';
import type { Draft, LoadContext } from './draft.js';
import { endpointConfigs, readEndpoint } from './endpoint.js';
import { holdsTemplate } from './options.js';
import { placedAt, placedEntries, placedItems, replacing, type Placed } from './placed.js';
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

const checkSpecs = (shape: AssetShape): readonly CheckSpec[] =>
  (shape.checks ?? []).map((check) => ({
    name: check.name,
    type: 'observation_diff',
    sourceKey: check.source_key,
    targetKey: check.target_key,
    threshold: check.threshold ?? 0,
    severity: check.severity ?? 'abort',
  }));

/** Sections inside the asset have refused keys of their own; each is reported here and left out. */
const refuseInside = (placed: Placed, reading: Reading): Placed => {
  const ins = placedAt(placed, 'ins');
  const checks = placedAt(placed, 'checks');
  let supported = placed;
  if (isJsonObject(ins.value)) {
    const entries = placedEntries(ins).map(([alias, entry]) => [
      alias,
      // `alias:` with nothing behind it is the bare form `alias: {}`.
      entry.value === null ? {} : refuseKeys(entry, 'ins', reading).value,
    ]);
    supported = replacing(supported, 'ins', Object.fromEntries(entries) as JsonObject);
  }
  if (Array.isArray(checks.value)) {
    const items = placedItems(checks).map((entry) => refuseKeys(entry, 'check', reading).value);
    supported = replacing(supported, 'checks', items);
  }
  return supported;
};

/** The format that a side names; without one, the default of the connector's options, if they know formats. */
const objectType = (
  endpoint: EndpointDefinition,
  options: z.ZodType | undefined,
): string | undefined => {
  const written = endpoint.configs['object_type'];
  const known = options === undefined ? undefined : objectFields(options)['object_type'];
  const type: unknown = written ?? known?.safeParse(undefined).data;
  return typeof type === 'string' && !holdsTemplate(type) ? type.toUpperCase() : undefined;
};

/** Files are copied byte by byte; a different format at the target asks for a conversion. */
const refuseConversion = (
  source: EndpointDefinition,
  target: EndpointDefinition,
  placed: Placed,
  { report, connectors }: LoadContext,
): void => {
  const connector = connectors.find((entry) => entry.kind === source.kind);
  const to = objectType(target, undefined);
  const from = objectType(source, connector?.source?.options);
  if (to === undefined || from === undefined || to === from) return;
  const span = endpointConfigs(placedAt(placed, 'target')).span(['object_type'], 'value');
  const what = `asset ${JSON.stringify(placedAt(placed, 'name').value)}`;
  const message = `${what}: the source is ${from} and the target ${to}, but formats are not converted`;
  report(
    diagnose(notSupported, span, message, {
      fix: `Give both sides the same object_type: the bytes of the files are copied as they are.`,
    }),
  );
};

const define = (
  shape: AssetShape,
  ends: { readonly source: EndpointDefinition; readonly target: EndpointDefinition | null },
  placed: Placed,
  { defaults }: LoadContext,
): AssetDefinition => ({
  name: shape.name,
  description: shape.description ?? '',
  group: shape.group ?? 'default',
  ...ends,
  upstreams: upstreamsOf(shape),
  tags: shape.tags ?? {},
  metadata: shape.metadata ?? {},
  maxWorkers: shape.max_workers ?? defaults.maxWorkers,
  retry: retrySpec(shape.retry_policy, defaults.retry),
  checks: checkSpecs(shape),
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
  if (target !== null) refuseConversion(source, target, placed, context);
  return {
    definition: define(shape, { source, target }, placed, context),
    placed,
    cron: shape.cron,
  };
};
