/** How a planned asset is shown. Pure: the same plan gives the same text. */
import { sideDeclaration } from '../connectors/sides.js';
import type { TidemarkError } from '../core/errors/error.js';
import type { AssetPlan, AssetSpec, CopySizes, EndpointPlan, RunPlan } from '../core/plan/plan.js';
import {
  connectionNamed,
  connectionWithoutSecrets,
  connectorOfKind,
} from '../planner/connections.js';
import { maskOptions } from './mask.js';
import { checkLines } from './explain-checks.js';
import { rowsJson, rowsLines } from './explain-rows.js';
import { bytesText } from './bytes-text.js';
import type { ExplainFacts, Found } from './explain-facts.js';
import { rowSampleLines, sampleLines } from './explain-sample.js';
import { tree } from './table.js';

export interface ExplainedAsset {
  readonly asset: AssetSpec;
  readonly plan?: AssetPlan;
  /** Why the asset cannot be planned by itself. */
  readonly failure?: TidemarkError;
  readonly triggers: readonly string[];
}

export const runHeading = ({ context, assets }: RunPlan): string => {
  const { name, kind, project, partition } = context;
  const piece = partition === null ? '' : `, partition ${partition}`;
  return `${name} (${kind} of project ${project}, ${assets.length} ${assets.length === 1 ? 'asset' : 'assets'}${piece})`;
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
  const declared = sideDeclaration(connector, side);
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

const planLines = (plan: AssetPlan, facts: ExplainFacts): readonly string[] => [
  ...endpointLines('source', plan.source, facts),
  ...(plan.target === null ? ['   target  none'] : endpointLines('target', plan.target, facts)),
  `   route   ${plan.route}: ${plan.why}`,
  ...(plan.target === null || plan.rows !== undefined
    ? []
    : [`   sizes   ${sizesText(plan.sizes)}`]),
  ...rowsLines(plan, facts),
  ...checkLines(plan),
  ...(plan.deleteSource
    ? ['   after   each source file is deleted once its copy is verified']
    : []),
];

export const explainedText = (
  explained: ExplainedAsset,
  position: number,
  found: Found,
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
    ...(found.files === null ? [] : sampleLines(found.files)),
    ...(found.rows === null ? [] : rowSampleLines(found.rows)),
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

export const explainedJson = (explained: ExplainedAsset, found: Found, facts: ExplainFacts) => {
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
  const { route, why, sizes, deleteSource, source, target, checks } = plan;
  return {
    ...head,
    route,
    why,
    source: endpointJson('source', source, facts),
    target: endpointJson('target', target, facts),
    sizes,
    deleteSource,
    checks,
    ...rowsJson(plan, facts),
    ...(found.files === null ? {} : { sample: found.files }),
    ...(found.rows === null ? {} : { sample: found.rows }),
  };
};
