/**
 * A project while it is being checked: definitions beside the text that they came from, so that rules can point at
 * the very key or value. Entries that are too broken to define are missing, but their names are known, so that one
 * mistake does not make every reference to the entry a second one.
 */
import type { Connector } from '../../connectors/connector.js';
import type { Span } from '../../core/errors/diagnostic.js';
import type { RetrySpec } from '../../core/plan/plan.js';
import type { JsonObject } from '../../core/values/json.js';
import type {
  AssetDefinition,
  ConnectionDefinition,
  JobDefinition,
  ProjectSettings,
  ScheduleDefinition,
  SensorDefinition,
} from './definition.js';
import { oncePer } from './once-per.js';
import type { Placed } from './placed.js';
import type { Report } from './reading.js';
import type { SelectionProblem } from './selection.js';

export type EntryKind = 'asset' | 'job' | 'schedule' | 'sensor';

/** A name that a file declares, also of an entry that could not be defined. */
export interface DeclaredName {
  readonly kind: EntryKind;
  readonly name: string;
  readonly span: Span;
  /** Name of the entry whose `cron` generates this one; null when it is written. */
  readonly generatedFrom: string | null;
}

/** A definition with the text that it came from. */
export interface Draft<T> {
  readonly definition: T;
  readonly placed: Placed;
}

export interface JobDraft extends Draft<JobDefinition> {
  readonly cron: string | undefined;
  /** What is wrong with its selection. */
  readonly selectionProblems: readonly SelectionProblem[];
}

/** What the sections are read with. */
export interface LoadContext {
  readonly connectors: readonly Connector[];
  readonly report: Report;
  readonly settings: ProjectSettings;
  readonly defaults: EntryDefaults;
}

/** `defaults` of `tidemark.yaml`, with our own defaults below them. */
export interface EntryDefaults {
  readonly retry: RetrySpec;
  readonly maxWorkers: number;
  readonly onOverlap: AssetDefinition['onOverlap'];
  readonly onTrigger: AssetDefinition['onTrigger'];
  readonly catchupWindowMs: number;
}

export interface ProjectDraft {
  readonly settings: ProjectSettings;
  readonly settingsPlaced: Placed | null;
  readonly connectors: readonly Connector[];
  /** Environment variables of this process, for warnings about unset ones; values go nowhere. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly vars: JsonObject;
  readonly connections: readonly Draft<ConnectionDefinition>[];
  /** Names of all connections, also broken ones. */
  readonly connectionNames: readonly string[];
  readonly assets: readonly Draft<AssetDefinition>[];
  readonly jobs: readonly JobDraft[];
  readonly schedules: readonly Draft<ScheduleDefinition>[];
  readonly sensors: readonly Draft<SensorDefinition>[];
  readonly names: readonly DeclaredName[];
}

export const namesOf = (draft: ProjectDraft, kind: EntryKind): readonly string[] => [
  ...new Set(draft.names.filter((entry) => entry.kind === kind).map((entry) => entry.name)),
];

type Named = Draft<{ readonly name: string }>;

/** Of two entries of one name the first counts; the second is a finding. */
const byName = <T extends Named>(drafts: readonly T[]): ReadonlyMap<string, T> =>
  new Map(drafts.toReversed().map((draft) => [draft.definition.name, draft]));

const assetsByName = oncePer(({ assets }: ProjectDraft) => byName(assets));
const jobsByName = oncePer(({ jobs }: ProjectDraft) => byName(jobs));

export const assetNamed = (draft: ProjectDraft, name: string): Draft<AssetDefinition> | undefined =>
  assetsByName(draft).get(name);

export const jobNamed = (draft: ProjectDraft, name: string): JobDraft | undefined =>
  jobsByName(draft).get(name);

const jobsByAsset = oncePer(
  ({ jobs }: ProjectDraft): ReadonlyMap<string, readonly JobDefinition[]> => {
    const found = new Map<string, JobDefinition[]>();
    for (const { definition: job } of jobs)
      for (const name of job.assets) {
        const known = found.get(name);
        if (known === undefined) found.set(name, [job]);
        else known.push(job);
      }
    return found;
  },
);

/** The jobs that run an asset, in the order of declaration. */
export const jobsOfAsset = (draft: ProjectDraft, name: string): readonly JobDefinition[] =>
  jobsByAsset(draft).get(name) ?? [];
