/**
 * What activities need from the worker: everything with a side effect or with knowledge of the project comes through
 * here, so that activities know neither particular connectors nor files nor the clock.
 */
import type { Connector, FileSource, FileTarget, ListedFile } from '../src/connectors/connector.js';
import type { RowSource, RowTarget } from '../src/connectors/row-connector.js';
import type { TidemarkError } from '../src/core/errors/error.js';
import type { FileIdentity, TargetAddress, TargetObject } from '../src/core/plan/file.js';
import type { BackfillPlan, PartitionPage } from '../src/core/plan/backfill-plan.js';
import type { AssetOrder, AssetPlan, EndpointPlan, RunPlan } from '../src/core/plan/plan.js';
import type { Recoding } from '../src/core/plan/recoding.js';
import type { Mark } from '../src/core/plan/rows.js';
import type { SensorPlan } from '../src/core/plan/sensor-plan.js';
import type { JsonObject } from '../src/core/values/json.js';
import type { Conversions } from '../src/formats/conversions.js';
import type { FormatDeclaration } from '../src/formats/format.js';
import type { MemoryBudget } from '../src/transfer/memory-budget.js';

/** What a workflow type stands for. */
export type PlannedRun =
  | { readonly kind: 'run'; readonly plan: RunPlan }
  | { readonly kind: 'backfill'; readonly plan: BackfillPlan }
  | { readonly kind: 'sensor'; readonly plan: SensorPlan };

/** What the name of an object depends on beside the plan. */
export interface WindowFacts {
  /** Null: the window begins at the beginning. */
  readonly low: Mark | null;
  /** Null: the asset has no mark. */
  readonly high: Mark | null;
  /** 1 for the first window that begins at `low`, 2 for the next one. */
  readonly repeat: number;
  /** From 0. */
  readonly lane: number;
  readonly lanes: number;
}

export interface PlannerPort {
  /** Reads the project as it is now and compiles what `name` stands for. `request` is hostile input. */
  planRun(name: string, request: unknown, atMs?: number): Promise<PlannedRun>;
  /** The next page of a run of several partitions. Pure. */
  partitionPage(plan: BackfillPlan, after: number): PartitionPage;
  planAsset(
    order: AssetOrder,
    known: { readonly owner: string; readonly ownerStartedMs: number },
  ): AssetPlan;
  /** Applies the predicate and resolves the targets' item templates. */
  planItems(
    plan: AssetPlan,
    files: readonly ListedFile[],
  ): Promise<{
    /** `address` is null where the asset has no target. */
    readonly items: readonly {
      readonly file: ListedFile;
      readonly address: TargetAddress | null;
    }[];
    readonly filtered: number;
  }>;
  /** Where an object of a window goes, once the window is known (D16). Throws `target/bad-key`. */
  objectAddress(plan: AssetPlan, window: WindowFacts): TargetAddress;
  /** The folder of the ledgers beside the data of a target of files. */
  ledgerFolder(plan: AssetPlan): TargetAddress;
  /** The error for two source files of one target (D16). */
  sameTarget(
    plan: AssetPlan,
    address: TargetAddress,
    sources: readonly [string, string],
  ): TidemarkError;
  /** A test for the files that the sensor's predicate takes. */
  sensorTakes(plan: SensorPlan): (file: ListedFile) => boolean;
  /** Does the object already hold this version of the file? Then it is not copied again. */
  holdsVersion(
    found: TargetObject,
    identity: FileIdentity,
    keepsOrigin: boolean,
    recoding?: Recoding,
  ): boolean;
  /** Digest of a source version. */
  digestOf(identity: FileIdentity): string;
  /** Digest of a source version and of how it was changed, kept with the object that was made from it. */
  originOf(identity: FileIdentity, recoding: Recoding | undefined): string;
  /** Name of the unit: unique for (owner, source version). */
  unitOf(owner: string, identity: FileIdentity): string;
  /** 16 hex digits of a text; for ids and sets that must stay small. */
  shortDigest(text: string): string;
}

/** A side that is open: from the worker's pool, shared with other activities; never disposed by them. */
export interface OpenSource {
  readonly source: FileSource<unknown>;
  readonly options: unknown;
  readonly connector: Connector;
}

export interface OpenTarget {
  readonly target: FileTarget;
  readonly connector: Connector;
}

export interface OpenRowSource {
  readonly source: RowSource;
  readonly connector: Connector;
}

export interface OpenRowTarget {
  readonly target: RowTarget;
  readonly connector: Connector;
}

export interface ConnectionsPort {
  /** Throws `connection/changed` when the project's connection is no longer the one that the run pinned. */
  source(endpoint: EndpointPlan): Promise<OpenSource>;
  target(endpoint: EndpointPlan): Promise<OpenTarget>;
  rowSource(endpoint: EndpointPlan): Promise<OpenRowSource>;
  rowTarget(endpoint: EndpointPlan): Promise<OpenRowTarget>;
}

/** The supervisor of this process, if there is one: it fails the open tasks of a process that died. */
export interface SupervisorPort {
  opened(taskToken: Uint8Array, workflow: { readonly id: string; readonly runId: string }): void;
  beat(taskToken: Uint8Array, details: JsonObject): void;
  closed(taskToken: Uint8Array): void;
}

/** Named moments at which the fault suite may stop the process; does nothing in production. */
export interface FaultsPort {
  reach(point: string): void;
}

export interface Ports {
  readonly connectors: readonly Connector[];
  readonly formats: readonly FormatDeclaration[];
  readonly conversions: Conversions;
  readonly planner: PlannerPort;
  readonly connections: ConnectionsPort;
  readonly budget: MemoryBudget;
  readonly supervisor: SupervisorPort;
  readonly faults: FaultsPort;
  /** Aborted when the worker is asked to stop. */
  readonly draining: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  /** Text of an error for the worker's log, without secrets. */
  readonly redact: (text: string) => string;
}
