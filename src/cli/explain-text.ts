/** How a planned asset is shown. Pure: the same plan gives the same text. */
import type { TidemarkError } from '../core/errors/error.js';
import type { AssetPlan, AssetSpec, CopySizes, EndpointPlan, RunPlan } from '../core/plan/plan.js';
import {
  connectionNamed,
  connectionWithoutSecrets,
  connectorOfKind,
} from '../planner/connections.js';
import { maskOptions } from './mask.js';
import type { ExplainFacts, Sample } from './explain-facts.js';
import { columns, tree } from './table.js';

export interface ExplainedAsset {
  readonly asset: AssetSpec;
  readonly plan?: AssetPlan;
  /** Why the asset cannot be planned by itself. */
  readonly failure?: TidemarkError;
  readonly triggers: readonly string[];
}

export const runHeading = ({ context, assets }: RunPlan): string =>
  `${context.name} (${context.kind} of project ${context.project}, ${assets.length} ${assets.length === 1 ? 'asset' : 'assets'})`;

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes for people, exact where they are whole: `8 MiB`, `1.5 GiB`. */
export const bytesText = (bytes: number): string => {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[power] ?? 'B'}`;
};

const sizesText = (sizes: CopySizes): string =>
  `files up to ${bytesText(sizes.singleBytesMax)} in batches of ${sizes.batchItems}; larger ones in parts of ` +
  `${bytesText(sizes.partBytes)} or more, ${sizes.chunkParts} parts a chunk; ${sizes.workers} workers`;

/** Where a side reads or writes, in its connector's own words. */
const describeSide = (
  side: 'source' | 'target',
  endpoint: EndpointPlan,
  { definition, terminal }: ExplainFacts,
): string => {
  const connector = connectorOfKind(terminal.connectors, endpoint.kind);
  const declared = connector[side];
  if (declared === undefined) return '';
  const connection = connectionNamed(definition.connections, endpoint.connection, 'explain');
  const known = { connectors: terminal.connectors, vars: definition.vars, env: terminal.env };
  const { config } = connectionWithoutSecrets(connection, known);
  return declared.describe(config, declared.options.parse(endpoint.options));
};

const endpointLines = (
  side: 'source' | 'target',
  endpoint: EndpointPlan,
  facts: ExplainFacts,
): readonly string[] => {
  const { type } = connectorOfKind(facts.terminal.connectors, endpoint.kind);
  const identity = Object.entries(endpoint.identity).map(([name, value]) => `${name} ${value}`);
  const head = `   ${side}  ${type} ${endpoint.connection} (${identity.join(', ')})`;
  const options = maskOptions(endpoint.options, side, endpoint.kind, facts.terminal.connectors);
  return [
    head,
    `           ${describeSide(side, endpoint, facts)}`,
    ...tree(options, '           '),
  ];
};

const sampleLines = (sample: Sample): readonly string[] => {
  const rows = sample.items.map(({ source, bytes, target, decision }) => [
    source,
    bytesText(bytes),
    target === null ? '' : `→ ${target}`,
    decision,
  ]);
  const left =
    sample.filtered === 0
      ? []
      : [`           ${sample.filtered} more left out by predicate or check_is_modifying`];
  const { counts } = sample;
  const live =
    counts === null ? [] : [`   live    ${counts.files} files, ${bytesText(counts.bytes)}`];
  const title =
    rows.length === 0 && counts !== null
      ? []
      : [`   sample  ${rows.length === 0 ? 'no files' : `the first ${rows.length}`}`];
  return [...title, ...columns(rows, '           '), ...left, ...live];
};

const planLines = (plan: AssetPlan, facts: ExplainFacts): readonly string[] => [
  ...endpointLines('source', plan.source, facts),
  ...(plan.target === null ? ['   target  none'] : endpointLines('target', plan.target, facts)),
  `   route   ${plan.route}: ${plan.why}`,
  ...(plan.target === null ? [] : [`   sizes   ${sizesText(plan.sizes)}`]),
  ...(plan.deleteSource
    ? ['   after   each source file is deleted once its copy is verified']
    : []),
];

export const explainedText = (
  explained: ExplainedAsset,
  position: number,
  sample: Sample | null,
  facts: ExplainFacts,
): string => {
  const { asset, plan, failure, triggers } = explained;
  const waits = asset.upstreams.map((upstream) => upstream.asset);
  const params = Object.entries(asset.params).map(
    ([name, value]) => `${name}=${JSON.stringify(value)}`,
  );
  return [
    `${position}. ${asset.name}  ${asset.place}`,
    ...(waits.length === 0 ? [] : [`   waits   for ${waits.join(', ')}`]),
    ...(params.length === 0 ? [] : [`   params  ${params.join(', ')}`]),
    ...(plan === undefined ? [] : planLines(plan, facts)),
    ...(failure === undefined
      ? []
      : [`   error[${failure.code}]: ${failure.message}`, `   fix: ${failure.fix}`]),
    ...triggers.map((line) => `   sensor  ${line}`),
    ...(sample === null ? [] : sampleLines(sample)),
  ].join('\n');
};

const endpointJson = (
  side: 'source' | 'target',
  endpoint: EndpointPlan | null,
  facts: ExplainFacts,
) =>
  endpoint === null
    ? null
    : {
        ...endpoint,
        options: maskOptions(endpoint.options, side, endpoint.kind, facts.terminal.connectors),
        describe: describeSide(side, endpoint, facts),
      };

export const explainedJson = (
  explained: ExplainedAsset,
  sample: Sample | null,
  facts: ExplainFacts,
) => {
  const { asset, plan, failure, triggers } = explained;
  const { name, place, params, upstreams } = asset;
  const head = {
    name,
    place,
    params,
    upstreams: upstreams.map((upstream) => upstream.asset),
    triggers,
  };
  if (plan === undefined)
    return {
      ...head,
      error: { code: failure?.code, message: failure?.message, fix: failure?.fix },
    };
  const { route, why, sizes, deleteSource, source, target } = plan;
  return {
    ...head,
    route,
    why,
    source: endpointJson('source', source, facts),
    target: endpointJson('target', target, facts),
    sizes,
    deleteSource,
    ...(sample === null ? {} : { sample }),
  };
};
