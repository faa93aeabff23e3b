/** A run and its ledger, on the store of the memory target; what others do in between is injected at its calls. */
import { describe, expect, it } from 'vitest';
import type { LedgerStore } from '../connectors/row-connector.js';
import { MemoryFolder } from '../connectors/memory/store.js';
import { openTarget } from '../connectors/memory/target.js';
import { createMemoryConnector } from '../connectors/memory/index.js';
import { MemoryStore } from '../connectors/memory/store.js';
import type { Mark } from '../core/plan/rows.js';
import type { LedgerName, OpenWindow } from '../core/run/ledger.js';
import { raiseFence } from '../core/run/ledger-changes.js';
import {
  abandonWindow,
  beginWindow,
  claimWindow,
  publishToLedger,
  type BeginFacts,
  type Begun,
} from './ledger-steps.js';

const whole: LedgerName = { project: 'shop', asset: 'orders', partition: '' };
const january: LedgerName = { ...whole, partition: '2026-01' };
const signal = new AbortController().signal;
const markAt = (value: string): Mark => ({ column: 'id', type: 'bigint', value, seen: null });

const memoryLedger = (faults: readonly object[] = []): LedgerStore => {
  const { connection } = createMemoryConnector(new MemoryStore());
  const context = {
    connectionName: 'rows',
    throttle: () => Promise.resolve(),
    log: () => undefined,
  };
  const target = openTarget({
    folder: new MemoryFolder(),
    connection: connection.options.parse({ faults }) as never,
    context,
  });
  return target.ledger({ container: '', key: '_tidemark' });
};

/** The store, with something that happens just before the n-th write, from 1. */
const disturbed = (store: LedgerStore, before: (write: number) => Promise<void>): LedgerStore => {
  let writes = 0;
  return {
    read: (name, given) => store.read(name, given),
    write: async (name, document, expected, given) => {
      writes += 1;
      await before(writes);
      return store.write(name, document, expected, given);
    },
  };
};

let ids = 0;
const factsOf = (changes: Partial<BeginFacts> = {}): BeginFacts => ({
  id: `window-${String((ids += 1))}`,
  shapeHash: 'shape',
  owner: 'run 1',
  nowIso: '2026-01-01T00:00:00Z',
  discard: () => Promise.reject(new Error('nothing was to be discarded')),
  bounds: (low) => Promise.resolve({ low, high: markAt('10'), names: ['a', 'b'] }),
  ...changes,
});

const granted = (begun: Begun): OpenWindow => {
  if (begun.kind === 'nothing') throw new Error('no window');
  return begun.window;
};

const publish = (store: LedgerStore, name: LedgerName, window: OpenWindow, value = '10') =>
  publishToLedger(
    store,
    name,
    { window, mark: markAt(value), rows: 3, nowIso: '2026-01-01T00:01:00Z', names: ['a'] },
    signal,
  );

const codeOf = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    return ['no error', await promise];
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
};

const documentOf = async (store: LedgerStore, name = whole) =>
  (await store.read(name, signal))?.document;

describe('beginning a window', () => {
  it('opens the first one at the beginning and the next one at the mark', async () => {
    const store = memoryLedger();
    const first = await beginWindow(store, whole, factsOf(), signal);
    expect(first).toMatchObject({ kind: 'opened', repeat: 1, window: { low: null, token: 1 } });
    await publish(store, whole, granted(first));
    const next = await beginWindow(store, whole, factsOf(), signal);
    expect(next).toMatchObject({ kind: 'opened', window: { low: markAt('10'), token: 2 } });
  });

  it('writes nothing where nothing is new', async () => {
    const store = memoryLedger();
    const nothing = factsOf({ bounds: () => Promise.resolve(null) });
    expect(await beginWindow(store, whole, nothing, signal)).toEqual({ kind: 'nothing' });
    expect(await store.read(whole, signal)).toBeNull();
  });

  it('finishes the open window of the same shape under a new token, with the same bounds', async () => {
    const store = memoryLedger();
    const opened = granted(await beginWindow(store, whole, factsOf(), signal));
    const again = await beginWindow(store, whole, factsOf({ owner: 'run 2' }), signal);
    expect(again).toEqual({
      kind: 'finish',
      repeat: 1,
      window: { ...opened, token: 2, owner: 'run 2' },
    });
    expect(await codeOf(publish(store, whole, opened))).toBe('ledger/stale');
    expect(await publish(store, whole, granted(again))).toBe(true);
  });

  it('numbers windows that begin at the same mark, equally when one is finished later', async () => {
    const store = memoryLedger();
    const asked: number[] = [];
    const from = factsOf({
      bounds: (_low, repeat) => {
        asked.push(repeat);
        // A full refresh begins at the beginning, whatever the mark is.
        return Promise.resolve({ low: null, high: markAt('10'), names: [] });
      },
    });
    for (let time = 1; time <= 3; time++) {
      const facts = { ...from, id: `again-${String(time)}` };
      const opened = await beginWindow(store, whole, facts, signal);
      const finished = await beginWindow(store, whole, facts, signal);
      expect(finished).toMatchObject({ kind: 'finish' });
      expect([opened, finished]).toMatchObject([
        { repeat: asked.at(-1) },
        { repeat: asked.at(-1) },
      ]);
      await publish(store, whole, granted(finished));
    }
    const incremental: number[] = [];
    for (let time = 1; time <= 25; time++) {
      const begun = await beginWindow(store, whole, factsOf(), signal);
      incremental.push(begun.kind === 'nothing' ? 0 : begun.repeat);
      await publish(store, whole, granted(begun));
    }
    expect(incremental).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
  });

  it('raises the fence before it discards a window of another shape', async () => {
    const store = memoryLedger();
    const old = granted(await beginWindow(store, whole, factsOf({ shapeHash: 'old' }), signal));
    const discarded: OpenWindow[] = [];
    const facts = factsOf({
      discard: async (window) => {
        discarded.push(window);
        // The holder of the old window works on: what it wrote goes now, so it must not publish.
        expect(await codeOf(publish(store, whole, old))).toBe('ledger/stale');
      },
    });
    const begun = await beginWindow(store, whole, facts, signal);
    expect(discarded).toEqual([old]);
    expect(begun).toMatchObject({ kind: 'opened', window: { id: facts.id, token: 3 } });
  });

  it('discards the window again when an attempt ended in between', async () => {
    const store = memoryLedger();
    await beginWindow(store, whole, factsOf({ shapeHash: 'old' }), signal);
    const broken = factsOf({ discard: () => Promise.reject(new Error('the server went away')) });
    await expect(beginWindow(store, whole, broken, signal)).rejects.toThrow('went away');
    const names: (readonly string[])[] = [];
    const discard = (window: OpenWindow): Promise<void> => {
      names.push(window.names);
      return Promise.resolve();
    };
    await beginWindow(store, whole, factsOf({ discard }), signal);
    expect(names).toEqual([['a', 'b']]);
  });

  it('looks again when somebody else opened a window in between, and finishes that', async () => {
    const store = memoryLedger();
    let other: OpenWindow | null = null;
    const contended = disturbed(store, async (write) => {
      if (write === 1) other = granted(await beginWindow(store, whole, factsOf(), signal));
    });
    const begun = await beginWindow(contended, whole, factsOf({ owner: 'run 2' }), signal);
    expect(begun).toMatchObject({ kind: 'finish', window: { token: 2, owner: 'run 2' } });
    expect(granted(begun).id).toBe((other as OpenWindow | null)?.id);
  });

  it('gives up after ten conflicts', async () => {
    const store = memoryLedger();
    let writes = 0;
    const contended = disturbed(store, async (write) => {
      writes = write;
      const found = await store.read(whole, signal);
      const document = raiseFence(found?.document ?? null, whole);
      await store.write(whole, document, found?.tag ?? null, signal);
    });
    expect(await codeOf(beginWindow(contended, whole, factsOf(), signal))).toBe('ledger/conflict');
    expect(writes).toBe(10);
  });

  it('finds its own write after a lost answer', async () => {
    const store = memoryLedger([{ on: 'write', do: 'duplicate', at: 0 }]);
    const begun = await beginWindow(store, whole, factsOf(), signal);
    expect(begun).toMatchObject({ kind: 'opened', window: { token: 1 } });
    expect((await documentOf(store))?.open).toEqual(granted(begun));
  });
});

describe('publishing a window', () => {
  it('moves the mark once, and a repetition does nothing', async () => {
    const store = memoryLedger();
    const window = granted(await beginWindow(store, whole, factsOf(), signal));
    expect(await publish(store, whole, window)).toBe(true);
    expect(await publish(store, whole, window, '99')).toBe(false);
    expect(await documentOf(store)).toMatchObject({ mark: markAt('10'), windows: 1, open: null });
  });

  it('looks again after a conflict, and then is stale or goes on', async () => {
    const store = memoryLedger();
    const window = granted(await beginWindow(store, whole, factsOf(), signal));
    const contended = disturbed(store, async (write) => {
      if (write === 1) await beginWindow(store, whole, factsOf({ owner: 'run 2' }), signal);
    });
    expect(await codeOf(publish(contended, whole, window))).toBe('ledger/stale');
    expect((await documentOf(store))?.mark).toBeNull();
  });
});

describe('a partition', () => {
  it('publishes only while the fence of the asset is the one that it was opened under', async () => {
    const store = memoryLedger();
    await beginWindow(store, whole, factsOf(), signal);
    const window = granted(await beginWindow(store, january, factsOf(), signal));
    expect(window.assetToken).toBe(1);
    const found = await store.read(whole, signal);
    if (found === null) throw new Error('the asset has a ledger');
    await store.write(whole, raiseFence(found.document, whole), found.tag, signal);
    expect(await codeOf(publish(store, january, window))).toBe('ledger/stale');
    expect((await documentOf(store, january))?.mark).toBeNull();
  });

  it('that a full refresh has overtaken is discarded, not finished', async () => {
    const store = memoryLedger();
    const old = granted(await beginWindow(store, january, factsOf(), signal));
    await beginWindow(store, whole, factsOf(), signal);
    const discarded: string[] = [];
    const discard = ({ id }: OpenWindow): Promise<void> => {
      discarded.push(id);
      return Promise.resolve();
    };
    const begun = await beginWindow(store, january, factsOf({ discard }), signal);
    expect(discarded).toEqual([old.id]);
    expect(begun).toMatchObject({ kind: 'opened', window: { assetToken: 1 } });
    expect(await publish(store, january, granted(begun))).toBe(true);
  });
});

describe('giving a window up', () => {
  it('claims it, also again after a lost answer, and then closes it', async () => {
    const store = memoryLedger();
    const window = granted(await beginWindow(store, whole, factsOf(), signal));
    await claimWindow(store, whole, window, signal);
    const { window: claimed } = await claimWindow(store, whole, window, signal);
    expect(claimed?.token).toBe(3);
    if (claimed === null) throw new Error('it is ours');
    await abandonWindow(store, whole, claimed, signal);
    await abandonWindow(store, whole, claimed, signal);
    expect(await documentOf(store)).toMatchObject({ open: null, mark: null, windows: 0 });
  });

  it('leaves a window alone that another run has taken over or published', async () => {
    const store = memoryLedger();
    const window = granted(await beginWindow(store, whole, factsOf(), signal));
    const other = await beginWindow(store, whole, factsOf({ owner: 'run 2' }), signal);
    expect(await claimWindow(store, whole, window, signal)).toEqual({ window: null });
    await abandonWindow(store, whole, window, signal);
    expect((await documentOf(store))?.open).toEqual(granted(other));
    await publish(store, whole, granted(other));
    expect(await claimWindow(store, whole, granted(other), signal)).toEqual({ window: null });
  });
});
