import { describe, expect, it } from 'vitest';
import { assetPlan, item, smallSizes } from './asset-plan.fixture.js';
import { applyEvent, nextActions, partBytesFor } from './copy-run.js';
import { type CopyEvent, type CopyState, isCopyFinished, startCopy } from './copy-state.js';

const plan = assetPlan();
const page = (items: ReturnType<typeof item>[], next: string | null = null): CopyEvent => ({
  kind: 'listed',
  page: { items, next, scanned: items.length, filtered: 0 },
});

/** The state after the first page, with nothing under way. */
const listed = (...items: ReturnType<typeof item>[]): CopyState =>
  applyEvent(plan, nextActions(plan, startCopy()).state, page(items));

const open = (path: string, size: number): CopyEvent => {
  const { source, target } = item(path, size);
  const order = {
    address: target,
    unit: 'u',
    copiedFrom: 'd',
    size,
    modified: '0',
    expected: { absent: true },
  } as const;
  return { kind: 'opened', path, opened: { source, upload: { id: 'up', order, partBytes: 10 } } };
};

const dosOf = (state: CopyState): readonly string[] =>
  nextActions(plan, state).actions.map((action) => action.do);

describe('nextActions', () => {
  it('lists first', () => {
    expect(nextActions(plan, startCopy()).actions).toEqual([{ do: 'list', after: null }]);
  });

  it('lists the next page beside the work on this one, and no page further', () => {
    const started = nextActions(plan, startCopy()).state;
    const one = applyEvent(plan, started, page([item('a', 1)], 'a'));
    expect(dosOf(one)).toEqual(['list', 'batch']);
    const queue = Array.from({ length: 9 }, (_, index) => item(`f${String(index)}`, 1));
    const full = applyEvent(plan, started, page(queue, 'f8'));
    expect(dosOf(full)).not.toContain('list');
  });

  it('puts small files into batches by number and by bytes, a larger one by itself', () => {
    const { actions } = nextActions(
      assetPlan({ sizes: { ...smallSizes, workers: 9, batchBytes: 20 } }),
      listed(item('a', 1), item('b', 1), item('c', 1), item('d', 15), item('e', 15), item('f', 15)),
    );
    const batches = actions.map((action) =>
      action.do === 'batch' ? action.items.map(({ source }) => source.path) : [],
    );
    expect(batches).toEqual([['a', 'b', 'c'], ['d'], ['e'], ['f']]);
  });

  it('moves the chunks of one large file at once, and completes it after the last', () => {
    let state = nextActions(plan, listed(item('big', 35))).state;
    state = applyEvent(plan, state, open('big', 35));
    const { actions, state: moving } = nextActions(plan, state);
    expect(actions).toMatchObject([
      { do: 'chunk', first: 1, count: 2 },
      { do: 'chunk', first: 3, count: 2 },
    ]);
    const done = (first: number): CopyEvent => ({
      kind: 'chunk-done',
      path: 'big',
      outcome: {
        first,
        count: 2,
        bytes: 0,
        crc32: '00000000',
        digest: '',
        bytesRead: 0,
        retries: 0,
      },
    });
    const one = applyEvent(plan, moving, done(3));
    expect(dosOf(one)).toEqual([]);
    const both = applyEvent(plan, one, done(1));
    expect(nextActions(plan, both).actions).toMatchObject([
      { do: 'complete', chunks: [{ first: 1 }, { first: 3 }] },
    ]);
  });

  it('plans a changed file again once nothing of it is under way, and counts the restarts (G5)', () => {
    let state = nextActions(plan, listed(item('big', 35))).state;
    state = nextActions(plan, applyEvent(plan, state, open('big', 35))).state;
    state = applyEvent(plan, state, { kind: 'stale', path: 'big', bytesRead: 7 });
    expect(dosOf(state)).toEqual([]);
    state = applyEvent(plan, state, { kind: 'stale', path: 'big', bytesRead: 5 });
    const again = nextActions(plan, state);
    expect(again.actions).toMatchObject([
      { do: 'replan', restart: 1, opened: { upload: { id: 'up' } } },
    ]);
    expect(again.state.totals.bytesRead).toBe(12);
    const planned = applyEvent(plan, again.state, {
      kind: 'replanned',
      path: 'big',
      item: item('big', 25),
    });
    expect(nextActions(plan, planned).actions).toMatchObject([
      { do: 'open', item: { source: { size: 25 } } },
    ]);
    expect(planned.restarts).toEqual({ big: 1 });
  });
});

describe('applyEvent', () => {
  it('copies nothing that the target holds already, and counts it', () => {
    const state = listed(item('a', 1, { skip: true }), item('b', 100, { skip: true }));
    expect(isCopyFinished(state)).toBe(true);
    expect(state.totals).toMatchObject({ scanned: 2, skipped: 2, files: 0 });
  });

  it('copies nothing at all where there is no target', () => {
    const listOnly = assetPlan({ route: 'list-only', target: null });
    const state = applyEvent(
      listOnly,
      nextActions(listOnly, startCopy()).state,
      page([item('a', 1)]),
    );
    expect(isCopyFinished(state)).toBe(true);
  });

  it('refuses an answer for a file that is not open', () => {
    const event = { kind: 'stale', path: 'other', bytesRead: 0 } as const;
    expect(() => applyEvent(plan, listed(), event)).toThrow('unit other is open');
  });
});

describe('partBytesFor', () => {
  const mebibyte = 1024 * 1024;
  const sizes = { ...smallSizes, partBytes: 8 * mebibyte, partsMax: 10_000 };

  it('keeps the planned size for every file that fits', () => {
    expect(partBytesFor(10_000 * 8 * mebibyte, sizes)).toBe(8 * mebibyte);
  });

  it('grows in whole MiB so that the parts suffice', () => {
    const size = 10_000 * 8 * mebibyte + 1;
    expect(partBytesFor(size, sizes)).toBe(9 * mebibyte);
    expect(Math.ceil(size / partBytesFor(size, sizes))).toBeLessThanOrEqual(sizes.partsMax);
  });
});
