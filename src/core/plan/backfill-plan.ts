/** A run of several partitions: each is a child run of the same job. Plain JSON without secrets. */
import type { PartitionSelection, PartitionsSpec } from './partitions.js';
import type { RunRequest } from './plan.js';

/** Child runs at the same time when nobody says otherwise. */
export const parallelDefault = 4;
export const parallelMax = 100;

export interface BackfillPlan {
  readonly version: number;
  /** SHA-256 over the plan, 16 hex digits. */
  readonly hash: string;
  readonly project: string;
  /** The job or asset: the workflow type of the child runs. */
  readonly name: string;
  /** Of its partitioned assets. */
  readonly partitions: PartitionsSpec;
  readonly selection: PartitionSelection;
  /** Epoch ms: pieces of time that are over by then exist. */
  readonly atMs: number;
  /** Leave out partitions that were made before. */
  readonly onlyMissing: boolean;
  /** Child runs at the same time. */
  readonly parallel: number;
  /** What every child run is asked for, beside its partition. */
  readonly request: RunRequest;
  /** Search attributes that the namespace knows. */
  readonly searchAttributes: readonly string[];
}

/** A page of partitions, in the order in which they are run. */
export interface PartitionPage {
  /** Those to run. */
  readonly keys: readonly string[];
  /** Those of the page that were made before and are left out. */
  readonly made: number;
  /** Pass to the next call; null after the last page. */
  readonly next: number | null;
}
