import fc from 'fast-check';
import { normalize } from 'node:path/posix';
import { expect, it } from 'vitest';
import { keyOfPath, opaquePath, plainPath } from './key-path.js';

const oddKey = fc
  .array(
    fc.constantFrom(
      'a',
      'A',
      'b',
      '/',
      '.',
      '..',
      '%',
      '%2F',
      '%~',
      '%x',
      '%_',
      ' ',
      '\0',
      '\n',
      '\\',
      ':',
      'ä',
      '😀',
      'x'.repeat(130),
    ),
    { minLength: 1, maxLength: 40 },
  )
  .map((pieces) => pieces.join(''));
const anyKey = fc.oneof(oddKey, fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }));

it('an ordinary key is its own path', () => {
  expect(plainPath('orders/2026-01-31/part 1.csv.gz')).toBe('orders/2026-01-31/part 1.csv.gz');
  expect(plainPath('größe+x=1&y.json')).toBe('größe+x=1&y.json');
});

it('the plain and the opaque path of every key lead back to it', () => {
  fc.assert(
    fc.property(anyKey, (key) => {
      expect(keyOfPath(plainPath(key))).toBe(key);
      expect(keyOfPath(opaquePath(key))).toBe(key);
    }),
  );
});

it('no path leaves its folder, has an empty or too long segment, or a character that file systems forbid', () => {
  fc.assert(
    fc.property(anyKey, (key) => {
      for (const path of [plainPath(key), opaquePath(key)]) {
        expect(normalize(path)).toBe(path);
        expect(path).not.toMatch(/^\/|^\.\.(\/|$)|[\0\\]/);
        for (const segment of path.split('/')) {
          expect(Buffer.byteLength(segment)).toBeLessThanOrEqual(243);
          expect(segment).not.toBe('');
        }
      }
    }),
  );
});

it('opaque paths of different keys differ even where case is ignored', () => {
  fc.assert(
    fc.property(anyKey, anyKey, (a, b) => {
      fc.pre(a !== b);
      expect(opaquePath(a).toLowerCase()).not.toBe(opaquePath(b).toLowerCase());
      expect(opaquePath(a).toLowerCase()).not.toBe(plainPath(b).toLowerCase());
    }),
  );
  expect(opaquePath('a')).not.toBe(opaquePath('A'));
});
