import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainCsv, type CsvFormat } from '../../core/plan/rows.js';
import { csvScanner } from './scanner.js';

const standard = plainCsv;
const backslash: CsvFormat = { ...plainCsv, escape: '\\' };
const unquoted: CsvFormat = { ...plainCsv, quoting: 'none', escape: '\\' };

/** The ends of all records by the plainest possible reading: one regular expression for one whole record. */
const recordOf = ({ quoting, escape, quote }: CsvFormat): RegExp => {
  if (quoting === 'none') return /(?:\\[^]|[^\\\n])*\n/y;
  return escape === quote ? /(?:"(?:[^"]|"")*"|[^"\n])*\n/y : /(?:"(?:\\[^]|[^"\\])*"|[^"\n])*\n/y;
};

const referenceEnds = (text: string, format: CsvFormat): readonly number[] => {
  const record = recordOf(format);
  const ends: number[] = [];
  while (record.test(text)) ends.push(record.lastIndex);
  return ends;
};

interface Scanned {
  readonly ends: readonly number[];
  readonly records: number;
  readonly isInside: boolean;
}

/** Cuts the bytes at the offsets; `ends` holds the last end of each chunk that has one, from the beginning. */
const scan = (bytes: Buffer, cuts: readonly number[], format: CsvFormat): Scanned => {
  const scanner = csvScanner(format);
  const ends: number[] = [];
  let [from, records] = [0, 0];
  for (const to of [...[...cuts].sort((a, b) => a - b), bytes.length]) {
    const found = scanner.scan(bytes.subarray(from, to));
    if (found.end > 0) ends.push(from + found.end);
    expect(found.end > 0).toBe(found.records > 0);
    records += found.records;
    from = to;
  }
  return { ends, records, isInside: scanner.isInside };
};

const everywhere = (bytes: Buffer): readonly number[] =>
  Array.from({ length: bytes.length }, (_, at) => at);

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');

const formats = [
  ['quotes doubled', standard],
  ['escape before quotes', backslash],
  ['no quotes', unquoted],
] as const;

const hostile = fc
  .array(fc.constantFrom('"', '\\', '\n', '\r\n', '\r', ',', 'a', '\xe9', '""', '\\"'), {
    maxLength: 60,
  })
  .map((parts) => parts.join(''));

describe.each(formats)('%s', (_, format) => {
  it('bytes one by one give every end that the reference gives', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const bytes = latin(text);
        const expected = referenceEnds(text, format);
        const found = scan(bytes, everywhere(bytes), format);
        expect(found.ends).toEqual(expected);
        expect(found.records).toBe(expected.length);
        expect(found.isInside).toBe((expected.at(-1) ?? 0) < bytes.length);
      }),
      { numRuns: 500 },
    );
  });

  it('any chunks count the same records and agree on the last end of each', () => {
    fc.assert(
      fc.property(hostile, fc.array(fc.nat(80), { maxLength: 6 }), (text, wanted) => {
        const bytes = latin(text);
        const cuts = wanted.map((cut) => Math.min(cut, bytes.length));
        const expected = referenceEnds(text, format);
        const found = scan(bytes, cuts, format);
        expect(found.records).toBe(expected.length);
        expect(expected).toEqual(expect.arrayContaining([...found.ends]));
        expect(found.ends.at(-1)).toBe(expected.at(-1));
      }),
      { numRuns: 500 },
    );
  });
});

describe('large chunks', () => {
  it('dense and sparse quotes change places without losing the parity', () => {
    const piece = (seed: number): string =>
      seed % 2 === 0
        ? `${'x'.repeat(900)},"a\nb ""c"" ${'y'.repeat(200)}"\n`.repeat(37)
        : '"a","","x\ny","z"\n'.repeat(1000 + seed);
    const text = Array.from({ length: 9 }, (_, seed) => piece(seed)).join('');
    const expected = referenceEnds(text, standard);
    const whole = scan(latin(text), [], standard);
    expect(whole).toEqual({ ends: [text.length], records: expected.length, isInside: false });
    expect(scan(latin(`${text}open`), [100_001], standard)).toMatchObject({
      records: expected.length,
      isInside: true,
    });
  });
});

it('a last record without a terminator is inside, a file that ends with one is not', () => {
  expect(scan(latin('1,2\r\n3,4'), [], standard)).toEqual({
    ends: [5],
    records: 1,
    isInside: true,
  });
  expect(scan(latin('1,2\r\n3,4\r\n'), [], standard).isInside).toBe(false);
  expect(scan(latin(''), [], standard).isInside).toBe(false);
});

it('a lone CR ends nothing, and an empty line is a record: the server decides what it means', () => {
  expect(scan(latin('1\r2\n\n3\n'), [], standard).records).toBe(3);
});
