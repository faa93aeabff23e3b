/**
 * Plans: plain JSON that says everything a run will do; versioned, hashed, without secrets.
 *
 * A run is planned in two steps, both recorded in its history. `RunPlan` is the compiled job: the graph, each asset
 * with its templates, the pinned environment. `AssetPlan` completes one asset once its upstreams' results and its
 * trigger are known. From then on nobody reads the YAML again (promise G9).
 */
import type { JsonObject, JsonValue } from '../values/json.js';
import type { FileIdentity } from './file.js';
import type { PartitionKey, PartitionSelection, PartitionsSpec } from './partitions.js';
import type { Recoding } from './recoding.js';
import type { RowsPlan } from './rows.js';

/** Rises when the shape of a plan changes; readers accept their own and all older versions. */
export const planVersion = 1;

/** What a run was asked to do: the one JSON object of `temporal workflow start --input`. Every field is optional. */
export interface RunRequest {
  readonly partition?: string;
  /** Several partitions, each in a child run of its own. */
  readonly partition_range?: PartitionRange;
  readonly params?: JsonObject;
  /** Names of assets of the job; the others are left out. */
  readonly assets?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly trigger?: Trigger;
  /** Overrides of source and target by asset; refused unless the project allows it. */
  readonly config?: JsonObject;
  readonly full_refresh?: boolean;
}

export type PartitionRange = PartitionSelection & {
  /** Leave out partitions that were made before. */
  readonly missing?: boolean;
  /** Child runs at the same time. */
  readonly parallel?: number;
};

/** What a sensor hands to the run that it starts. Templates see it as `trigger`. */
export interface Trigger {
  readonly sensor: string;
  readonly connection: string;
  /** Bucket, or ''. */
  readonly container: string;
  /** The items of this run: one with `trigger_mode: item`, all of a poll with `batch`. */
  readonly items: readonly TriggerItem[];
  readonly cursor?: string;
  readonly last_cursor?: string;
  readonly now?: string;
}

export interface TriggerItem {
  readonly identity: FileIdentity;
  readonly relative_path: string;
  readonly fields: JsonObject;
}

/** A connection as a run pins it: who and where, never the secret. */
export interface PinnedConnection {
  readonly kind: string;
  readonly identity: Readonly<Record<string, string>>;
}

/** One side of an asset with its templates still in it. */
export interface EndpointSpec {
  /** Connector kind. */
  readonly kind: string;
  /** Name of the connection, or a template that gives one. */
  readonly connection: string;
  readonly configs: JsonObject;
}

export interface Upstream {
  readonly asset: string;
  /** Name under which templates see its result; null for `deps`, which only order. */
  readonly alias: string | null;
}

/** `retry_policy` (D19). */
export interface RetrySpec {
  /** Attempts without progress before the asset fails. */
  readonly attemptsWithoutProgress: number;
  /** Pause before the next attempt; 0: the worker's own interval. */
  readonly delayMs: number;
  readonly backoff: 'constant' | 'exponential';
}

/** A check of an asset (dialect §7.6). `abort` leaves the target as it was; `warn` is only told. */
export type CheckSpec = { readonly name: string; readonly severity: 'abort' | 'warn' } & (
  | {
      readonly type: 'observation_diff';
      readonly sourceKey: string;
      readonly targetKey: string;
      readonly threshold: number;
    }
  /** Rows that this run moved; null is no bound. */
  | { readonly type: 'row_count'; readonly min: number | null; readonly max: number | null }
  /** Of the rows that are about to be published; NULLs are not compared. */
  | { readonly type: 'unique'; readonly columns: readonly string[] }
  | { readonly type: 'not_null'; readonly columns: readonly string[] }
  /** The newest value of the column is at most that old by the target's clock. */
  | { readonly type: 'freshness'; readonly column: string; readonly maxAgeMs: number }
  /** Passes when the query gives no row; it reads the rows about to be published as `staged`. */
  | { readonly type: 'sql'; readonly sql: string }
);

export interface AssetSpec {
  readonly name: string;
  readonly group: string;
  readonly description: string;
  readonly source: EndpointSpec;
  /** Null: list only, write nothing. */
  readonly target: EndpointSpec | null;
  readonly upstreams: readonly Upstream[];
  /** Parameters as this asset sees them, after ranking (D10). */
  readonly params: JsonObject;
  readonly tags: Readonly<Record<string, string>>;
  readonly maxWorkers: number;
  readonly retry: RetrySpec;
  readonly checks: readonly CheckSpec[];
  /** Null: the asset has no partitions. */
  readonly partitions: PartitionsSpec | null;
  /** What a run does that finds another run of this asset and partition open. */
  readonly onOverlap: 'wait' | 'fail' | 'skip';
  /** `narrow`: a covering source reads only the trigger's items; `all`: the whole source (D17). */
  readonly onTrigger: 'narrow' | 'all';
  /** Where the asset stands, for messages: `pipelines/orders.yaml:12`. */
  readonly place: string;
}

/** What every asset of a run shares. */
export interface RunContext {
  readonly version: number;
  readonly project: string;
  /** Name of the job, or of the asset that was started by itself. */
  readonly name: string;
  readonly kind: 'job' | 'asset';
  /** Hash of the definition that was compiled. */
  readonly projectHash: string;
  readonly partition: string | null;
  /** What templates see of the partition; null without one. */
  readonly partitionKey: PartitionKey | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly trigger: Trigger | null;
  readonly fullRefresh: boolean;
  /** When the run was planned, ISO 8601 in UTC; templates see it as the run's clock. */
  readonly plannedAt: string;
  /** Values of `env.X` that templates of this run use, pinned. */
  readonly env: Readonly<Record<string, string>>;
  readonly vars: JsonObject;
  /** Task queue of transfers; workflows and light activities use the run's own queue. */
  readonly transfersQueue: string;
  readonly timing: Timing;
}

/** How long things may take; from `tidemark.yaml` and the worker's defaults, pinned per run. */
export interface Timing {
  readonly heartbeatTimeoutMs: number;
  readonly retryIntervalMs: number;
  /** No byte in a phase that moves bytes. */
  readonly stallMs: number;
  /** Before the first byte. */
  readonly firstByteMs: number;
  readonly statementTimeoutMs: number;
}

/** Production values (correctness.md §9). */
export const defaultTiming: Timing = {
  heartbeatTimeoutMs: 30_000,
  retryIntervalMs: 10_000,
  stallMs: 60_000,
  firstByteMs: 900_000,
  statementTimeoutMs: 14_400_000,
};

/** The result of `plan-run`. */
export interface RunPlan {
  readonly context: RunContext;
  /** Every connection that is known when the run is planned, by name. */
  readonly connections: Readonly<Record<string, PinnedConnection>>;
  /** In an order in which every upstream stands before its downstreams. */
  readonly assets: readonly AssetSpec[];
  /** SHA-256 over the plan, 16 hex digits. */
  readonly hash: string;
  /** Search attributes that may be set: those that the namespace knows. */
  readonly searchAttributes: readonly string[];
  /** Child workflow id of each asset. */
  readonly assetIds: Readonly<Record<string, string>>;
}

/** The input of one asset's workflow, when a run starts it. */
export interface AssetOrder {
  readonly context: RunContext;
  readonly asset: AssetSpec;
  readonly connections: Readonly<Record<string, PinnedConnection>>;
  /** Results of the upstreams that have an alias, by alias. */
  readonly upstreams: Readonly<Record<string, AssetResult>>;
  /** Workflow id and run id of the run that ordered it. */
  readonly runId: string;
  readonly searchAttributes: readonly string[];
}

/** A result travels through histories: it names so many keys (D4). Whoever collects them keeps one more, to know that there are more. */
export const resultKeysMax = 1000;

/** What `{{ alias.result.* }}` sees (D4). */
export interface AssetResult {
  readonly bucket_name: string | null;
  /** The deepest folder common to everything that was written. */
  readonly prefix: string | null;
  /** At most `resultKeysMax`. */
  readonly keys: readonly string[];
  /** There are more of them: a downstream may not use `keys`, it would lose the others. */
  readonly keys_cut?: true;
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
  readonly table_name: string | null;
}

/** A side of an asset, ready to use: every template of the run is resolved. */
export interface EndpointPlan extends PinnedConnection {
  readonly connection: string;
  /** As the connector's own schema takes them; a target keeps the templates of its items. */
  readonly options: JsonObject;
}

/** Sizes and bounds, chosen by the planner from the capabilities of both sides. */
export interface CopySizes {
  /** Least size of a part; grows with the file so that `partsMax` parts suffice. */
  readonly partBytes: number;
  readonly partsMax: number;
  /** Files up to this size are written in one step, in batches. */
  readonly singleBytesMax: number;
  /** Parts of one chunk: one activity's share of a large file, about a minute of work. */
  readonly chunkParts: number;
  /** Chunks of one file at the same time; more would only share the same buffers. Absent: `workers`. */
  readonly chunksAtOnce?: number;
  readonly batchItems: number;
  readonly batchBytes: number;
  /** Items of one page of a listing; a page stays below 64 KiB. */
  readonly pageItems: number;
  /** Activities of this asset that move bytes at the same time. */
  readonly workers: number;
}

/** The result of `plan-asset`. */
export interface AssetPlan {
  readonly version: number;
  readonly hash: string;
  readonly name: string;
  readonly partition: string | null;
  readonly route:
    | 'copy-bytes'
    | 'copy-within'
    | 'recode-files'
    | 'list-only'
    | 'unload-rows'
    | 'load-files'
    | 'copy-rows';
  /** One sentence: why this route. */
  readonly why: string;
  readonly source: EndpointPlan;
  readonly target: EndpointPlan | null;
  /** Owner of everything that this run opens: `<workflow id>/<run id>` of the first run of the asset's chain. */
  readonly owner: string;
  /** Epoch ms at which the owner began. */
  readonly ownerStartedMs: number;
  /** Only these files; null takes all that the source selects. */
  readonly narrowedTo: readonly TriggerItem[] | null;
  readonly sizes: CopySizes;
  readonly timing: Timing;
  readonly retry: RetrySpec;
  readonly deleteSource: boolean;
  /** Variables that templates of items may use, resolved: everything of the run but `source.item`. */
  readonly scope: JsonObject;
  readonly checks: readonly CheckSpec[];
  /** Present where rows move: the routes `unload-rows`, `load-files` and `copy-rows`. */
  readonly rows?: RowsPlan;
  /** Present with the route `recode-files`. */
  readonly recoding?: Recoding;
}

/** One file of a page, with its target: what will be done is decided here. */
export interface PlannedItem {
  readonly source: FileIdentity;
  readonly target: { readonly container: string; readonly key: string };
  /** Tag of the object that stands at the target and may be replaced; absent: nothing may stand there. */
  readonly replaces?: string;
  /** The target already holds this very version. */
  readonly skip?: true;
}

/** The result of `list`: one page. */
export interface ItemPage {
  readonly items: readonly PlannedItem[];
  readonly next: string | null;
  /** Files that the source showed on this page, before predicate and skip. */
  readonly scanned: number;
  /** Files that the predicate or `check_is_modifying` left out. */
  readonly filtered: number;
}

export type PlanValue = JsonValue;
