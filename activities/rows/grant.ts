/**
 * The window of a run of rows: the ledger says where it begins, the source where it ends; the ledger grants it and raises
 * the fence.
 */
import { randomUUID } from 'node:crypto';
import { TidemarkError } from '../../src/core/errors/error.js';
import type { RowSource, WindowBound } from '../../src/connectors/row-connector.js';
import type { AssetPlan } from '../../src/core/plan/plan.js';
import type { Mark, RowShape } from '../../src/core/plan/rows.js';
import type { OpenWindow } from '../../src/core/run/ledger.js';
import { beginWindow } from '../../src/transfer/ledger-steps.js';
import { nullCursor } from '../errors.js';
import type { Ports } from '../ports.js';
import { discardWindow, objectName } from './discard.js';
import { ledgerNameOf, ledgerOf, rowsOf, targetOf } from './window.js';

export interface Step {
  readonly ports: Ports;
  readonly plan: AssetPlan;
  readonly signal: AbortSignal;
}

/** A database source with what it said about the query. */
export interface Inspected {
  readonly source: RowSource;
  readonly shape: RowShape;
}

export interface Granted {
  readonly window: OpenWindow;
  readonly repeat: number;
  readonly isFinished: boolean;
  readonly bound: WindowBound | null;
}

/** Of a read without a cursor. */
export const everything: WindowBound = { high: null, waiting: null, nullCursors: 0, ceiling: '' };

/** Rows without a cursor that are included go with a window of others: where there never was one, they would never go. */
const refuseNulls = (plan: AssetPlan, bound: WindowBound, low: Mark | null): void => {
  const mark = rowsOf(plan).mark;
  if (mark === null || bound.nullCursors === 0) return;
  const isNeverRead = mark.nulls === 'include' && low === null && bound.high === null;
  if (mark.nulls !== 'fail' && !isNeverRead) return;
  const all = isNeverRead ? ', and no row has one' : '';
  throw new TidemarkError(
    nullCursor,
    `asset ${plan.name}: ${String(bound.nullCursors)} rows have no value in ${mark.column}, the cursor column${all}`,
  );
};

/** Where the new window ends; null when nothing is new. Without a mark it is everything. */
const boundsOf = async (
  { plan, signal }: Step,
  source: Inspected | null,
  low: Mark | null,
): Promise<WindowBound | null> => {
  const { mark, query } = rowsOf(plan);
  if (mark === null || source === null || query === null) return everything;
  const bound = await source.source.bound(query, source.shape, { low, plan: mark }, signal);
  refuseNulls(plan, bound, low);
  return bound;
};

/** The ledger's mark; before the first window, and with a full refresh, the initial cursor or the beginning. */
const startOf = (plan: AssetPlan, source: Inspected | null, low: Mark | null): Mark | null => {
  const { mark, fromStart } = rowsOf(plan);
  if (low !== null && !fromStart) return low;
  const cursor = source?.shape.cursor ?? null;
  if (mark === null || mark.initial === null || cursor === null) return null;
  return { column: cursor.column, type: cursor.type, value: mark.initial, seen: null };
};

/**
 * Rows of a table change while nobody looks: a window without a mark is finished only by the run that opened it. Files
 * do not, and a mark bounds its rows.
 */
const shapeHashOf = (plan: AssetPlan): string => {
  const { shapeHash, mark } = rowsOf(plan);
  const isRepeatable = mark !== null || plan.route === 'load-files';
  return isRepeatable ? shapeHash : `${shapeHash}/${plan.owner}`;
};

/**
 * What the window may make. Objects are named by the plan and the low mark alone, so that a second try overwrites the
 * first; how many of its lanes will exist is known later, and none too many does no harm.
 */
const objectNames = (
  { ports, plan }: Step,
  marks: { readonly low: Mark | null; readonly high: Mark | null; readonly repeat: number },
): readonly string[] => {
  const { lanes } = rowsOf(plan).sizes;
  const names: string[] = [];
  for (let of = 1; of <= lanes; of++) {
    for (let lane = 0; lane < of; lane++) {
      const { container, key } = ports.planner.objectAddress(plan, { ...marks, lane, lanes: of });
      names.push(objectName(container, key));
    }
  }
  return [...new Set(names)];
};

const stagingNames = async (
  { ports, plan }: Step,
  windowId: string,
): Promise<readonly string[]> => {
  const { load } = rowsOf(plan);
  if (load === null) return [];
  const { target } = await ports.connections.rowTarget(targetOf(plan));
  return [target.stagingName(load, ledgerNameOf(plan), windowId)];
};

/** Without a mark every window is the whole again, and its objects those of the one before. */
const ofMark = (plan: AssetPlan, repeat: number): number =>
  rowsOf(plan).mark === null ? 1 : repeat;

export const grant = async (
  step: Step,
  source: Inspected | null,
): Promise<Granted | { readonly nothing: WindowBound }> => {
  const { ports, plan, signal } = step;
  const id = randomUUID();
  const names = await stagingNames(step, id);
  let bound: WindowBound | null = null;
  const granted = await beginWindow(
    await ledgerOf(ports, plan),
    ledgerNameOf(plan),
    {
      id,
      shapeHash: shapeHashOf(plan),
      owner: plan.owner,
      nowIso: new Date(ports.nowMs()).toISOString(),
      discard: (old) => discardWindow(ports, plan, old, signal),
      bounds: async (low, count) => {
        const repeat = ofMark(plan, count);
        const start = startOf(plan, source, low);
        bound = await boundsOf(step, source, start);
        if (bound === null || (rowsOf(plan).mark !== null && bound.high === null)) return null;
        const marks = { low: start, high: bound.high };
        const objects = rowsOf(plan).load === null ? objectNames(step, { ...marks, repeat }) : [];
        return { ...marks, names: [...names, ...objects] };
      },
    },
    signal,
  );
  if (granted.kind === 'nothing') return { nothing: bound ?? everything };
  const { window } = granted;
  const repeat = ofMark(plan, granted.repeat);
  // Uploads go on only where their run does: what an earlier holder of the window began would stay for ever.
  if (granted.kind === 'finish' && rowsOf(plan).load === null) {
    await discardWindow(ports, plan, window, signal);
  }
  return { window, repeat, isFinished: granted.kind === 'finish', bound };
};
