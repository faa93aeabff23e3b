import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareKeys } from './key-order.js';
import { listPage } from './listing.js';
import { ObjectIndex } from './object-index.js';

const key = fc.string({
  unit: fc.constantFrom('a', 'b', '/', '\u{1F600}', '\uFFFD', '\uE000', 'ä'),
  minLength: 1,
  maxLength: 8,
});

function indexOf(keys: readonly string[]): ObjectIndex {
  const index = new ObjectIndex();
  for (const name of keys) {
    index.put({ key: name, path: name, sizeBytes: 0, etag: '', lastModified: '', headers: {} });
  }
  return index;
}

/** The listing as the documentation describes it, without paging. */
function entriesOf(keys: readonly string[], prefix: string, delimiter: string): string[] {
  const groups = keys
    .filter((name) => name.startsWith(prefix))
    .map((name) => {
      const end = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
      return end < 0 ? name : name.slice(0, end + delimiter.length);
    });
  return [...new Set(groups)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

it('keys are ordered as the bytes of their UTF-8', () => {
  fc.assert(
    fc.property(key, key, (a, b) => {
      expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});

it('pages of any size, put together, are every entry once and in order', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(key, { maxLength: 20 }),
      fc.constantFrom('', 'a', 'a/', 'b'),
      fc.constantFrom('', '/', 'b/'),
      fc.integer({ min: 1, max: 4 }),
      (keys, prefix, delimiter, maxEntries) => {
        const index = indexOf(keys);
        const seen: string[] = [];
        for (let after: string | undefined = ''; after !== undefined;) {
          const page = listPage(index, { prefix, delimiter, after, maxEntries });
          expect(page.keys.length + page.commonPrefixes.length).toBeLessThanOrEqual(maxEntries);
          seen.push(...[...page.keys, ...page.commonPrefixes].sort(compareKeys));
          after = page.next;
        }
        expect(seen).toEqual(entriesOf(keys, prefix, delimiter));
      },
    ),
  );
});

it('a deleted key is not listed and its path is free again', () => {
  const index = indexOf(['b', 'a', 'c']);
  index.delete('b');
  expect(index.sortedKeys()).toEqual(['a', 'c']);
  expect(index.mayUse('b', 'other')).toBe(true);
  expect(index.mayUse('A', 'A')).toBe(false);
});
