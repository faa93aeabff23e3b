/**
 * `<kind>.load` of one lane: rows of a database or of a file into the staging table, about a minute of work. What is
 * staged is known to the target itself: a retry, and another run that goes on with the window, asks it (G6).
 */
import { invariant } from '../../src/core/errors/invariant.js';
import type { AssetPlan } from '../../src/core/plan/plan.js';
import { plainCsv, type RowShape } from '../../src/core/plan/rows.js';
import type { Begun, LaneOutcome, LanePlan } from '../../src/core/run/rows-state.js';
import type {
  PreparedLoad,
  RowSource,
  RowTarget,
  WireFormat,
} from '../../src/connectors/row-connector.js';
import { copyRowsLane } from '../../src/transfer/copy-rows.js';
import { stagingColumnsOf } from '../../src/transfer/match-columns.js';
import { loadFileLane } from '../../src/transfer/load-file.js';
import { type Attempt, runAttempt } from '../heartbeat.js';
import type { Ports } from '../ports.js';
import { fileFormatFor, formatNamed } from './incoming.js';
import { readRange, rowsOf, targetOf } from './window.js';

export interface LoadInput {
  readonly plan: AssetPlan;
  readonly begun: Begun;
  readonly lane: LanePlan;
  readonly outcome: LaneOutcome | null;
}

/** One activity's share: long enough to be worth its events, short enough for a rolling deploy. */
const shareMs = 60_000;

interface Loading {
  readonly ports: Ports;
  readonly input: LoadInput;
  readonly attempt: Attempt;
  readonly target: RowTarget;
  readonly load: PreparedLoad;
  readonly until: () => boolean;
}

const shared = ({ ports, attempt, target, load, input, until }: Loading) => ({
  target,
  load,
  lane: input.lane.lane,
  sizes: rowsOf(input.plan).sizes,
  progress: attempt.progress,
  draining: ports.draining,
  until,
  rowsRead: (rows: number): void => {
    attempt.lane.rows += rows;
  },
  confirmed: (): void => {
    ports.faults.reach('page-staged');
  },
});

/** Native where both sides name the same one, else text. Attempts may differ: a page is rows, whatever it was sent as. */
const formatBetween = async (
  { target, load, attempt }: Loading,
  source: RowSource,
  read: { readonly shape: RowShape; readonly columns: readonly string[] },
): Promise<WireFormat> => {
  const name = source.nativeFormat?.(read.shape.columns) ?? null;
  if (name === null) return plainCsv;
  const same = await target.nativeFormat?.(load, read.columns, attempt.signal);
  return same === name ? { kind: 'native', name } : plainCsv;
};

const loadRange = async (loading: Loading) => {
  const { ports, input, attempt } = loading;
  const { plan, begun, lane } = input;
  const { query } = rowsOf(plan);
  const { shape } = begun;
  invariant(query !== null && shape !== null && lane.range !== null, 'rows have a range');
  const { source } = await ports.connections.rowSource(plan.source);
  const window = await readRange(ports, plan, begun, attempt.signal);
  const columns = stagingColumnsOf(
    loading.load,
    shape.columns.map(({ name }) => name),
  );
  const format = await formatBetween(loading, source, { shape, columns });
  const reader = await source.open({ query, shape, window, format }, attempt.signal);
  try {
    return await copyRowsLane(
      {
        ...shared(loading),
        reader,
        hasKey: shape.key !== null,
        ...lane.range,
        columns,
        format,
        includeNulls: lane.withNulls === true,
      },
      attempt.signal,
    );
  } finally {
    await reader[Symbol.asyncDispose]();
  }
};

const loadFile = async (loading: Loading) => {
  const { ports, input, attempt } = loading;
  const { plan, lane } = input;
  invariant(lane.file !== null, 'a lane of a file has a file');
  const { source, options } = await ports.connections.source(plan.source);
  const format = fileFormatFor(plan, lane.file.path);
  const reader = await source.open(options, lane.file, attempt.signal);
  try {
    const moved = await loadFileLane(
      {
        ...shared(loading),
        reader,
        budget: ports.budget,
        path: lane.file.path,
        fileBytes: lane.file.size,
        declaration: formatNamed(ports, format.rows.kind),
        format,
      },
      attempt.signal,
    );
    await reader.verify(attempt.signal);
    return moved;
  } finally {
    await reader[Symbol.asyncDispose]();
  }
};

const load = async (ports: Ports, input: LoadInput, attempt: Attempt): Promise<LaneOutcome> => {
  const { begun, lane } = input;
  invariant(begun.load !== null, 'a load was prepared');
  const { target } = await ports.connections.rowTarget(targetOf(input.plan));
  const endMs = ports.nowMs() + shareMs;
  const loading: Loading = {
    ports,
    input,
    attempt,
    target,
    load: begun.load,
    until: () => ports.nowMs() >= endMs,
  };
  const moved = await (lane.file === null ? loadRange(loading) : loadFile(loading));
  return {
    lane: lane.lane,
    done: moved.done,
    rows: moved.progress.rows,
    bytes: moved.progress.bytes,
    crc32: moved.progress.crc32,
    checkpoint: null,
    rowsRead: attempt.rowsBefore + attempt.lane.rows,
    bytesRead: attempt.readBefore + attempt.progress.readBytes,
    retries: attempt.retries,
  };
};

export const loadRows =
  (ports: Ports) =>
  (input: LoadInput): Promise<LaneOutcome> =>
    runAttempt(
      ports,
      {
        timing: input.plan.timing,
        attemptsWithoutProgress: input.plan.retry.attemptsWithoutProgress,
        totalBytes: input.lane.file?.size ?? input.outcome?.bytes ?? 0,
        object: input.lane.file?.path ?? `lane ${String(input.lane.lane)} of ${input.plan.name}`,
        movesBytes: true,
      },
      (attempt) => load(ports, input, attempt),
    );
