/**
 * The reducer of an asset that moves rows: begin a window, move its lanes, judge what was staged, publish. Pure.
 *
 * Keeps true: nothing moves before the window is open; nothing is published before every lane is done and the checks have
 * passed; what turns out to be another version of its source starts the whole window again.
 */
import { invariant } from '../errors/invariant.js';
import type { AssetPlan, ItemPage } from '../plan/plan.js';
import type { RowsPlan } from '../plan/rows.js';
import type { CheckResult } from './receipt.js';
import { asksTarget, judgeBefore, judgeEmpty } from './rows-checks.js';
import type {
  Begun,
  LaneOutcome,
  LanePlan,
  LaneState,
  RowsAction,
  RowsEvent,
  RowsState,
  RowsTotals,
} from './rows-state.js';

/** A source that changes again and again is given up after so many starts. */
export const restartsMax = 3;

export const rowsOf = (plan: AssetPlan): RowsPlan => {
  invariant(plan.rows !== undefined, `route ${plan.route} has a plan of rows`);
  return plan.rows;
};

/** Rows that go to files need a ledger only where there is a mark, or partitions that it says are made. */
export const hasLedger = ({ load, mark, ledger }: RowsPlan): boolean =>
  load !== null || mark !== null || ledger.partition !== '';

export const isRowsFinished = (state: RowsState): boolean =>
  state.phase === 'done' && state.running === 0;

const lanesUnderWay = (state: RowsState): readonly LaneState[] => Object.values(state.lanes);

const startLane = (state: RowsState, plan: LanePlan): RowsState => ({
  ...state,
  queue: state.queue.filter((lane) => lane !== plan),
  lanes: {
    ...state.lanes,
    [String(plan.lane)]: { plan, upload: null, outcome: null, inFlight: true },
  },
});

const moveAction = (plan: AssetPlan, state: RowsState): RowsAction | null => {
  const idle = lanesUnderWay(state).find((lane) => !lane.inFlight);
  if (idle !== undefined) return { do: 'lane', lane: idle };
  if (lanesUnderWay(state).length >= rowsOf(plan).sizes.workers) return null;
  const [next] = state.queue;
  if (next === undefined) return null;
  if (next.order !== null) return { do: 'open', lane: next };
  return { do: 'lane', lane: { plan: next, upload: null, outcome: null, inFlight: false } };
};

const isMoved = (state: RowsState): boolean =>
  (state.listing === 'none' || state.listing === 'finished') &&
  state.queue.length === 0 &&
  lanesUnderWay(state).length === 0;

/** One page of files ahead of the lanes, no more. */
const listAction = (state: RowsState): RowsAction | null =>
  state.listing === 'to-do' && state.queue.length < 100 ? { do: 'list', after: state.after } : null;

const oneAction = (plan: AssetPlan, state: RowsState): RowsAction | null => {
  switch (state.phase) {
    case 'begin':
      return state.running === 0 ? { do: 'begin' } : null;
    case 'move': {
      if (state.isStale) {
        return state.running === 0 ? { do: 'restart', restart: state.restarts + 1 } : null;
      }
      return listAction(state) ?? moveAction(plan, state);
    }
    case 'check':
      return state.running === 0 ? { do: 'check' } : null;
    case 'publish':
      if (state.isStale) {
        return state.running === 0 ? { do: 'restart', restart: state.restarts + 1 } : null;
      }
      return state.running === 0 ? { do: 'publish' } : null;
    case 'done':
      return null;
  }
};

const started = (state: RowsState, action: RowsAction): RowsState => {
  const next = { ...state, running: state.running + 1 };
  switch (action.do) {
    case 'list':
      return { ...next, listing: 'running' };
    case 'open':
      return startLane(next, action.lane);
    case 'lane': {
      const { plan } = action.lane;
      const begun = state.lanes[String(plan.lane)];
      if (begun === undefined) return startLane(next, plan);
      return {
        ...next,
        lanes: { ...next.lanes, [String(plan.lane)]: { ...begun, inFlight: true } },
      };
    }
    case 'begin':
    case 'restart':
    case 'check':
    case 'publish':
      return next;
  }
};

/** The actions to start now, in order, and the state after starting them. */
export const nextRowsActions = (
  plan: AssetPlan,
  state: RowsState,
): { readonly actions: readonly RowsAction[]; readonly state: RowsState } => {
  const actions: RowsAction[] = [];
  let current = state;
  for (;;) {
    const action = oneAction(plan, current);
    if (action === null) return { actions, state: current };
    actions.push(action);
    current = started(current, action);
  }
};

const afterMove = (plan: AssetPlan, state: RowsState): RowsState => {
  if (state.phase !== 'move' || state.isStale || !isMoved(state)) return state;
  if (asksTarget(plan)) return { ...state, phase: 'check' };
  return { ...state, phase: 'publish', checks: judgeBefore(plan, state) };
};

/** Checks that forbid publishing. */
export const failedChecks = (state: RowsState): readonly CheckResult[] =>
  state.checks.filter((check) => !check.passed && check.severity === 'abort');

const begun = (plan: AssetPlan, state: RowsState, found: Begun): RowsState => {
  if (found.isEmpty) {
    const empty: RowsState = { ...state, begun: found, phase: 'done' };
    return { ...empty, checks: judgeEmpty(plan, empty) };
  }
  const isListed = plan.route === 'load-files';
  return afterMove(plan, {
    ...state,
    begun: found,
    phase: 'move',
    listing: isListed ? 'to-do' : 'none',
    queue: found.lanes,
  });
};

const listed = (state: RowsState, page: ItemPage, lanes: readonly LanePlan[]): RowsState => ({
  ...state,
  after: page.next,
  listing: page.next === null ? 'finished' : 'to-do',
  queue: [...state.queue, ...lanes],
  totals: {
    ...state.totals,
    filesScanned: state.totals.filesScanned + page.scanned,
    filesFiltered: state.totals.filesFiltered + page.filtered,
    filesSkipped:
      state.totals.filesSkipped + page.items.filter((item) => item.skip === true).length,
  },
});

const addRead = (
  totals: RowsTotals,
  read: { readonly rowsRead: number; readonly bytesRead: number },
  retries: number,
): RowsTotals => ({
  ...totals,
  rowsRead: totals.rowsRead + read.rowsRead,
  bytesRead: totals.bytesRead + read.bytesRead,
  retries: totals.retries + retries,
});

const moved = (state: RowsState, outcome: LaneOutcome): RowsState => {
  const key = String(outcome.lane);
  const lane = state.lanes[key];
  invariant(lane !== undefined, `lane ${key} was under way`);
  const totals = addRead(state.totals, outcome, outcome.retries);
  if (!outcome.done) {
    return {
      ...state,
      totals,
      lanes: { ...state.lanes, [key]: { ...lane, outcome, inFlight: false } },
    };
  }
  const { [key]: finished, ...lanes } = state.lanes;
  invariant(finished !== undefined, `lane ${key} was under way`);
  return {
    ...state,
    lanes,
    done: [...state.done, { plan: lane.plan, upload: lane.upload, outcome }].sort(
      (a, b) => a.plan.lane - b.plan.lane,
    ),
    totals: {
      ...totals,
      rows: totals.rows + outcome.rows,
      bytes: totals.bytes + outcome.bytes,
    },
  };
};

/** A lane that will not go on is forgotten; the window's restart discards what it left. */
const stale = (state: RowsState, lane: number | null): RowsState => {
  if (lane === null) return { ...state, isStale: true };
  const { [String(lane)]: _stopped, ...lanes } = state.lanes;
  return { ...state, lanes, isStale: true };
};

const restarted = (state: RowsState): RowsState => ({
  ...state,
  phase: 'begin',
  begun: null,
  listing: 'none',
  after: null,
  queue: [],
  lanes: {},
  done: [],
  isStale: false,
  restarts: state.restarts + 1,
  totals: {
    ...state.totals,
    rows: 0,
    bytes: 0,
    filesScanned: 0,
    filesFiltered: 0,
    filesSkipped: 0,
  },
  checks: [],
});

/** What an answer means. The answer belongs to an action that was started before. */
export const applyRowsEvent = (plan: AssetPlan, before: RowsState, event: RowsEvent): RowsState => {
  const state = { ...before, running: before.running - 1 };
  switch (event.kind) {
    case 'begun':
      return begun(plan, state, event.begun);
    case 'listed':
      return afterMove(plan, listed(state, event.page, event.lanes));
    case 'opened': {
      const lane = state.lanes[String(event.lane)];
      invariant(lane !== undefined, `lane ${String(event.lane)} was opened`);
      const next = { ...lane, upload: event.upload, inFlight: false };
      return { ...state, lanes: { ...state.lanes, [String(event.lane)]: next } };
    }
    case 'moved':
      return afterMove(plan, moved(state, event.outcome));
    case 'stale':
      return stale({ ...state, totals: addRead(state.totals, event, 0) }, event.lane);
    case 'restarted':
      return restarted(state);
    case 'checked':
      return { ...state, phase: 'publish', checks: [...judgeBefore(plan, state), ...event.checks] };
    case 'published':
      return { ...state, phase: 'done', published: event.published };
  }
};
