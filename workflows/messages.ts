/**
 * Every signal, query and update: the wire contract. Names never change; only new ones are added.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { BackfillState } from '../src/core/run/backfill-run.js';
import type { SensorMark } from '../src/core/run/sensor-mark.js';
import type { RunReceipt } from '../src/core/run/receipt.js';

/** Progress of a run, as a table that people can read. */
export const statusQuery = defineQuery<string>('status');

/** What a run has moved so far. */
export const progressQuery = defineQuery<RunProgress>('progress');

/** What `progress` answers. */
export interface RunProgress {
  readonly state: string;
  readonly assets: Readonly<
    Record<
      string,
      {
        readonly state: string;
        readonly files: number;
        readonly bytes: number;
        /** Only where rows move. */
        readonly rows?: number;
      }
    >
  >;
  readonly receipt: RunReceipt | null;
}

/** The state of a sensor: its mark, whether it is paused, what it started. */
export const sensorStateQuery = defineQuery<SensorView>('state');

/** What `state` answers. */
export interface SensorView {
  readonly paused: boolean;
  readonly mark: {
    readonly time: string | null;
    readonly remembered: number;
    readonly generation: number;
  };
  readonly runsStarted: number;
  readonly polls: number;
  readonly failures: number;
  readonly unsettled: number;
  readonly quarantined: readonly string[];
  readonly lastRun: string | null;
  readonly lastError: string | null;
}

/** How far a run of several partitions is. */
export const backfillStateQuery = defineQuery<BackfillState>('backfill');

export const pauseSignal = defineSignal('pause');
export const resumeSignal = defineSignal('resume');
export const pollNowSignal = defineSignal('pollNow');
/** The project's YAML changed: plan the sensor again. `tidemark apply` adds the hash of what it applied. */
export const reloadSignal = defineSignal<[string?]>('reload');
/** Runs what failed once more. */
export const retryQuarantinedSignal = defineSignal('retryQuarantined');

/**
 * Sets the mark: `{ time: "2026-01-31T00:00:00Z" }` takes what is newer; null takes everything again. Of a sensor of rows
 * it is text of the cursor's own type.
 */
export interface SetMark {
  readonly time: string | null;
  /** Who and why; kept in the history. */
  readonly reason?: string;
}

export const setMarkUpdate = defineUpdate<SensorMark, [SetMark]>('setMark');
