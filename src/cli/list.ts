/** `tidemark list`: what can be started, and what starts by itself. */
import type {
  Definition,
  JobDefinition,
  ParameterDefinition,
} from '../language/definition/definition.js';
import type { PartitionsSpec } from '../core/plan/partitions.js';
import {
  dimensionNames,
  firstPartition,
  newestPartitions,
} from '../language/partitions/partition-keys.js';
import {
  defineCommand,
  exitCodes,
  formatOption,
  layerOptions,
  type CommandInput,
  type Terminal,
} from './command.js';
import { painter } from './paint.js';
import { withDefinition } from './project.js';
import { columns, json } from './table.js';

const parameterJson = ({
  name,
  asset,
  type,
  required,
  default: standard,
  choices,
}: ParameterDefinition) => ({
  name,
  asset,
  type,
  required,
  ...(standard === undefined ? {} : { default: standard }),
  ...(choices === undefined ? {} : { choices }),
});

const toJson = ({ project, jobs, assets, sensors, schedules }: Definition, nowMs: number) => ({
  project: project.name,
  jobs: jobs.map(({ name, description, assets: names, params }) => ({
    name,
    description,
    assets: names,
    params: params.map(parameterJson),
  })),
  assets: assets.map(({ name, description, group, source, target, upstreams, partitions }) => ({
    name,
    description,
    group,
    source: source.type,
    target: target?.type ?? null,
    upstreams: upstreams.map(({ asset }) => asset),
    ...(partitions === null ? {} : { partitions: partitionsJson(partitions, nowMs) }),
  })),
  sensors: sensors.map(({ name, job, source, triggerMode, minimumIntervalMs, startsRunning }) => ({
    name,
    job,
    watches: { type: source.type, connection: source.connection },
    triggerMode,
    intervalMs: minimumIntervalMs,
    startsRunning,
  })),
  schedules: schedules.map(({ name, jobs: started, cron, timeZone }) => ({
    name,
    jobs: started.map(({ job }) => job),
    cron,
    timeZone,
  })),
});

/** The first and the newest that exist now; null where there is none, or where runs name them. */
const endsOf = (spec: PartitionsSpec, nowMs: number) => {
  const newest = newestPartitions(spec, 1, nowMs);
  const first = newest.length === 0 ? undefined : firstPartition(spec);
  return { first: first?.key ?? null, newest: newest.at(-1)?.key ?? null };
};

const partitionsJson = (spec: PartitionsSpec, nowMs: number) => ({
  type: spec.type,
  ...(spec.type === 'static' ? { values: spec.values } : {}),
  ...(spec.type === 'multi' ? { dimensions: dimensionNames(spec) } : {}),
  ...endsOf(spec, nowMs),
});

/** `daily, 2025-01-01 … 2026-01-30`. */
const partitionsText = (spec: PartitionsSpec, nowMs: number): string => {
  if (spec.type === 'dynamic') return 'dynamic: any key';
  const { first, newest } = endsOf(spec, nowMs);
  return newest === null ? `${spec.type}, none yet` : `${spec.type}, ${first ?? ''} … ${newest}`;
};

/** `day: string, required` · `zone: string = "landing"` · `mode: string = "fast" (fast, safe)`. */
const parameterText = ({
  name,
  asset,
  type,
  required,
  default: standard,
  choices,
}: ParameterDefinition): string => {
  const value = standard === undefined ? '' : ` = ${JSON.stringify(standard)}`;
  const list =
    choices === undefined
      ? ''
      : ` (one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')})`;
  const needed = required && standard === undefined ? ', required' : '';
  return `${asset === null ? '' : `${asset}.`}${name}: ${type}${value}${needed}${list}`;
};

const jobLines = (jobs: readonly JobDefinition[]): readonly string[] =>
  jobs.flatMap(({ name, assets, params, description }) => [
    `  ${name}  (${assets.join(', ')})`,
    ...(description === '' ? [] : [`    ${description}`]),
    ...params.map((entry) => `    ${parameterText(entry)}`),
  ]);

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [title, ...lines, ''];

const toText = (definition: Definition, terminal: Terminal, nowMs: number): string => {
  const title = (text: string) => painter(terminal.color)(text, 'bold');
  const { jobs, assets, sensors, schedules } = definition;
  const assetRows = assets.map(({ name, source, target, description, partitions }) => [
    name,
    `${source.type} → ${target?.type ?? '(list only)'}`,
    description,
    partitions === null ? '' : `(${partitionsText(partitions, nowMs)})`,
  ]);
  const sensorRows = sensors.map(({ name, source, job }) => [
    name,
    `${source.type} ${source.connection}`,
    `starts ${job}`,
  ]);
  const scheduleRows = schedules.map(({ name, cron, timeZone, jobs: started }) => [
    name,
    `${cron} (${timeZone})`,
    `starts ${started.map(({ job }) => job).join(', ')}`,
  ]);
  const lines = [
    ...section(title('jobs'), jobLines(jobs)),
    ...section(title('assets'), columns(assetRows, '  ')),
    ...section(title('sensors'), columns(sensorRows, '  ')),
    ...section(title('schedules'), columns(scheduleRows, '  ')),
  ];
  return lines.length === 0 ? 'nothing is declared yet' : lines.slice(0, -1).join('\n');
};

const run = (input: CommandInput, terminal: Terminal): Promise<number> =>
  withDefinition(input, terminal, (definition) => {
    const isJson = input.options['format'] === 'json';
    terminal.out(
      isJson ? json(toJson(definition, Date.now())) : toText(definition, terminal, Date.now()),
    );
    return exitCodes.ok;
  });

export const list = defineCommand({
  name: 'list',
  summary: 'what can be started: jobs, assets, sensors and schedules, with parameters',
  arguments: [],
  options: [...layerOptions, formatOption],
  examples: ['list', 'list --format json'],
  run,
});
