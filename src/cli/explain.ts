/**
 * `tidemark explain`: what a run would do, from the same planner that the worker uses. Nothing is opened or written
 * without `--sample` or `--live`, and the answer is the same bytes each time: the clock is a placeholder.
 */
import { byPosition, type Diagnostic } from '../core/errors/diagnostic.js';
import { TidemarkError } from '../core/errors/error.js';
import { invariant } from '../core/errors/invariant.js';
import { defaultTiming, type RunPlan } from '../core/plan/plan.js';
import { contextOf } from '../core/run/job-run.js';
import { standInResults } from '../core/run/stand-in-result.js';
import type { JsonObject } from '../core/values/json.js';
import type { Definition } from '../language/definition/definition.js';
import type { LoadedProject } from '../language/lint/load-project.js';
import { firstPartition } from '../language/partitions/partition-keys.js';
import { partitionsOf } from '../planner/partition-of-run.js';
import { planAsset } from '../planner/plan-asset.js';
import { planRun } from '../planner/plan-run.js';
import { planSensor } from '../planner/plan-sensor.js';
import { resolveName } from '../planner/resolve-name.js';
import {
  defineCommand,
  exitCodes,
  formatOption,
  layerOptions,
  type CommandInput,
  type Terminal,
} from './command.js';
import { badUsage } from './errors.js';
import { explainedJson, explainedText, runHeading, type ExplainedAsset } from './explain-text.js';
import { explainTriggers } from './explain-triggers.js';
import { readProjectFile } from '../runtime/project/read-project-file.js';
import { listOption, projectRoot, withDefinition } from './project.js';
import { sampleAsset, type SampleWish } from './sample.js';
import { findingsText } from './lint.js';
import { toJson } from './lint-formats.js';
import type { AssetPlaces } from './live-findings.js';
import type { ExplainFacts, Found } from './explain-facts.js';
import { sampleRows } from './sample-rows.js';
import { goLive } from './live.js';
import { json, tree } from './table.js';

/** The run's clock, for byte-stable answers. */
const plannedAt = '2000-01-01T00:00:00.000Z';

/** `zone=eu` → `{ zone: 'eu' }`; the planner casts to the declared types. */
const paramsOf = (texts: readonly string[]): JsonObject =>
  Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
      throw new TidemarkError(
        badUsage,
        `--param ${JSON.stringify(text)} has no "="; write --param name=value`,
      );
    }),
  );

const explainAssets = (
  definition: Definition,
  run: RunPlan,
  { root, terminal }: { readonly root: string; readonly terminal: Terminal },
): readonly ExplainedAsset[] =>
  run.assets.map((asset) => {
    const upstreams = standInResults(asset);
    const context = contextOf(run.context, asset);
    const { connections, searchAttributes } = run;
    const order = { context, asset, connections, upstreams, runId: 'explain', searchAttributes };
    const known = {
      connectors: terminal.connectors,
      owner: 'explain',
      ownerStartedMs: 0,
      vary: null,
      readFile: (path: string) => readProjectFile(root, path),
    };
    const triggers = explainTriggers(definition, run, asset, terminal.connectors);
    try {
      return { asset, plan: planAsset(order, known), triggers };
    } catch (error) {
      // One asset that cannot be planned (it needs a trigger, say) must not hide the others.
      if (error instanceof TidemarkError) return { asset, failure: error, triggers };
      throw error;
    }
  });

/** Without one that is asked for, the first: it exists, and it stays the first. */
const explainedPartition = (
  definition: Definition,
  name: string,
  asked: unknown,
): string | undefined => {
  if (typeof asked === 'string') return asked;
  const found = resolveName(definition, name);
  const names = found.kind === 'job' ? found.job.assets : [name.replace(/^asset\./, '')];
  const spec = partitionsOf(definition.assets.filter((asset) => names.includes(asset.name)));
  if (spec === null) return undefined;
  return firstPartition(spec)?.key;
};

const sampleWish = ({ options }: CommandInput): SampleWish | null => {
  const { sample, live } = options;
  if (sample === undefined && live !== true) return null;
  const files = sample === undefined ? 0 : sample === true ? 10 : Number(sample);
  if (!Number.isInteger(files) || files < 0 || files > 1000) {
    throw new TidemarkError(
      badUsage,
      `--sample ${String(sample)} is not a number of items; write 1 to 1000`,
    );
  }
  return { files, counts: live === true };
};

const explainSensor = (
  definition: Definition,
  name: string,
  input: CommandInput,
  terminal: Terminal,
): number => {
  const plan = planSensor(definition, name, {
    connectors: terminal.connectors,
    env: terminal.env,
    plannedAt,
  });
  terminal.out(
    input.options['format'] === 'json'
      ? json(plan)
      : [`${plan.name} (sensor of project ${plan.project})`, ...tree(plan, '  ')].join('\n'),
  );
  return exitCodes.ok;
};

/** The run as it would be planned, with a clock that stands still. */
const explainedRun = (
  definition: Definition,
  { args: [name = ''], options }: CommandInput,
  { env, connectors }: Terminal,
): RunPlan => {
  const assets = listOption(options['asset']);
  const partition = explainedPartition(definition, name, options['partition']);
  const request = {
    params: paramsOf(listOption(options['param'])),
    ...(assets.length === 0 ? {} : { assets }),
    ...(partition === undefined ? {} : { partition }),
  };
  return planRun(definition, request, {
    name,
    env,
    connectors,
    plannedAt,
    transfersQueue: `${definition.project.taskQueue}-transfers`,
    timing: defaultTiming,
    searchAttributes: [],
    // Whether a piece of time is over does not matter here, and the answer is the same each day.
    partitionsAtMs: Infinity,
  });
};

const runFacts = ({ context }: RunPlan) => ({
  name: context.name,
  kind: context.kind,
  project: context.project,
  ...(context.partition === null ? {} : { partition: context.partition }),
  projectHash: context.projectHash,
});

const notAsked: Found = { files: null, rows: null, findings: [] };

const look = async (
  { asset, plan }: ExplainedAsset,
  wish: SampleWish | null,
  facts: ExplainFacts,
  { placeOf }: LoadedProject,
): Promise<Found> => {
  if (wish === null || plan === undefined) return notAsked;
  const { rows } = plan;
  if (rows === undefined || rows.query === null)
    return { ...notAsked, files: await sampleAsset(plan, wish, facts) };
  const { name } = asset;
  const definition = facts.definition.assets.find((candidate) => candidate.name === name);
  invariant(definition !== undefined, 'a planned asset is one of the project');
  const places: AssetPlaces = {
    name,
    asset: definition.source.span,
    at: (side, field, entry) => placeOf(name, side, field, entry),
  };
  const { sample, findings } = await sampleRows(plan, wish, places, facts);
  return { ...notAsked, rows: sample, findings };
};

const isError = ({ severity }: Diagnostic): boolean => severity === 'error';

const run = (input: CommandInput, given: Terminal): Promise<number> => {
  const { terminal } = goLive(input, given);
  return withDefinition(input, terminal, async (definition, loaded) => {
    const [name = ''] = input.args;
    if (resolveName(definition, name).kind === 'sensor')
      return explainSensor(definition, name, input, terminal);
    const plan = explainedRun(definition, input, terminal);
    const wish = sampleWish(input);
    const explained = explainAssets(definition, plan, {
      root: projectRoot(input, terminal),
      terminal,
    });
    const facts = { definition, terminal };
    const isJson = input.options['format'] === 'json';
    const answers: unknown[] = [];
    const found: Diagnostic[] = [];
    if (!isJson) terminal.out(runHeading(plan));
    for (const [at, entry] of explained.entries()) {
      const answer = await look(entry, wish, facts, loaded);
      found.push(...answer.findings);
      if (isJson) answers.push(explainedJson(entry, answer, facts));
      else terminal.out(`\n${explainedText(entry, at + 1, answer, facts)}`);
    }
    const findings = found.toSorted(byPosition);
    const { sources } = loaded;
    const { diagnostics } = toJson(findings, sources.size);
    const told = wish === null ? {} : { diagnostics };
    if (isJson) terminal.out(json({ ...runFacts(plan), assets: answers, ...told }));
    else if (findings.length > 0) terminal.out(`\n${findingsText(findings, sources, terminal)}`);
    return findings.some(isError) || explained.some(({ failure }) => failure !== undefined)
      ? exitCodes.findings
      : exitCodes.ok;
  });
};

export const explain = defineCommand({
  name: 'explain',
  summary: 'what a run would do: assets in order, routes, keys, sizes; writes nothing',
  arguments: [{ syntax: '<name>', summary: 'a job, an asset or a sensor' }],
  options: [
    {
      flags: '--param <name=value>',
      summary: 'a parameter of the run; asset.name=value for one asset',
      repeatable: true,
    },
    {
      flags: '--partition <key>',
      summary:
        'the partition to explain (default: the first one, so that the answer stays the same)',
    },
    { flags: '--asset <name>', summary: 'only this asset of the job', repeatable: true },
    {
      flags: '--sample [items]',
      summary: 'open the connections and show items with their targets, or rows (10 of each asset)',
    },
    {
      flags: '--live',
      summary:
        'open the connections: count files and bytes; of rows also their columns, types, key and where a window would end. Columns that the source does not have are findings (exit code 1); lint opens nothing',
    },
    ...layerOptions,
    formatOption,
  ],
  examples: [
    'explain orders_job --param day=2026-01-31',
    'explain orders_to_lake --sample 20',
    'explain orders_job --live --format json',
  ],
  run,
});
