import { expect, it } from 'vitest';
import { entryKey, pieceKey, recodedPath, type Recoding } from './recoding.js';
import { plainCsv } from './rows.js';

const recoding = (changed: Partial<Recoding>): Recoding => ({
  unpack: 'by-name',
  records: null,
  pieces: null,
  pack: 'none',
  isNamed: false,
  ...changed,
});

const toJsonl = { from: plainCsv, to: { kind: 'jsonl' }, columns: null } as const;

it.each([
  [{ records: toJsonl }, 'a/b.csv', 'a/b.jsonl'],
  [{ records: toJsonl }, 'a/b.CSV.GZ', 'a/b.jsonl'],
  [{ records: toJsonl }, 'a/b', 'a/b.jsonl'],
  [{ records: toJsonl }, 'a.csv/b.2024', 'a.csv/b.2024.jsonl'],
  [{ records: toJsonl, pack: 'gzip' }, 'b.csv', 'b.jsonl.gz'],
  [{ pack: 'gzip' }, 'b.csv', 'b.csv.gz'],
  [{ pack: 'gzip' }, 'b.csv.gz', 'b.csv.gz'],
  [{ pack: 'zip' }, 'b.csv', 'b.csv.zip'],
  [{ unpack: 'gzip' }, 'b.csv.gz', 'b.csv'],
  [{ unpack: 'gzip' }, 'b.csv', 'b.csv'],
  [{ unpack: 'zip' }, 'in/b.zip', 'in/b'],
  [{ unpack: 'none' }, 'in/b.zip', 'in/b.zip'],
] as const)('%j: %s goes to %s', (changed, path, expected) => {
  expect(recodedPath(recoding(changed), path)).toBe(expected);
});

it('pieces keep the extension, and that of the packing', () => {
  expect(
    ['a/b.csv', 'a/b.csv.gz', 'a/b', 'a.d/b', 'x.2024.csv'].map((key) => pieceKey(key, 2)),
  ).toEqual([
    'a/b_part_2.csv',
    'a/b_part_2.csv.gz',
    'a/b_part_2',
    'a.d/b_part_2',
    'x.2024_part_2.csv',
  ]);
});

it('entries of an archive keep their folders, or have the one name that the key gives', () => {
  expect(entryKey(recoding({ records: toJsonl }), 'in/b', 'x/y.csv')).toBe('in/b/x/y.jsonl');
  expect(entryKey(recoding({ isNamed: true }), 'in/b.csv', 'x/y.csv')).toBe('in/b.csv');
});
