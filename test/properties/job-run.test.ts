/** What the reducer of a run keeps true for any graph, any failures and any order in which assets end. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assetPlan, assetSpec, runPlan } from '../../src/core/run/asset-plan.fixture.js';
import { startCopy } from '../../src/core/run/copy-state.js';
import {
  applyRunEvent,
  assetsMax,
  isRunFinished,
  nextAssets,
  type RunEvent,
  type RunState,
  startRun,
} from '../../src/core/run/job-run.js';
import { summariseAsset } from '../../src/core/run/receipt.js';
import type { AssetSpec } from '../../src/core/plan/plan.js';

type End = 'done' | 'failed' | 'skipped';

interface Graph {
  readonly assets: readonly AssetSpec[];
  readonly ends: readonly End[];
  readonly order: readonly number[];
}

/** Edges only go from a later asset to an earlier one, as the planner orders them. */
const graphs: fc.Arbitrary<Graph> = fc
  .record({
    upstreams: fc.array(fc.array(fc.nat({ max: 30 }), { maxLength: 4 }), { maxLength: 30 }),
    ends: fc.array(fc.constantFrom<End>('done', 'done', 'done', 'failed', 'skipped'), {
      minLength: 30,
      maxLength: 30,
    }),
    order: fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 30 }),
  })
  .map(({ upstreams, ends, order }) => ({
    assets: upstreams.map((wanted, index) =>
      assetSpec(
        `a${String(index)}`,
        [...new Set(wanted.filter((up) => up < index))].map((up) => `a${String(up)}`),
      ),
    ),
    ends,
    order,
  }));

const receipt = summariseAsset(assetPlan(), startCopy().totals);

interface Played {
  readonly state: RunState;
  readonly started: readonly string[];
  readonly mostAtOnce: number;
}

/** How the asset ends at that moment, as the workflow would report it. */
const ending: Readonly<Record<End, (asset: string, atMs: number) => RunEvent>> = {
  done: (asset, atMs) => ({ kind: 'done', asset, receipt, atMs }),
  failed: (asset, atMs) => ({
    kind: 'failed',
    asset,
    failure: { code: 'source/missing', message: 'gone' },
    atMs,
  }),
  skipped: (asset) => ({ kind: 'skipped', asset, because: 'another run is open' }),
};

/** Takes one of the assets out that run; any number chooses one. */
const takeOne = (running: string[], choice = 0): string => {
  const [asset] = running.splice(choice % Math.max(1, running.length), 1);
  if (asset === undefined) throw new Error('nothing runs and the run has not ended');
  return asset;
};

const play = ({ assets, ends, order }: Graph): Played => {
  const plan = runPlan(assets);
  const started: string[] = [];
  const running: string[] = [];
  let mostAtOnce = 0;
  let state = startRun(plan);
  for (let step = 0; !isRunFinished(state); step++) {
    if (step > 1000) throw new Error('the run does not end');
    const { start, skip } = nextAssets(plan, state);
    for (const skipped of skip) state = applyRunEvent(state, { kind: 'skipped', ...skipped });
    for (const { name, upstreams } of start) {
      for (const { asset } of upstreams) expect(state[asset]?.state).toBe('done');
      state = applyRunEvent(state, { kind: 'started', asset: name, atMs: step });
      started.push(name);
      running.push(name);
    }
    mostAtOnce = Math.max(mostAtOnce, running.length);
    if (isRunFinished(state) || (running.length === 0 && skip.length > 0)) continue;
    const asset = takeOne(running, order[step % order.length]);
    const end = ends[Number(asset.slice(1))] ?? 'done';
    state = applyRunEvent(state, ending[end](asset, step + 1));
  }
  return { state, started, mostAtOnce };
};

describe('a run, whatever its assets do', () => {
  it('ends, and starts no asset before its upstreams are done, and none twice', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { started } = play(graph);
        expect(new Set(started).size).toBe(started.length);
      }),
    );
  });

  it('runs exactly the assets above which nothing failed, in whatever order they end', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const runs = new Map<string, boolean>();
        graph.assets.forEach(({ name, upstreams }) => {
          const upstreamsDone = upstreams.every(
            ({ asset }) =>
              runs.get(asset) === true && graph.ends[Number(asset.slice(1))] === 'done',
          );
          runs.set(name, upstreamsDone);
        });
        const expected = [...runs].filter(([, does]) => does).map(([name]) => name);
        expect([...play(graph).started].sort()).toEqual(expected.sort());
      }),
    );
  });

  it('keeps at most `assetsMax` assets under way', () => {
    const assets = Array.from({ length: assetsMax + 50 }, (_, index) =>
      assetSpec(`a${String(index)}`),
    );
    const { mostAtOnce, started } = play({ assets, ends: [], order: [3, 1] });
    expect(mostAtOnce).toBe(assetsMax);
    expect(started).toHaveLength(assetsMax + 50);
  });
});
