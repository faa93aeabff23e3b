/**
 * `tidemark explain`: what a run would do, from the same planner that the worker uses. Nothing is opened or written
 * without `--sample` or `--live`, and the answer is the same bytes each time: the clock is a placeholder.
 */
import { TidemarkError } from '../core/errors/error.js';
import { defaultTiming, type AssetResult, type RunPlan } from '../core/plan/plan.js';
import type { JsonObject } from '../core/values/json.js';
import type { Definition } from '../language/definition/definition.js';
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
import { listOption, withDefinition } from './project.js';
import { sampleAsset } from './sample.js';
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

/** What stands for the result of an upstream that has not run: readable in the rendered options. */
const standInResult = (alias: string): AssetResult => ({
  bucket_name: `<bucket of ${alias}>`,
  prefix: `<prefix of ${alias}>`,
  keys: [],
  files: 0,
  rows: 0,
  bytes: 0,
  table_name: `<table of ${alias}>`,
});

const explainAssets = (
  definition: Definition,
  run: RunPlan,
  terminal: Terminal,
): readonly ExplainedAsset[] =>
  run.assets.map((asset) => {
    const aliases = asset.upstreams.flatMap(({ alias }) => (alias === null ? [] : [alias]));
    const upstreams = Object.fromEntries(aliases.map((alias) => [alias, standInResult(alias)]));
    const { context, connections, searchAttributes } = run;
    const order = { context, asset, connections, upstreams, runId: 'explain', searchAttributes };
    const known = {
      connectors: terminal.connectors,
      owner: 'explain',
      ownerStartedMs: 0,
      vary: null,
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

interface SampleWish {
  readonly files: number;
  readonly counts: boolean;
}

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

const run = (input: CommandInput, given: Terminal): Promise<number> => {
  const { terminal } = goLive(input, given);
  return withDefinition(input, terminal, async (definition) => {
    const [name = ''] = input.args;
    if (resolveName(definition, name).kind === 'sensor')
      return explainSensor(definition, name, input, terminal);
    const assets = listOption(input.options['asset']);
    const request = {
      params: paramsOf(listOption(input.options['param'])),
      ...(assets.length === 0 ? {} : { assets }),
    };
    const plan = planRun(definition, request, {
      name,
      env: terminal.env,
      connectors: terminal.connectors,
      plannedAt,
      transfersQueue: `${definition.project.taskQueue}-transfers`,
      timing: defaultTiming,
      searchAttributes: [],
    });
    const wish = sampleWish(input);
    const explained = explainAssets(definition, plan, terminal);
    const facts = { definition, terminal };
    const isJson = input.options['format'] === 'json';
    const answers: unknown[] = [];
    if (!isJson) terminal.out(runHeading(plan));
    for (const [at, entry] of explained.entries()) {
      const sample =
        wish === null || entry.plan === undefined
          ? null
          : await sampleAsset(entry.plan, wish, facts);
      if (isJson) answers.push(explainedJson(entry, sample, facts));
      else terminal.out(`\n${explainedText(entry, at + 1, sample, facts)}`);
    }
    if (isJson)
      terminal.out(
        json({
          name: plan.context.name,
          kind: plan.context.kind,
          project: plan.context.project,
          projectHash: plan.context.projectHash,
          assets: answers,
        }),
      );
    return explained.some(({ failure }) => failure !== undefined)
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
    { flags: '--asset <name>', summary: 'only this asset of the job', repeatable: true },
    {
      flags: '--sample [items]',
      summary: 'open the connections and show items with their targets (10 of each asset)',
    },
    { flags: '--live', summary: 'open the connections and count files and bytes' },
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
