/**
 * What a sensor watches and what it starts: plain JSON without secrets. A sensor's workflow gets a new one whenever
 * it continues as new, so that edited YAML takes effect without losing the mark.
 */
import type { JsonObject } from '../values/json.js';
import type { EndpointPlan } from './plan.js';
import type { MarkPlan, RowQuery } from './rows.js';

/** Most identities that a sensor remembers within `lookbackMs`. */
export const seenMaxDefault = 20_000;

export interface SensorPlan {
  readonly version: number;
  /** SHA-256 over the plan, 16 hex digits. */
  readonly hash: string;
  readonly project: string;
  readonly name: string;
  /** Where it looks, with every template resolved but the predicate. */
  readonly source: EndpointPlan;
  /** Bucket, or '' where there is none: `trigger.container` of the runs that it starts. */
  readonly container: string;
  /** Variables that the predicate may use beside the item's own fields. */
  readonly scope: JsonObject;
  /** Job (or asset) that it starts. */
  readonly job: string;
  /** One run for each item, or one for all items of a poll. */
  readonly triggerMode: 'item' | 'batch';
  readonly intervalMs: number;
  /** How long a file must have stood unchanged, by the server's clock. */
  readonly settleMs: number;
  /** How far below the mark a file's time may lie and still be new. */
  readonly lookbackMs: number;
  /** When the mark moves: once the run has started, or once it has succeeded. */
  readonly advance: 'on_start' | 'on_success';
  /** Launch parameters of the runs that it starts. */
  readonly params: JsonObject;
  /** Where the first poll begins; null: everything that is there. */
  readonly initialCursor: string | null;
  readonly seenMax: number;
  /** What a sensor of rows watches: new ones, by their cursor. Absent where it watches files. */
  readonly rows?: { readonly query: RowQuery; readonly mark: MarkPlan };
  /** Starts polling at once; otherwise it starts paused (D18). */
  readonly startsRunning: boolean;
}
