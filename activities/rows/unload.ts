/**
 * `<kind>.unload` of one lane: rows of a database into parts of an object, about a minute of work. Its result in the
 * history is the checkpoint; one from a heartbeat counts only where the target's parts reproduce it (G6).
 */
import { invariant } from '../../src/core/errors/invariant.js';
import type { UploadHandle } from '../../src/core/plan/file.js';
import type { AssetPlan } from '../../src/core/plan/plan.js';
import type { RowShape } from '../../src/core/plan/rows.js';
import type { LaneCheckpoint } from '../../src/core/run/lane.js';
import type { Begun, LaneOutcome, LanePlan } from '../../src/core/run/rows-state.js';
import type { JsonObject } from '../../src/core/values/json.js';
import { parquetColumns } from '../../src/formats/parquet-columns.js';
import { acceptCheckpoint } from '../../src/transfer/lane-checkpoint.js';
import { type UnloadLane, unloadLane } from '../../src/transfer/unload-rows.js';
import { type Attempt, runAttempt, type Watched } from '../heartbeat.js';
import type { OpenTarget, Ports } from '../ports.js';
import { readRange, rowsOf, targetOf } from './window.js';

export interface UnloadInput {
  readonly plan: AssetPlan;
  readonly begun: Begun;
  readonly lane: LanePlan;
  readonly upload: UploadHandle;
  /** Of the activity before; null for the first of the lane. */
  readonly outcome: LaneOutcome | null;
}

/** The newest checkpoint that the target's own parts confirm; null: the lane starts at its beginning. */
const checkpointOf = async (
  input: UnloadInput,
  open: OpenTarget,
  attempt: Attempt,
): Promise<LaneCheckpoint | null> => {
  const durable = input.outcome?.checkpoint ?? null;
  const told = attempt.lane.checkpoint as unknown as LaneCheckpoint | null;
  // What the history records was durable when it was written, and nobody writes below it.
  if (told === null || told.parts <= (durable?.parts ?? 0)) return durable;
  if (open.connector.target?.capabilities.listsParts !== true) return told;
  const held = await open.target.listParts(input.upload, attempt.signal);
  return acceptCheckpoint([told, ...(durable === null ? [] : [durable])], held);
};

const parquetOf = (
  { conversions }: Ports,
  plan: AssetPlan,
  shape: RowShape,
): Pick<UnloadLane, 'parquet'> =>
  rowsOf(plan).format.parquet === undefined
    ? {}
    : { parquet: { engine: conversions.parquet, columns: parquetColumns(shape.columns) } };

const unload = async (ports: Ports, input: UnloadInput, attempt: Attempt): Promise<LaneOutcome> => {
  const { plan, begun, lane, upload } = input;
  const { signal, progress } = attempt;
  const { query, format, sizes } = rowsOf(plan);
  const { shape } = begun;
  invariant(query !== null && shape !== null, 'rows come from a database');
  invariant(lane.range !== null, 'a lane of rows has a range');
  const { source } = await ports.connections.rowSource(plan.source);
  const open = await ports.connections.target(targetOf(plan));
  const checkpoint = await checkpointOf(input, open, attempt);
  progress.resumeFrom(checkpoint?.bytes ?? 0);
  const window = await readRange(ports, plan, begun, signal);
  const reader = await source.open({ query, shape, window, format: format.rows }, signal);
  try {
    const { checkpoint: reached, done } = await unloadLane(
      {
        reader,
        hasKey: shape.key !== null,
        ...lane.range,
        checkpoint,
        target: open.target,
        upload,
        format,
        ...parquetOf(ports, plan, shape),
        sizes,
        budget: ports.budget,
        progress,
        draining: ports.draining,
        maxParts: sizes.chunkParts,
        includeNulls: lane.withNulls === true,
        rowsRead: (rows) => {
          attempt.lane.rows += rows;
        },
        confirmed: (at) => {
          attempt.lane.checkpoint = at as unknown as JsonObject;
          ports.faults.reach('part-written');
        },
      },
      signal,
    );
    return {
      lane: lane.lane,
      done,
      rows: reached.rows,
      bytes: reached.bytes,
      crc32: reached.crc32,
      checkpoint: reached,
      rowsRead: attempt.rowsBefore + attempt.lane.rows,
      bytesRead: attempt.readBefore + progress.readBytes,
      retries: attempt.retries,
    };
  } finally {
    await reader[Symbol.asyncDispose]();
  }
};

const watchedOf = ({ plan, begun, lane, outcome }: UnloadInput): Watched => {
  const { shape } = begun;
  return {
    timing: plan.timing,
    attemptsWithoutProgress: plan.retry.attemptsWithoutProgress,
    totalBytes: Math.max(outcome?.bytes ?? 0, (shape?.rows ?? 0) * (shape?.rowBytes ?? 0)),
    object: lane.order?.address.key ?? `lane ${String(lane.lane)}`,
    movesBytes: true,
  };
};

export const unloadRows =
  (ports: Ports) =>
  (input: UnloadInput): Promise<LaneOutcome> =>
    runAttempt(ports, watchedOf(input), (attempt) => unload(ports, input, attempt));
