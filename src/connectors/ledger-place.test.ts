import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLedgerPath, ledgerKey } from './ledger-place.js';

const folder = { container: '', key: '_tidemark' };
const keyOf = (project: string, asset: string, partition = ''): string =>
  ledgerKey(folder, { project, asset, partition });

describe('the place of a ledger', () => {
  it('is the folder of its project, and of its asset when it is a partition', () => {
    expect(keyOf('shop', 'orders')).toBe('_tidemark/shop/orders.json');
    expect(keyOf('shop', 'orders', '2026-01-01')).toBe('_tidemark/shop/orders/2026-01-01.json');
  });

  it('never leaves its folder and never is a hidden file', () => {
    expect(keyOf('..', '.', '../x')).toBe('_tidemark/%2E./%2E/%2E.%2Fx.json');
    expect(keyOf('a b', 'ü')).toBe('_tidemark/a%20b/%C3%BC.json');
  });

  it.each([
    ['an empty name', () => keyOf('', 'a')],
    ['half a character', () => keyOf('a', '\ud800')],
    ['a name that is too long', () => keyOf('a', 'x'.repeat(201))],
  ])('is refused for %s', (_what, choose) => {
    expect(choose).toThrowError(expect.objectContaining({ code: 'target/bad-key' }));
  });

  it('is another one for another name, and none lies inside another', () => {
    const tricky = fc.constantFrom(
      'a',
      'a.json',
      '.',
      '..',
      '%2E',
      'a/b',
      'b',
      '.json',
      'json',
      'A',
    );
    const name = fc.oneof(tricky, fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }));
    const names = fc.tuple(name, name, fc.oneof(name, fc.constant('')));
    fc.assert(
      fc.property(names, names, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        const [first, second] = [keyOf(...one), keyOf(...other)];
        expect(first).not.toBe(second);
        expect(second.startsWith(`${first}/`)).toBe(false);
      }),
      { numRuns: 5000 },
    );
  });

  it('is no data of a listing that begins there', () => {
    const paths = ['_tidemark/shop/a.json', '_tidemark', '_tidemarked/a', 'x/_tidemark/a'];
    expect(paths.filter(isLedgerPath)).toEqual(['_tidemark/shop/a.json']);
  });
});
