import { describe, expect, it } from 'vitest';
import { addressOf, joinKey, relativePathOf, selectionOf } from './keys.js';
import { connectionOptions, sourceOptions, targetOptions } from './options.js';

const connection = connectionOptions.parse({ bucket_name: 'lake' });
const chooses = (options: object, key: string): boolean =>
  selectionOf(sourceOptions.parse(options)).chooses(key);
const keyOf = (options: object, relativePath: string): string =>
  addressOf(connection, targetOptions.parse(options), relativePath).key;

describe('key and prefix together (D3)', () => {
  it('are joined unless the key already starts with the prefix', () => {
    expect(joinKey('raw', 'a.csv')).toBe('raw/a.csv');
    expect(joinKey('raw/', 'a.csv')).toBe('raw/a.csv');
    expect(joinKey('raw', 'raw/a.csv')).toBe('raw/a.csv');
    expect(joinKey('raw', 'rawer.csv')).toBe('raw/rawer.csv');
    expect(joinKey('', 'a.csv')).toBe('a.csv');
  });
});

describe('selectionOf', () => {
  it('takes a key as exactly one object, never as an expression', () => {
    expect(chooses({ key: 'a.csv' }, 'a.csv')).toBe(true);
    expect(chooses({ key: 'a.csv' }, 'a.csv.bak')).toBe(false);
    expect(chooses({ key: 'a.csv' }, 'aXcsv')).toBe(false);
  });

  it('matches a pattern with the key, the name or the path below the prefix (D11)', () => {
    const key = 'raw/stock/2024/stock_1.csv';
    expect(chooses({ prefix: 'raw/stock', pattern: 'raw/.*csv' }, key)).toBe(true);
    expect(chooses({ prefix: 'raw/stock', pattern: 'stock_\\d' }, key)).toBe(true);
    expect(chooses({ prefix: 'raw/stock', pattern: '(?P<year>2024)/' }, key)).toBe(true);
    expect(chooses({ prefix: 'raw/stock', pattern: '_1' }, key)).toBe(false);
    expect(chooses({ prefix: 'raw/other', pattern: 'stock' }, key)).toBe(false);
  });
});

describe('relativePathOf', () => {
  it('keeps the folders below the prefix, and never a part of a folder name', () => {
    expect(relativePathOf('raw', 'raw/x/a.csv')).toBe('x/a.csv');
    expect(relativePathOf('raw/', 'raw/x/a.csv')).toBe('x/a.csv');
    expect(relativePathOf('', 'x/a.csv')).toBe('x/a.csv');
    expect(relativePathOf('landing', 'landing-old/f.csv')).toBe('landing-old/f.csv');
    expect(relativePathOf('raw/st', 'raw/stock.csv')).toBe('stock.csv');
  });
});

describe('addressOf', () => {
  it('is the key, else the prefix and the path below the listed folder', () => {
    expect(keyOf({ prefix: 'out' }, 'x/a.csv')).toBe('out/x/a.csv');
    expect(keyOf({ prefix: '/out/' }, 'a.csv')).toBe('out/a.csv');
    expect(keyOf({ key: 'fixed.csv', prefix: 'out' }, 'a.csv')).toBe('out/fixed.csv');
    expect(keyOf({}, 'a.csv')).toBe('a.csv');
  });

  it.each(['', 'folder/', '../a', 'x/./a', 'a\0b', 'ü'.repeat(513)])(
    'refuses the key %j',
    (path) => {
      expect(() => keyOf({}, path)).toThrowError(
        expect.objectContaining({ code: 'target/bad-key' }),
      );
    },
  );

  it('takes the bucket of the target before that of the connection, and refuses none', () => {
    const own = targetOptions.parse({ bucket_name: 'own' });
    expect(addressOf(connection, own, 'a').container).toBe('own');
    expect(addressOf(connection, targetOptions.parse({}), 'a').container).toBe('lake');
    const bare = connectionOptions.parse({});
    expect(() => addressOf(bare, targetOptions.parse({}), 'a')).toThrowError(/no|none/);
  });
});
