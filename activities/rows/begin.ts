/**
 * `<kind>.begin`: fixes what a run of rows will move, before any row is read.
 *
 * The source says what there is and where the window ends; the target's ledger says where it begins, grants it and raises
 * the fence. An attempt whose answer was lost finds its own window open and goes on with it.
 */
import { TidemarkError } from '../../src/core/errors/error.js';
import type { WindowBound } from '../../src/connectors/row-connector.js';
import type { AssetPlan } from '../../src/core/plan/plan.js';
import type { Column, RowShape } from '../../src/core/plan/rows.js';
import type { OpenWindow } from '../../src/core/run/ledger.js';
import type { PreparedLoad } from '../../src/core/run/load.js';
import type { Begun } from '../../src/core/run/rows-state.js';
import { parquetColumns } from '../../src/formats/parquet-columns.js';
import { noFiles } from '../errors.js';
import { runAttempt } from '../heartbeat.js';
import type { Ports } from '../ports.js';
import { everything, grant, type Granted, type Inspected, type Step } from './grant.js';
import { incomingColumns } from './incoming.js';
import { lanesOf } from './lanes.js';
import { keepsLedger, rowsOf, slim, targetOf } from './window.js';

export interface BeginInput {
  readonly plan: AssetPlan;
}

const prepare = async (
  { ports, plan, signal }: Step,
  window: OpenWindow,
  incoming: readonly Column[] | null,
): Promise<PreparedLoad | null> => {
  const { load, ledger } = rowsOf(plan);
  if (load === null) return null;
  const { target } = await ports.connections.rowTarget(targetOf(plan));
  return target.prepare({ plan: load, ledger, window }, incoming, signal);
};

/** Downstream assets look there also when nothing was new. */
const placeOf = ({ ports, plan }: Step, window: OpenWindow | null): Begun['place'] => {
  if (rowsOf(plan).load !== null) return null;
  const { low = null, high = null } = window ?? {};
  return ports.planner.objectAddress(plan, { low, high, repeat: 1, lane: 0, lanes: 1 });
};

const emptyBegun = (step: Step, shape: RowShape | null, bound: WindowBound): Begun => ({
  place: placeOf(step, null),
  isEmpty: true,
  window: null,
  hasTies: false,
  shape,
  lanes: [],
  load: null,
  ceiling: bound.ceiling,
  waiting: bound.waiting,
  nullCursors: bound.nullCursors,
  isFinished: false,
});

const inspected = async ({ ports, plan, signal }: Step) => {
  const { query, format } = rowsOf(plan);
  if (query === null) return null;
  const { source } = await ports.connections.rowSource(plan.source);
  const shape = await source.inspect(query, signal);
  // Refused before a window is open and before the first row is read.
  if (format.parquet !== undefined) {
    parquetColumns(shape.columns);
    await ports.conversions.parquet.ready();
  }
  return { source, shape };
};

/**
 * A replacement by nothing: done where the YAML allows it, else refused (G16). Other loads of no file have nothing to do.
 */
const mayEmpty = (plan: AssetPlan): boolean => {
  const { load } = rowsOf(plan);
  if (load?.mode !== 'replace') return false;
  if (load.maxShrink === null) return true;
  throw new TidemarkError(
    noFiles,
    `asset ${plan.name}: no file was found, and a full refresh would empty ${load.table.name}`,
  );
};

const begunWith = async (
  step: Step,
  source: Inspected | null,
  granted: Granted | null,
  incoming: readonly Column[] | null,
): Promise<Begun> => {
  const bound = granted?.bound ?? everything;
  const shape = source?.shape ?? null;
  const lanes = await lanesOf(step, source, granted);
  const counts = { waiting: bound.waiting, nullCursors: bound.nullCursors };
  if (granted === null) {
    const none = { window: null, hasTies: false, load: null, ceiling: '', isFinished: false };
    const place = placeOf(step, null);
    return { isEmpty: false, place, shape, lanes, ...none, ...counts };
  }
  const { window, isFinished } = granted;
  const ceiling = isFinished ? 'a window that an earlier attempt opened' : bound.ceiling;
  const load = await prepare(step, window, incoming);
  const place = placeOf(step, window);
  const found = { place, shape, lanes, load, ceiling, isFinished, ...counts };
  return { isEmpty: false, ...slim(window), ...found };
};

const begin = async (step: Step): Promise<Begun> => {
  const { plan } = step;
  const source = await inspected(step);
  const shape = source?.shape ?? null;
  const incoming = shape?.columns ?? (await incomingColumns(step));
  if (incoming === 'no files' && !mayEmpty(plan)) return emptyBegun(step, null, everything);
  const granted = keepsLedger(plan) ? await grant(step, source) : null;
  if (granted !== null && 'nothing' in granted) return emptyBegun(step, shape, granted.nothing);
  step.ports.faults.reach('window-opened');
  return begunWith(step, source, granted, incoming === 'no files' ? null : incoming);
};

export const beginRows =
  (ports: Ports) =>
  (input: BeginInput): Promise<Begun> =>
    runAttempt(
      ports,
      {
        timing: input.plan.timing,
        attemptsWithoutProgress: input.plan.retry.attemptsWithoutProgress,
        totalBytes: 0,
        object: `window of ${input.plan.name}`,
        movesBytes: false,
      },
      ({ signal }) => begin({ ports, plan: input.plan, signal }),
    );
