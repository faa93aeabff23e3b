/**
 * The first of two planning steps: compiles a job (or one asset by itself) and a run's input to a `RunPlan`.
 *
 * Keeps true: the same input gives the same bytes; no secret is in the plan; whatever a template of the run may need
 * of the environment is pinned. Everything in the request is hostile and checked here.
 */
import type { Connector } from '../connectors/connector.js';
import { TidemarkError } from '../core/errors/error.js';
import type { PartitionKey } from '../core/plan/partitions.js';
import {
  planVersion,
  type AssetSpec,
  type EndpointSpec,
  type PinnedConnection,
  type RunContext,
  type RunPlan,
  type RunRequest,
  type Timing,
} from '../core/plan/plan.js';
import type { JsonObject } from '../core/values/json.js';
import type {
  AssetDefinition,
  Definition,
  JobDefinition,
} from '../language/definition/definition.js';
import { assetMentions } from './asset-mentions.js';
import { applyOverrides } from './config-overrides.js';
import type { Environment } from './connections.js';
import { badRequest, unknownAsset, unknownName } from './errors.js';
import { sealPlan } from './hash.js';
import {
  checkLaunchNames,
  checkMissing,
  rankParams,
  type Launch,
  type ParameterUser,
} from './launch-params.js';
import { orderAssets } from './order-assets.js';
import { orderedParams } from './ordered-params.js';
import { partitionOfRun, partitionScope } from './partition-of-run.js';
import { mentionsIn, type Mention } from './templates.js';
import { pinConnections } from './pin-connections.js';
import { pinEnv } from './pin-env.js';
import { readRequest, shown } from './read-request.js';
import { resolveName } from './resolve-name.js';
import { triggerScope } from './trigger-scope.js';
import { renderVars, usedVars } from './vars.js';
import { suggest } from '../core/values/suggest.js';

export interface RunFacts {
  /** The workflow type that was started: `orders_job`, `job.orders`, `asset.orders`. */
  readonly name: string;
  readonly env: Environment;
  readonly connectors: readonly Connector[];
  /** ISO 8601 in UTC: the run's clock, for every template. */
  readonly plannedAt: string;
  readonly transfersQueue: string;
  readonly timing: Timing;
  /** Search attributes that the namespace knows. */
  readonly searchAttributes: readonly string[];
  /** Epoch ms: pieces of time that are over by then exist; `Infinity` asks for nothing. */
  readonly partitionsAtMs: number;
}

export interface Selection {
  readonly kind: 'job' | 'asset';
  readonly name: string;
  readonly job: JobDefinition | null;
  /** All that could run. */
  readonly names: readonly string[];
}

export const selectionOf = (definition: Definition, type: string): Selection => {
  const found = resolveName(definition, type);
  if (found.kind === 'job') {
    const { job } = found;
    return { kind: 'job', name: job.name, job, names: job.assets };
  }
  if (found.kind === 'asset') {
    return { kind: 'asset', name: found.asset.name, job: null, names: [found.asset.name] };
  }
  throw new TidemarkError(
    unknownName,
    `"${type}" is a sensor, not a run; it starts the job "${found.sensor.job}"`,
  );
};

export const selectAssets = (
  definition: Definition,
  selection: Selection,
  request: RunRequest,
): readonly AssetDefinition[] => {
  const { names } = selection;
  const wanted = request.assets ?? names;
  if (wanted.length === 0) {
    throw new TidemarkError(
      badRequest,
      'input of the run: "assets" is an empty list; leave it out to run all of them',
    );
  }
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const near = suggest(unknown, names);
    throw new TidemarkError(
      unknownAsset,
      `input of the run: "${selection.name}" has no asset ${shown(unknown)}; its assets: ${names.join(', ')}`,
      near === undefined ? {} : { fix: `Did you mean ${near}?` },
    );
  }
  return definition.assets.filter((asset) => wanted.includes(asset.name));
};

/** Everything about one asset that later steps ask for. */
interface Candidate {
  readonly asset: AssetDefinition;
  readonly mentions: readonly Mention[];
}

/** Templates of parameters whose value an asset may see. */
const parameterMentions = (
  job: JobDefinition | null,
  asset: AssetDefinition,
): readonly Mention[] => [
  ...mentionsIn(asset.params, `asset "${asset.name}"`),
  ...mentionsIn(job?.overrides ?? {}, 'job_overrides'),
  ...mentionsIn(job?.assetOverrides[asset.name] ?? {}, `ops_config of "${asset.name}"`),
];

const endpoint = ({ kind, connection, configs }: EndpointSpec): EndpointSpec => ({
  kind,
  connection,
  configs: orderedParams(configs),
});

const specOf = (
  asset: AssetDefinition,
  params: JsonObject,
  inRun: ReadonlySet<string>,
): AssetSpec => ({
  name: asset.name,
  group: asset.group,
  description: asset.description,
  source: endpoint(asset.source),
  target: asset.target === null ? null : endpoint(asset.target),
  upstreams: asset.upstreams.filter((upstream) => inRun.has(upstream.asset)),
  params,
  tags: asset.tags,
  maxWorkers: asset.maxWorkers,
  retry: asset.retry,
  checks: asset.checks,
  onOverlap: asset.onOverlap,
  onTrigger: asset.onTrigger,
  partitions: asset.partitions,
  place: `${asset.span.file}:${asset.span.line}`,
});

const contextOf = (
  definition: Definition,
  selection: Selection,
  request: RunRequest,
  known: RunFacts & {
    readonly partition: PartitionKey | null;
    readonly pinned: Readonly<Record<string, string>>;
    readonly used: readonly Mention[];
  },
): RunContext => ({
  version: planVersion,
  project: definition.project.name,
  name: selection.name,
  kind: selection.kind,
  projectHash: definition.hash,
  partition: known.partition?.key ?? null,
  partitionKey: known.partition,
  tags: { ...selection.job?.tags, ...request.tags },
  trigger: request.trigger ?? null,
  fullRefresh: request.full_refresh ?? false,
  plannedAt: known.plannedAt,
  env: known.pinned,
  vars: renderVars(usedVars(definition.vars, known.used), known.used, known.pinned),
  transfersQueue: known.transfersQueue,
  timing: known.timing,
});

const specsOf = (
  candidates: readonly Candidate[],
  selection: Selection,
  request: RunRequest,
  context: RunContext,
): readonly AssetSpec[] => {
  const { job, names } = selection;
  const trigger = context.trigger === null ? {} : { trigger: triggerScope(context.trigger) };
  const scope = {
    env: context.env,
    vars: context.vars,
    run_tags: context.tags,
    now: context.plannedAt,
    ...partitionScope(context.partitionKey),
    ...trigger,
  };
  const launch: Launch = { params: request.params ?? {}, job, assetNames: names, scope };
  const users = candidates.map(({ asset, mentions }): ParameterUser => ({
    name: asset.name,
    params: asset.params,
    mentions,
  }));
  checkLaunchNames(users, launch);
  const inRun = new Set(candidates.map(({ asset }) => asset.name));
  return candidates.map(({ asset, mentions }) => {
    const user: ParameterUser = { name: asset.name, params: asset.params, mentions };
    const params = rankParams(user, launch);
    checkMissing(user, params, job);
    return specOf(asset, params, inRun);
  });
};

/** `<project>/asset/<name>[/<partition>]`: one writer per asset and partition comes from this workflow id (design §5). */
const idOf = (
  { project, partition }: RunContext,
  { name, partitions }: Pick<AssetSpec, 'name' | 'partitions'>,
): string => [project, 'asset', name, ...(partitions === null ? [] : [partition ?? ''])].join('/');

/**
 * `input` is what the run was started with, unchecked. Throws a `TidemarkError` of `plannerErrors` or
 * `templateErrors`; planning again with the same input gives the same answer.
 */
export const planRun = (definition: Definition, input: unknown, known: RunFacts): RunPlan => {
  const selection = selectionOf(definition, known.name);
  const request = readRequest(input);
  const overrides = {
    allowed: definition.project.allowConfigOverrides,
    connectors: known.connectors,
  };
  const chosen = selectAssets(definition, selection, request);
  const partition = partitionOfRun(chosen, request, {
    name: selection.name,
    atMs: known.partitionsAtMs,
  });
  const selected = applyOverrides(chosen, request.config, overrides);
  const candidates = orderAssets(selected).map((asset): Candidate => ({
    asset,
    mentions: assetMentions(asset, known.connectors),
  }));
  const users = candidates.map(({ asset, mentions }) => ({
    what: `asset "${asset.name}"`,
    mentions: [...mentions, ...parameterMentions(selection.job, asset)],
  }));
  const pinned = pinEnv(users, definition.vars, known.env);
  const used = users.flatMap((user) => user.mentions);
  const context = contextOf(definition, selection, request, {
    ...known,
    partition,
    pinned,
    used,
  });
  const assets = specsOf(candidates, selection, request, context);
  const connections: Readonly<Record<string, PinnedConnection>> = pinConnections(
    definition,
    assets,
    context,
    known,
  );
  return sealPlan(`run of "${selection.name}"`, {
    context,
    connections,
    assets,
    searchAttributes: known.searchAttributes,
    assetIds: Object.fromEntries(assets.map((asset) => [asset.name, idOf(context, asset)])),
  });
};
