/** Runs of several partitions: whatever the order in which child runs end, each partition is started once. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BackfillPlan } from '../../src/core/plan/backfill-plan.js';
import {
  applyBackfillEvent,
  type BackfillAction,
  type BackfillState,
  failuresMax,
  isBackfillFinished,
  nextBackfillActions,
  startBackfill,
} from '../../src/core/run/backfill-run.js';

const planOf = (parallel: number): BackfillPlan => ({
  version: 1,
  hash: '0',
  project: 'shop',
  name: 'orders_job',
  partitions: { type: 'static', values: ['a'] },
  selection: { last: 1 },
  atMs: 0,
  onlyMissing: false,
  parallel,
  request: {},
  searchAttributes: [],
});

interface World {
  readonly pages: readonly (readonly string[])[];
  readonly fails: (key: string) => boolean;
  /** Picks which of the open actions ends next. */
  readonly picks: readonly number[];
  /** Before which steps it is paused and resumed again. */
  readonly pauses: ReadonlySet<number>;
}

const play = (plan: BackfillPlan, { pages, fails, picks, pauses }: World) => {
  const order: string[] = [];
  let most = 0;
  let state: BackfillState = startBackfill();
  let open: readonly BackfillAction[] = [];
  for (let step = 0; !isBackfillFinished(state); step++) {
    if (step > 10_000) throw new Error('it does not end');
    if (pauses.has(step)) {
      state = applyBackfillEvent(state, { kind: 'paused' });
      expect(nextBackfillActions(plan, state).actions).toEqual([]);
      state = applyBackfillEvent(state, { kind: 'resumed' });
    }
    // Continue-as-new carries the state as JSON.
    const next = nextBackfillActions(plan, JSON.parse(JSON.stringify(state)) as BackfillState);
    state = next.state;
    open = [...open, ...next.actions];
    most = Math.max(most, state.running.length);
    const ending = open[(picks[step % picks.length] ?? 0) % open.length];
    if (ending === undefined) throw new Error('it sticks');
    open = open.filter((action) => action !== ending);
    if (ending.do === 'list') {
      const next = ending.after + 1 < pages.length ? ending.after + 1 : null;
      const page = { keys: pages[ending.after] ?? [], made: 1, next };
      state = applyBackfillEvent(state, { kind: 'listed', page });
      continue;
    }
    const { partition } = ending;
    order.push(partition);
    state = applyBackfillEvent(
      state,
      fails(partition)
        ? { kind: 'failed', failure: { partition, code: 'x', message: 'y' } }
        : { kind: 'done', partition, sums: { rows: 2, files: 1, bytes: 3 } },
    );
  }
  return { state, order, most };
};

test('every partition is run once, never more than allowed at the same time, and the sums agree', () => {
  const worlds = fc.record({
    sizes: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 5 }),
    parallel: fc.integer({ min: 1, max: 8 }),
    every: fc.integer({ min: 2, max: 7 }),
    picks: fc.array(fc.nat(), { minLength: 1, maxLength: 50 }),
    pauses: fc.uniqueArray(fc.nat({ max: 60 }), { maxLength: 5 }),
  });
  fc.assert(
    fc.property(worlds, ({ sizes, parallel, every, picks, pauses }) => {
      let number = 0;
      const pages = sizes.map((size) => Array.from({ length: size }, () => `p${number++}`));
      const fails = (key: string): boolean => Number(key.slice(1)) % every === 0;
      const world = { pages, fails, picks, pauses: new Set(pauses) };
      const { state, order, most } = play(planOf(parallel), world);
      const all = pages.flat();
      expect([...order].sort()).toEqual([...all].sort());
      expect(most).toBeLessThanOrEqual(parallel);
      const failed = all.filter(fails).length;
      expect(state).toMatchObject({
        done: all.length - failed,
        failed,
        made: pages.length,
        sums: { rows: 2 * (all.length - failed), files: all.length - failed },
      });
      expect(state.failures.length).toBe(Math.min(failed, failuresMax));
    }),
  );
});
