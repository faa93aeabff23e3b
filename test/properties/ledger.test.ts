/**
 * The ledger under every order of events: two runs, each with what it read some time ago, open, take over, publish,
 * abandon and set marks by compare-and-swap, and their answers get lost.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mark } from '../../src/core/plan/rows.js';
import type { LedgerDocument, OpenWindow } from '../../src/core/run/ledger.js';
import {
  abandonWindow,
  begin,
  emptyLedger,
  openWindow,
  publishWindow,
  raiseFence,
  setMark,
  takeOver,
} from '../../src/core/run/ledger-changes.js';

const name = { project: 'shop', asset: 'orders', partition: '' };

type Act = 'read' | 'begin' | 'publish' | 'abandon' | 'set-mark' | 'raise' | 'forget';

interface Step {
  readonly who: 0 | 1;
  readonly act: Act;
  readonly shape: 'a' | 'b';
  readonly answerLost: boolean;
}

interface Holder {
  /** What it read last, however long ago. */
  read: { readonly document: LedgerDocument | null; readonly tag: number };
  window: OpenWindow | null;
}

class World {
  document: LedgerDocument | null = null;
  tag = 0;
  readonly holders: readonly [Holder, Holder] = [
    { read: { document: null, tag: 0 }, window: null },
    { read: { document: null, tag: 0 }, window: null },
  ];
  /** Windows whose publication was stored, in order. */
  readonly publications: string[] = [];
  readonly tokens: number[] = [];
  #ids = 0;

  nextId(): string {
    this.#ids += 1;
    return `w${String(this.#ids)}`;
  }

  /** True when nobody wrote since `holder` read. */
  swap(holder: Holder, document: LedgerDocument): boolean {
    if (holder.read.tag !== this.tag) return false;
    this.document = document;
    this.tag += 1;
    this.tokens.push(document.token);
    holder.read = { document, tag: this.tag };
    return true;
  }
}

const markOf = (text: string): Mark => ({ column: 'id', type: 'int', value: text, seen: null });

const beginAs = (world: World, holder: Holder, step: Step): void => {
  const { document } = holder.read;
  const found = begin(document, { shapeHash: step.shape });
  const id = world.nextId();
  const facts = { id, shapeHash: step.shape, high: markOf(id), owner: String(step.who) };
  const opened =
    found.kind === 'finish' && document !== null
      ? takeOver(document, found.window.id, facts.owner)
      : openWindow(document, name, {
          ...facts,
          low: found.kind === 'open' ? found.low : null,
          openedAt: '',
          assetToken: 0,
          names: [],
        });
  if (opened === null) throw new Error('an open window can be taken over');
  if (world.swap(holder, opened.document) && !step.answerLost) holder.window = opened.window;
};

const publishAs = (world: World, holder: Holder, step: Step): void => {
  const { window } = holder;
  if (window === null) return;
  const before = world.document;
  const result = publishWindow(holder.read.document, {
    windowId: window.id,
    token: window.token,
    mark: window.high,
    rows: 1,
    publishedAt: '',
    names: [],
  });
  if (result.kind !== 'published') return;
  if (!world.swap(holder, result.document)) return;
  expect(before?.token).toBe(window.token);
  world.publications.push(window.id);
  if (!step.answerLost) holder.window = null;
};

const abandonAs = (world: World, holder: Holder): void => {
  const { read, window } = holder;
  if (window === null) return;
  const after = abandonWindow(read.document, window.id, window.token);
  if (after !== null) world.swap(holder, after);
};

const act = (world: World, step: Step): void => {
  const holder = world.holders[step.who];
  const { document } = holder.read;
  switch (step.act) {
    case 'read':
      holder.read = { document: world.document, tag: world.tag };
      return;
    case 'begin':
      return beginAs(world, holder, step);
    case 'publish':
      return publishAs(world, holder, step);
    case 'abandon':
      return abandonAs(world, holder);
    case 'set-mark':
      world.swap(holder, setMark(document, name, markOf('set'), { at: '', what: '' }));
      return;
    case 'raise':
      world.swap(holder, raiseFence(document, name));
      return;
    case 'forget':
      holder.window = null;
  }
};

const steps = fc.array(
  fc.record({
    who: fc.constantFrom(0 as const, 1 as const),
    act: fc.constantFrom<Act>(
      'read',
      'read',
      'read',
      'begin',
      'begin',
      'publish',
      'publish',
      'abandon',
      'set-mark',
      'raise',
      'forget',
    ),
    shape: fc.constantFrom('a' as const, 'b' as const),
    answerLost: fc.boolean(),
  }),
  { minLength: 30, maxLength: 80 },
);

describe('the ledger, whatever two runs do and whatever answers are lost', () => {
  it('publishes no window twice, never lowers a token and moves the mark with the window', () => {
    let published = 0;
    fc.assert(
      fc.property(steps, (sequence) => {
        const world = new World();
        for (const step of sequence) {
          const { windows, mark } = world.document ?? emptyLedger(name);
          act(world, step);
          const after = world.document ?? emptyLedger(name);
          const [last = ''] = world.publications.slice(-1);
          if (after.windows > windows) expect(after.mark).toEqual(markOf(last));
          else if (step.act !== 'set-mark') expect(after.mark).toEqual(mark);
        }
        expect(new Set(world.publications).size).toBe(world.publications.length);
        expect(world.document?.windows ?? 0).toBe(world.publications.length);
        expect(world.tokens).toEqual(world.tokens.toSorted((a, b) => a - b));
        published += world.publications.length;
      }),
      { numRuns: 2000 },
    );
    expect(published).toBeGreaterThan(1000);
  });

  it('gives every holder of an open window its own token', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const world = new World();
        const granted = new Map<number, string>();
        for (const step of sequence) {
          const before = world.holders[step.who].window;
          act(world, step);
          const after = world.holders[step.who].window;
          if (after === null || after === before) continue;
          expect(granted.has(after.token)).toBe(false);
          granted.set(after.token, after.id);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
