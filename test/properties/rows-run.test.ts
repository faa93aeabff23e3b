/**
 * The reducer of rows under any order of answers: keeps true that every lane is moved to its end exactly once for each
 * start of the window, that nothing is published before that, and that it never sticks.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AssetPlan, ItemPage } from '../../src/core/plan/plan.js';
import { plainCsv, type RowsPlan } from '../../src/core/plan/rows.js';
import { assetPlan } from '../../src/core/run/asset-plan.fixture.js';
import {
  applyRowsEvent,
  failedChecks,
  isRowsFinished,
  nextRowsActions,
} from '../../src/core/run/rows-run.js';
import {
  type Begun,
  type LanePlan,
  type RowsAction,
  type RowsEvent,
  type RowsState,
  startRows,
} from '../../src/core/run/rows-state.js';

const rows: RowsPlan = {
  ledger: { project: 'shop', asset: 'orders', partition: '' },
  query: null,
  mark: null,
  format: { rows: plainCsv, compression: 'none' },
  load: null,
  force: false,
  fromStart: false,
  shapeHash: 'a',
  sizes: { pageRows: 10, pageBytes: 10, partBytes: 10, chunkParts: 1, lanes: 1, workers: 3 },
};

const planOf = (route: AssetPlan['route'], changed: Partial<AssetPlan> = {}): AssetPlan =>
  assetPlan({ route, rows, ...changed });

const lane = (number: number): LanePlan => ({ lane: number, range: null, file: null, order: null });

const begun = (lanes: readonly LanePlan[]): Begun => ({
  isEmpty: false,
  place: null,
  window: null,
  hasTies: false,
  shape: null,
  lanes,
  load: null,
  ceiling: '',
  waiting: null,
  nullCursors: 0,
  isFinished: false,
});

const page = (next: string | null): ItemPage => ({ items: [], next, scanned: 0, filtered: 0 });

interface World {
  readonly lanes: number;
  readonly pages: number;
  /** Activities that each lane needs. */
  readonly steps: number;
  /** Lane activities, counted over the whole run, that find their source changed. */
  readonly staleAt: readonly number[];
}

class Simulation {
  state: RowsState = startRows();
  readonly log: string[] = [];
  readonly #plan: AssetPlan;
  readonly #world: World;
  readonly #running: RowsAction[] = [];
  #steps = new Map<number, number>();
  #activities = 0;
  mostLanes = 0;

  constructor(plan: AssetPlan, world: World) {
    this.#plan = plan;
    this.#world = world;
  }

  #lanesOf(pageNumber: number): readonly LanePlan[] {
    return Array.from({ length: this.#world.lanes }, (_, i) => lane(pageNumber * 100 + i + 1));
  }

  #answer(action: RowsAction): RowsEvent {
    switch (action.do) {
      case 'begin': {
        this.#steps = new Map();
        const isListed = this.#plan.route === 'load-files';
        return { kind: 'begun', begun: begun(isListed ? [] : this.#lanesOf(0)) };
      }
      case 'list': {
        const at = Number(action.after ?? 0);
        const next = at + 1 < this.#world.pages ? String(at + 1) : null;
        return { kind: 'listed', page: page(next), lanes: this.#lanesOf(at) };
      }
      case 'lane': {
        const { lane: number } = action.lane.plan;
        this.#activities++;
        if (this.#world.staleAt.includes(this.#activities)) {
          return { kind: 'stale', lane: number, rowsRead: 1, bytesRead: 1 };
        }
        const step = (this.#steps.get(number) ?? 0) + 1;
        this.#steps.set(number, step);
        const done = step >= this.#world.steps;
        this.log.push(done ? `done ${String(number)}` : `step ${String(number)}`);
        const counted = { rows: step * 10, bytes: step, crc32: '00000000', checkpoint: null };
        const read = { rowsRead: 10, bytesRead: 1, retries: 0 };
        return { kind: 'moved', outcome: { lane: number, done, ...counted, ...read } };
      }
      case 'restart':
        return { kind: 'restarted' };
      case 'publish':
        return { kind: 'published', published: { load: null, objects: [] } };
      case 'open':
      case 'check':
        throw new Error(`${action.do} was not expected`);
    }
  }

  #start(): void {
    const { actions, state } = nextRowsActions(this.#plan, this.state);
    this.state = state;
    for (const action of actions) {
      this.#running.push(action);
      if (action.do !== 'lane') this.log.push(action.do);
    }
    const lanes = this.#running.filter((action) => action.do === 'lane').length;
    this.mostLanes = Math.max(this.mostLanes, lanes);
  }

  /** Lets answers come in the order that `pick` says; false when nothing is under way and it is not finished. */
  run(pick: () => number): boolean {
    for (let turn = 0; turn < 10_000 && !isRowsFinished(this.state); turn++) {
      this.#start();
      if (isRowsFinished(this.state)) return true;
      if (this.#running.length === 0) return false;
      const [action] = this.#running.splice(pick() % this.#running.length, 1);
      if (action === undefined) return false;
      this.state = applyRowsEvent(this.#plan, this.state, this.#answer(action));
    }
    return isRowsFinished(this.state);
  }
}

const worlds = fc.record({
  lanes: fc.integer({ min: 0, max: 4 }),
  pages: fc.integer({ min: 1, max: 3 }),
  steps: fc.integer({ min: 1, max: 3 }),
  staleAt: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 2 }),
});

describe('the reducer of rows', () => {
  it.each(['unload-rows', 'copy-rows', 'load-files'] as const)(
    '%s: publishes once, last, after every lane of the last start is done',
    (route) => {
      fc.assert(
        fc.property(worlds, fc.infiniteStream(fc.nat(100)), (world, picks) => {
          const simulation = new Simulation(planOf(route), world);
          expect(simulation.run(() => picks.next().value as number)).toBe(true);
          const { log, state } = simulation;
          expect(log.filter((entry) => entry === 'publish')).toHaveLength(1);
          expect(log.at(-1)).toBe('publish');
          const last = log.slice(log.lastIndexOf('begin'));
          const done = last.filter((entry) => entry.startsWith('done '));
          const pages = route === 'load-files' ? world.pages : 1;
          expect(done).toHaveLength(world.lanes * pages);
          expect(new Set(done).size).toBe(done.length);
          expect(log.filter((entry) => entry === 'begin')).toHaveLength(state.restarts + 1);
          expect(state.totals.rows).toBe(world.lanes * pages * world.steps * 10);
          expect(simulation.mostLanes).toBeLessThanOrEqual(rows.sizes.workers);
        }),
      );
    },
  );

  it('an empty window ends at once: nothing moves and nothing is published', () => {
    const plan = planOf('unload-rows');
    const first = nextRowsActions(plan, startRows());
    expect(first.actions).toEqual([{ do: 'begin' }]);
    const empty = { ...begun([]), isEmpty: true };
    const state = applyRowsEvent(plan, first.state, { kind: 'begun', begun: empty });
    expect(isRowsFinished(state)).toBe(true);
    expect(nextRowsActions(plan, state).actions).toEqual([]);
  });

  it('a row count that must abort is judged before anything is published', () => {
    const check = {
      name: 'many',
      type: 'row_count',
      min: 5,
      max: null,
      severity: 'abort',
    } as const;
    const plan = planOf('copy-rows', { checks: [check] });
    let { state } = nextRowsActions(plan, startRows());
    state = applyRowsEvent(plan, state, { kind: 'begun', begun: begun([]) });
    expect(state.phase).toBe('publish');
    expect(failedChecks(state)).toMatchObject([{ name: 'many', passed: false }]);
  });
});
