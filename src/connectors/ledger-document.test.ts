import { describe, expect, it } from 'vitest';
import type { LedgerDocument } from '../core/run/ledger.js';
import { openWindow, publishWindow } from '../core/run/ledger-changes.js';
import { ledgerText, parseLedger } from './ledger-document.js';

const name = { project: 'shop', asset: 'orders', partition: '' };
const mark = { column: 'id', type: 'bigint', value: '7', seen: ['0a'] };

const used = (): LedgerDocument => {
  const facts = {
    id: 'w1',
    shapeHash: 's',
    low: null,
    high: mark,
    owner: 'run',
    openedAt: '2026-01-01T00:00:00Z',
    assetToken: 0,
    names: ['a'],
  };
  const first = openWindow(null, name, facts);
  const published = publishWindow(first.document, {
    windowId: 'w1',
    token: 1,
    mark,
    rows: 3,
    publishedAt: '2026-01-01T00:01:00Z',
    names: ['a'],
  });
  if (published.kind !== 'published') throw new Error(published.kind);
  return openWindow(published.document, name, { ...facts, id: 'w2', low: mark }).document;
};

const codeOf = (text: string): string => {
  try {
    parseLedger(text, 'here', name);
    return 'read';
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`;
  }
};

describe('a ledger as text', () => {
  it('is read as it was written', () => {
    const document = used();
    expect(parseLedger(ledgerText(document), 'here', name)).toEqual(document);
  });

  it('is the same text whatever the order of its keys was', () => {
    const document = used();
    const turned = Object.fromEntries(Object.entries(document).reverse());
    expect(ledgerText(turned as unknown as LedgerDocument)).toBe(ledgerText(document));
  });

  const changed = (change: Record<string, unknown>): string =>
    JSON.stringify({ ...used(), ...change });

  it.each([
    ['no JSON', '{'],
    ['another document', '{"hello":"world"}'],
    ['a field more', changed({ extra: 1 })],
    ['a field less', changed({ token: undefined })],
    ['a token that is no whole number', changed({ token: 1.5 })],
    ['a mark that is a number', changed({ mark: { ...mark, value: 7 } })],
  ])('is refused as damaged: %s', (_what, text) => {
    expect(codeOf(text)).toContain('ledger/damaged');
  });

  it('is refused with advice when a newer release wrote it', () => {
    expect(codeOf(changed({ version: 2, more: 1 }))).toContain('it has version 2');
  });

  it('is refused when it is the ledger of another asset', () => {
    expect(codeOf(changed({ asset: 'customers' }))).toContain('belongs to another asset');
  });

  it('never shows what stands in it', () => {
    expect(codeOf(changed({ mark: { ...mark, value: 7, 'row-value': 'secret' } }))).not.toContain(
      'secret',
    );
  });
});
