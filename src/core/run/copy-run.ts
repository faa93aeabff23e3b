/**
 * The reducer of a copy: which activities to start next, and what their answers mean. Pure.
 *
 * A copy lists its source page by page, at most one page ahead. Small files go in batches; a large file is opened,
 * moved in chunks of consecutive parts, several at once, and completed. A unit whose source changed starts again with
 * the new identity (the activity that plans it again refuses after a few times). Nothing here knows a clock, a connector or Temporal.
 */
import { invariant } from '../errors/invariant.js';
import type { AssetPlan, CopySizes, ItemPage, PlannedItem } from '../plan/plan.js';
import type { CopyAction, CopyEvent, CopyState, UnitState } from './copy-state.js';
import { addHeld, addMoved } from './copy-totals.js';
import type { ChunkOutcome, UnitOutcome } from './outcome.js';

const mebibyte = 1024 * 1024;

/** Parts have fixed boundaries; their size grows with the file so that `partsMax` parts suffice. */
export const partBytesFor = (size: number, sizes: CopySizes): number => {
  const least = Math.ceil(size / sizes.partsMax);
  return least <= sizes.partBytes ? sizes.partBytes : Math.ceil(least / mebibyte) * mebibyte;
};

/** Is a file written in one activity? Where it is changed on its way or copied by the server, every file is. */
const isSmall = (item: PlannedItem, { route, sizes }: AssetPlan): boolean =>
  item.skip === true || route !== 'copy-bytes' || item.source.size <= sizes.singleBytesMax;

/** The next batch: small files from the front of the queue, bounded in number and bytes. */
const takeBatch = (queue: readonly PlannedItem[], plan: AssetPlan): readonly PlannedItem[] => {
  const { sizes } = plan;
  const batch: PlannedItem[] = [];
  let bytes = 0;
  for (const item of queue) {
    if (!isSmall(item, plan)) continue;
    if (batch.length > 0 && bytes + item.source.size > sizes.batchBytes) break;
    batch.push(item);
    bytes += item.source.size;
    if (batch.length >= sizes.batchItems) break;
  }
  return batch;
};

const nextOfUnit = (path: string, unit: UnitState, state: CopyState, sizes: CopySizes) => {
  if (unit.isStale) {
    const restart = (state.restarts[path] ?? 0) + 1;
    return unit.inFlight === 0
      ? ({ do: 'replan', item: unit.item, opened: unit.opened, restart } as const)
      : null;
  }
  if (unit.opened === null) return null;
  if (unit.nextPart <= unit.partCount) {
    if (unit.inFlight >= (sizes.chunksAtOnce ?? sizes.workers)) return null;
    const count = Math.min(sizes.chunkParts, unit.partCount - unit.nextPart + 1);
    return { do: 'chunk', path, opened: unit.opened, first: unit.nextPart, count } as const;
  }
  return unit.inFlight === 0
    ? ({ do: 'complete', path, opened: unit.opened, chunks: unit.chunks } as const)
    : null;
};

const oneAction = (plan: AssetPlan, state: CopyState): CopyAction | null => {
  const { sizes } = plan;
  for (const [path, unit] of Object.entries(state.units)) {
    const action = nextOfUnit(path, unit, state, sizes);
    if (action !== null) return action;
  }
  const batch = takeBatch(state.queue, plan);
  if (batch.length > 0) return { do: 'batch', items: batch };
  const large = state.queue.find((item) => !isSmall(item, plan));
  return large === undefined ? null : { do: 'open', item: large };
};

/** The state once an action has been started. */
export const started = (state: CopyState, action: CopyAction): CopyState => {
  const next = { ...state, running: state.running + 1 };
  switch (action.do) {
    case 'list':
      return { ...next, listing: 'running' };
    case 'batch':
      return { ...next, queue: state.queue.filter((item) => !action.items.includes(item)) };
    case 'open':
      return {
        ...next,
        queue: state.queue.filter((item) => item !== action.item),
        units: { ...state.units, [action.item.source.path]: newUnit(action.item) },
      };
    case 'chunk':
      return withUnit(next, action.path, (unit) => ({
        ...unit,
        inFlight: unit.inFlight + 1,
        nextPart: action.first + action.count,
      }));
    case 'complete':
      return withUnit(next, action.path, (unit) => ({ ...unit, inFlight: 1 }));
    case 'replan': {
      const { path } = action.item.source;
      const marked = { ...next, restarts: { ...state.restarts, [path]: action.restart } };
      return withUnit(marked, path, (unit) => ({ ...unit, inFlight: 1 }));
    }
  }
};

const newUnit = (item: PlannedItem): UnitState => ({
  item,
  opened: null,
  partCount: 0,
  nextPart: 1,
  chunks: [],
  inFlight: 1,
  isStale: false,
});

const withUnit = (
  state: CopyState,
  path: string,
  change: (unit: UnitState) => UnitState,
): CopyState => {
  const unit = state.units[path];
  invariant(unit !== undefined, `unit ${path} is open`);
  return { ...state, units: { ...state.units, [path]: change(unit) } };
};

const withoutUnit = (state: CopyState, path: string): CopyState['units'] =>
  Object.fromEntries(Object.entries(state.units).filter(([other]) => other !== path));

/**
 * The actions to start now, in order, and the state after starting them. Listing runs one page ahead; at most
 * `workers` activities move bytes at the same time.
 */
export const nextActions = (
  plan: AssetPlan,
  state: CopyState,
): { readonly actions: readonly CopyAction[]; readonly state: CopyState } => {
  const actions: CopyAction[] = [];
  let current = state;
  const start = (action: CopyAction): void => {
    actions.push(action);
    current = started(current, action);
  };
  if (current.listing === 'to-do' && current.queue.length <= plan.sizes.pageItems) {
    start({ do: 'list', after: current.after });
  }
  const moving = (): number => current.running - (current.listing === 'running' ? 1 : 0);
  while (moving() < plan.sizes.workers) {
    const action = oneAction(plan, current);
    if (action === null) break;
    start(action);
  }
  return { actions, state: current };
};

const sortedChunks = (chunks: readonly ChunkOutcome[]): readonly ChunkOutcome[] =>
  [...chunks].sort((a, b) => a.first - b.first);

const sumOf = (chunks: readonly ChunkOutcome[], field: 'bytesRead' | 'retries'): number =>
  chunks.reduce((sum, chunk) => sum + chunk[field], 0);

const listed = (plan: AssetPlan, state: CopyState, page: ItemPage): CopyState => {
  const copied = page.items.filter((item) => item.skip !== true);
  // Where sources are deleted, files that are there already are worked off too: only their source is removed.
  const todo = plan.deleteSource ? page.items : copied;
  return {
    ...state,
    after: page.next,
    listing: page.next === null ? 'finished' : 'to-do',
    queue: plan.route === 'list-only' ? [] : [...state.queue, ...todo],
    totals: {
      ...addHeld(
        state.totals,
        page.items.filter((item) => item.skip === true),
      ),
      scanned: state.totals.scanned + page.scanned,
      filtered: state.totals.filtered + page.filtered,
    },
  };
};

const completed = (state: CopyState, path: string, outcome: UnitOutcome): CopyState => {
  const unit = state.units[path];
  const opened = unit?.opened ?? null;
  invariant(unit !== undefined && opened !== null, `unit ${path} was open when it completed`);
  const moved = {
    ...outcome,
    bytesRead: sumOf(unit.chunks, 'bytesRead'),
    retries: sumOf(unit.chunks, 'retries'),
  };
  const { container } = opened.upload.order.address;
  return {
    ...state,
    units: withoutUnit(state, path),
    totals: addMoved(state.totals, moved, container),
  };
};

/** What was read for nothing is counted: the receipt says that it was read twice. */
const readForNothing = (state: CopyState, bytes: number): CopyState => ({
  ...state,
  totals: { ...state.totals, bytesRead: state.totals.bytesRead + bytes },
});

const replanned = (state: CopyState, path: string, item: PlannedItem): CopyState => {
  const read = sumOf(state.units[path]?.chunks ?? [], 'bytesRead');
  return {
    ...readForNothing(state, read),
    queue: [item, ...state.queue],
    units: withoutUnit(state, path),
  };
};

/** What an answer means. The answer belongs to an action that was started before. */
export const applyEvent = (plan: AssetPlan, before: CopyState, event: CopyEvent): CopyState => {
  const state = { ...before, running: before.running - 1 };
  switch (event.kind) {
    case 'listed':
      return listed(plan, state, event.page);
    case 'batch-done':
      return { ...state, totals: addMoved(state.totals, event.outcome, event.container) };
    case 'opened':
      return withUnit(state, event.path, (unit) => ({
        ...unit,
        inFlight: unit.inFlight - 1,
        opened: event.opened,
        partCount: Math.ceil(event.opened.source.size / event.opened.upload.partBytes),
      }));
    case 'chunk-done':
      return withUnit(state, event.path, (unit) => ({
        ...unit,
        inFlight: unit.inFlight - 1,
        chunks: sortedChunks([...unit.chunks, event.outcome]),
      }));
    case 'completed':
      return completed(state, event.path, event.outcome);
    case 'stale':
      return withUnit(readForNothing(state, event.bytesRead), event.path, (unit) => ({
        ...unit,
        inFlight: unit.inFlight - 1,
        isStale: true,
      }));
    case 'replanned':
      return replanned(state, event.path, event.item);
  }
};
