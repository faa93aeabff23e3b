/** Partitions of an asset: how its data is cut into pieces that are made, and made again, on their own (dialect §7.1). */

export type TimePartitionType = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'cron';

/** Pieces of time. Keys are the start of the piece in `timeZone`, written with `format` (strftime). */
export interface TimePartitions {
  readonly type: TimePartitionType;
  /** No piece begins before it: ISO 8601 date or time, in `timeZone` unless it has an offset. */
  readonly start: string;
  /** No piece ends after it; null: no end. */
  readonly end: string | null;
  readonly minuteOffset: number;
  readonly hourOffset: number;
  /** Day of the week (0 Sunday) or of the month (1…28). */
  readonly dayOffset: number;
  /** IANA name. */
  readonly timeZone: string;
  readonly format: string;
  /** Only with `cron`: pieces begin at its times. */
  readonly cron: string | null;
}

export interface StaticPartitions {
  readonly type: 'static';
  readonly values: readonly string[];
}

/** Any key that a run names. */
export interface DynamicPartitions {
  readonly type: 'dynamic';
  readonly name: string;
}

export type PartitionDimension = TimePartitions | StaticPartitions | DynamicPartitions;

export interface MultiPartitions {
  readonly type: 'multi';
  /**
   * By name of the dimension; keys join the values with `|` in the order of the sorted names. At most one is of time.
   */
  readonly dimensions: Readonly<Record<string, PartitionDimension>>;
}

export type PartitionsSpec = PartitionDimension | MultiPartitions;

/** One partition as templates see it. */
export interface PartitionKey {
  readonly key: string;
  /** ISO 8601 with offset; null where the partition is not a piece of time. */
  readonly start: string | null;
  readonly end: string | null;
  /** Values by dimension; null unless the partitions are `multi`. */
  readonly dimensions: Readonly<Record<string, string>> | null;
}

/** Several partitions of one run: between two of them, both included; or by name; or the newest complete ones. */
export type PartitionSelection =
  | { readonly from: string; readonly to: string }
  | { readonly keys: readonly string[] }
  /** Of pieces of time the newest complete `last`; of everything else all. */
  | { readonly last: number };
