/**
 * The definition: a checked project. Every reference is resolved, every default is applied; what is left to do
 * is planning. Plain JSON, so that it can be hashed and shown.
 *
 * Templates and references (`{{ env.X }}`, `env:X`) stand in it exactly as they were written: nothing here is a
 * secret that Tidemark resolved. Spans say where each thing stands, for messages; they do not enter the hash.
 */
import type { Span } from '../../core/errors/diagnostic.js';
import type { PartitionsSpec } from '../../core/plan/partitions.js';
import type { CheckSpec, EndpointSpec, RetrySpec, Upstream } from '../../core/plan/plan.js';
import type { JsonObject, JsonValue } from '../../core/values/json.js';

/** What `tidemark.yaml` says, defaults applied (D25). */
export interface ProjectSettings {
  /** Default: the name of the project's folder. Part of every workflow id. */
  readonly name: string;
  /** Temporal namespace; null: the profile of the `temporal` CLI decides. */
  readonly namespace: string | null;
  /** Default: the project's name. Transfers use `<taskQueue>-transfers`. */
  readonly taskQueue: string;
  /** IANA name; of schedules without a zone of their own. Default `UTC`. */
  readonly timeZone: string;
  /** May a run's input override source and target? Default false. */
  readonly allowConfigOverrides: boolean;
  /** Null when the project has no `tidemark.yaml`. */
  readonly span: Span | null;
}

export interface ConnectionDefinition {
  readonly name: string;
  /** Kind of the connector: `sftp`. */
  readonly kind: string;
  /** As written: `SFTPResource`. */
  readonly type: string;
  /** As written, layers merged: `{{ env.X }}`, `{{ vars.X }}`, `{{ fn.secrets.get('X') }}` and `env:X` unresolved. */
  readonly config: JsonObject;
  readonly span: Span;
}

/** One side of an asset, or what a sensor watches. Templates unresolved, keys as the connector's options name them. */
export interface EndpointDefinition extends EndpointSpec {
  /** As written, upper case: `SFTP`. */
  readonly type: string;
  readonly span: Span;
}

export interface AssetDefinition {
  readonly name: string;
  readonly description: string;
  readonly group: string;
  readonly source: EndpointDefinition;
  /** Null: list only, write nothing. */
  readonly target: EndpointDefinition | null;
  /** First the `ins`, then those `deps` that are not among them; in the order of the file. */
  readonly upstreams: readonly Upstream[];
  readonly tags: Readonly<Record<string, string>>;
  readonly metadata: JsonObject;
  /** Default 5. */
  readonly maxWorkers: number;
  readonly retry: RetrySpec;
  readonly checks: readonly CheckSpec[];
  /** Null: the asset is made as a whole. */
  readonly partitions: PartitionsSpec | null;
  /** Default `wait`. */
  readonly onOverlap: 'wait' | 'fail' | 'skip';
  /** Default `narrow`. */
  readonly onTrigger: 'narrow' | 'all';
  /** The asset's own values of parameters; the lowest rank, below the default of a job's `params_schema`. */
  readonly params: JsonObject;
  readonly span: Span;
}

export type ParameterType = 'string' | 'int' | 'float' | 'bool' | 'list' | 'mapping';

/** One entry of `params_schema` (D10, dialect §3.5). */
export interface ParameterDefinition {
  readonly name: string;
  /** The one asset that it is for (`asset.name` in the YAML), or null: all assets of the job. */
  readonly asset: string | null;
  readonly type: ParameterType;
  readonly required: boolean;
  /** Of the declared type; absent when there is none. */
  readonly default?: JsonValue;
  /** The only values that are allowed, when the YAML lists them. */
  readonly choices?: readonly JsonValue[];
  readonly span: Span;
}

export interface JobDefinition {
  readonly name: string;
  readonly description: string;
  /** The selection, resolved: names in the order in which assets are declared, never empty. */
  readonly assets: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly params: readonly ParameterDefinition[];
  /** `job_overrides`: values for all assets of the job. */
  readonly overrides: JsonObject;
  /** `ops_config`: values by asset; ranks above `overrides`. */
  readonly assetOverrides: Readonly<Record<string, JsonObject>>;
  /** `is_strict`: a launch with an undeclared parameter is refused. Default false. */
  readonly isStrict: boolean;
  /** Name of the asset whose `cron` made this job `<asset>_job`; null when the YAML declares it. */
  readonly generatedFrom: string | null;
  readonly span: Span;
}

/** One job of a schedule, with tags for its runs. */
export interface ScheduledJob {
  readonly job: string;
  readonly tags: Readonly<Record<string, string>>;
}

export type ScheduleOverlap =
  'skip' | 'buffer_one' | 'buffer_all' | 'cancel_other' | 'terminate_other' | 'allow_all';

export interface ScheduleDefinition {
  readonly name: string;
  /** `job` is a list of one. Never empty. */
  readonly jobs: readonly ScheduledJob[];
  /** Five fields, or one of `@hourly`, `@daily`, …; checked. */
  readonly cron: string;
  /** IANA name; default: the project's. */
  readonly timeZone: string;
  /** How late a missed tick may still run. Default 1 hour. */
  readonly catchupWindowMs: number;
  /** What Temporal does at a tick when the last run is still open. Default `skip`. */
  readonly overlap: ScheduleOverlap;
  /** Tags of every run; `jobs[].tags` rank above. */
  readonly tags: Readonly<Record<string, string>>;
  /** Name of the job or asset whose `cron` made this schedule; null when the YAML declares it. */
  readonly generatedFrom: string | null;
  readonly span: Span;
}

export interface SensorDefinition {
  readonly name: string;
  readonly description: string;
  readonly job: string;
  /** What it watches. */
  readonly source: EndpointDefinition;
  /** Default 30 s. */
  readonly minimumIntervalMs: number;
  /** `default_status: RUNNING`; otherwise the sensor starts paused (D18). */
  readonly startsRunning: boolean;
  /** Default `item`. */
  readonly triggerMode: 'item' | 'batch';
  /** A file is taken once two equal observations lie this far apart. Default 10 s; 60 s with `check_is_modifying`. */
  readonly settleMs: number;
  /** How far below the mark a file's time may lie and still be new. Default 24 h. */
  readonly lookbackMs: number;
  /** When the mark moves: once the run has started, or once it has succeeded. Default `on_start`. */
  readonly advance: 'on_start' | 'on_success';
  /** Where the first poll begins; null: everything that is there. */
  readonly initialCursor: string | null;
  /** Launch parameters of the runs that it starts. */
  readonly params: JsonObject;
  readonly span: Span;
}

export interface Definition {
  readonly project: ProjectSettings;
  /** Name of the layer: `ENV`, default `dev`. */
  readonly env: string;
  /** By name, sorted. */
  readonly connections: readonly ConnectionDefinition[];
  /** Merged layers of `vars/`. */
  readonly vars: JsonObject;
  /** In the order of files and within them. */
  readonly assets: readonly AssetDefinition[];
  /** Declared ones in the order of files, then generated ones. */
  readonly jobs: readonly JobDefinition[];
  readonly schedules: readonly ScheduleDefinition[];
  readonly sensors: readonly SensorDefinition[];
  /** Text of every file that was read, by name relative to the project's root with `/`: for excerpts. */
  readonly files: Readonly<Record<string, string>>;
  /** SHA-256 over everything but spans and files' text, 16 hex digits. */
  readonly hash: string;
}
