import { describe, expect, it } from 'vitest';
import type { Mark } from '../plan/rows.js';
import type { LedgerDocument } from './ledger.js';
import {
  abandonWindow,
  begin,
  emptyLedger,
  openWindow,
  publishWindow,
  raiseFence,
  repeatOf,
  setMark,
  takeOver,
} from './ledger-changes.js';

const name = { project: 'shop', asset: 'orders', partition: '' };

const markAt = (value: string): Mark => ({ column: 'id', type: 'bigint', value, seen: null });

const factsOf = (id: string, low: Mark | null = null, high: Mark | null = markAt('10')) => ({
  id,
  shapeHash: 'shape',
  low,
  high,
  owner: 'run 1',
  openedAt: '2026-01-01T00:00:00Z',
  assetToken: 4,
  names: [`${id}-staging`],
});

const publication = (windowId: string, token: number, mark: Mark | null = markAt('10')) => ({
  windowId,
  token,
  mark,
  rows: 3,
  publishedAt: '2026-01-01T00:01:00Z',
  names: ['object'],
});

/** Opens and publishes a window; the document after it. */
const published = (
  document: LedgerDocument | null,
  id: string,
  low: Mark | null,
  high: Mark | null = markAt('10'),
): LedgerDocument => {
  const opened = openWindow(document, name, factsOf(id, low, high));
  const result = publishWindow(opened.document, publication(id, opened.window.token, high));
  if (result.kind !== 'published') throw new Error(result.kind);
  return result.document;
};

describe('beginning', () => {
  it('opens at the beginning where there is no ledger yet', () => {
    expect(begin(null, { shapeHash: 'shape' })).toEqual({ kind: 'open', low: null, discard: null });
  });

  it('opens at the mark where nothing is open', () => {
    const document = published(null, 'w1', null);
    const found = begin(document, { shapeHash: 'shape' });
    expect(found).toEqual({ kind: 'open', low: markAt('10'), discard: null });
  });

  it('finishes the open window of the same shape', () => {
    const { document, window } = openWindow(null, name, factsOf('w1'));
    expect(begin(document, { shapeHash: 'shape' })).toEqual({ kind: 'finish', window });
  });

  it('discards an open window of another shape', () => {
    const { document, window } = openWindow(null, name, factsOf('w1'));
    const found = begin(document, { shapeHash: 'another' });
    expect(found).toEqual({ kind: 'open', low: null, discard: window });
  });

  it('discards an open window that a full refresh of the asset has overtaken', () => {
    const { document, window } = openWindow(null, name, factsOf('w1'));
    expect(begin(document, { shapeHash: 'shape', assetToken: 4 }).kind).toBe('finish');
    const found = begin(document, { shapeHash: 'shape', assetToken: 5 });
    expect(found).toEqual({ kind: 'open', low: null, discard: window });
  });
});

describe('the fence', () => {
  it('rises by one with every window, and with a window that is taken over', () => {
    const first = openWindow(null, name, factsOf('w1'));
    const second = openWindow(first.document, name, factsOf('w2'));
    const taken = takeOver(second.document, 'w2', 'run 2');
    expect([first, second, taken].map((opened) => opened?.window.token)).toEqual([1, 2, 3]);
    expect(taken?.document.token).toBe(3);
    expect(taken?.window).toMatchObject({ id: 'w2', owner: 'run 2', names: ['w2-staging'] });
  });

  it('lets nobody take over what is not open', () => {
    expect(takeOver(emptyLedger(name), 'w1', 'run 2')).toBeNull();
  });

  it('keeps out who opened a window that was taken over', () => {
    const { document, window } = openWindow(null, name, factsOf('w1'));
    const taken = takeOver(document, 'w1', 'run 2');
    const late = publishWindow(taken?.document ?? null, publication('w1', window.token));
    expect(late).toEqual({ kind: 'stale', token: 2 });
  });

  it('keeps out a partition when a full refresh of the asset began', () => {
    const { document, window } = openWindow(null, name, factsOf('w1'));
    const facts = publication('w1', window.token);
    expect(publishWindow(document, { ...facts, assetToken: 5 })).toEqual({
      kind: 'stale',
      token: 5,
    });
    expect(publishWindow(document, { ...facts, assetToken: 4 }).kind).toBe('published');
  });

  it('is raised without a window for a full refresh of the whole asset', () => {
    expect(raiseFence(null, name).token).toBe(1);
    expect(raiseFence(raiseFence(null, name), name)).toEqual({ ...emptyLedger(name), token: 2 });
  });
});

describe('publishing', () => {
  it('closes the window and moves the mark in one step', () => {
    const document = published(null, 'w1', null);
    expect(document).toMatchObject({ open: null, mark: markAt('10'), windows: 1, token: 1 });
    expect(document.published).toEqual([
      {
        id: 'w1',
        low: null,
        high: '10',
        repeat: 1,
        token: 1,
        rows: 3,
        publishedAt: '2026-01-01T00:01:00Z',
        names: ['object'],
      },
    ]);
  });

  it('keeps the mark when the window has none', () => {
    const first = published(null, 'w1', null);
    expect(published(first, 'w2', markAt('10'), null).mark).toEqual(markAt('10'));
  });

  it('says of a published window that it was, whatever the token', () => {
    const document = published(null, 'w1', null);
    const again = publishWindow(document, publication('w1', 99));
    expect(again).toEqual({ kind: 'already', window: document.published[0] });
  });

  it.each([
    ['no ledger', null],
    ['nothing open', emptyLedger(name)],
    ['another window open', openWindow(null, name, factsOf('w9')).document],
  ])('is stale with %s', (_what, document) => {
    expect(publishWindow(document, publication('w1', 1)).kind).toBe('stale');
  });

  it('keeps the newest twenty windows and counts all', () => {
    let document: LedgerDocument | null = null;
    for (let at = 1; at <= 25; at++) {
      document = published(document, `w${String(at)}`, null, markAt(String(at)));
    }
    expect(document?.windows).toBe(25);
    expect(document?.published.map(({ id }) => id).at(0)).toBe('w6');
    expect(document?.published).toHaveLength(20);
  });
});

describe('the number of a window among those that begin at the same mark', () => {
  it('is 1 at a new mark and rises at the same one, also beyond the windows that are kept', () => {
    let document: LedgerDocument | null = null;
    expect(repeatOf(document, null)).toBe(1);
    document = published(document, 'w0', null, markAt('10'));
    for (let at = 1; at <= 30; at++) {
      expect(repeatOf(document, '10')).toBe(at);
      document = published(document, `w${String(at)}`, markAt('10'), markAt('10'));
    }
    expect(repeatOf(document, '11')).toBe(1);
  });
});

describe('abandoning', () => {
  it('closes the own window and leaves the mark', () => {
    const { document, window } = openWindow(published(null, 'w0', null), name, factsOf('w1'));
    const after = abandonWindow(document, 'w1', window.token);
    expect(after).toMatchObject({ open: null, mark: markAt('10'), token: window.token });
  });

  it('does nothing to another window or under an older token', () => {
    const { document, window } = openWindow(null, name, factsOf('w1'));
    expect(abandonWindow(document, 'w2', window.token)).toBeNull();
    const taken = takeOver(document, 'w1', 'run 2');
    expect(abandonWindow(taken?.document ?? null, 'w1', window.token)).toBeNull();
    expect(abandonWindow(null, 'w1', 1)).toBeNull();
  });
});

describe('setting a mark by hand', () => {
  const entry = { at: '2026-01-02T00:00:00Z', what: 'mark set to 5' };

  it('closes what is open, raises the fence and is written down', () => {
    const { document, window } = openWindow(published(null, 'w0', null), name, factsOf('w1'));
    const after = setMark(document, name, markAt('5'), entry);
    expect(after).toMatchObject({ mark: markAt('5'), open: null, token: window.token + 1 });
    expect(after.published).toEqual(document.published);
    expect(after.audit).toEqual([entry]);
    expect(publishWindow(after, publication('w1', window.token)).kind).toBe('stale');
  });

  it('works without a ledger, may remove the mark, and keeps a hundred entries', () => {
    let document = setMark(null, name, null, entry);
    for (let at = 0; at < 120; at++) {
      document = setMark(document, name, null, { ...entry, what: String(at) });
    }
    expect(document.mark).toBeNull();
    expect(document.audit).toHaveLength(100);
    expect(document.audit.at(-1)?.what).toBe('119');
  });
});
