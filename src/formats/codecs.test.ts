import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordFormat } from '../core/plan/recoding.js';
import { plainCsv, type CsvFormat } from '../core/plan/rows.js';
import { conversions } from './all.js';
import type { Codec } from './codec.js';

const { codecs } = conversions;

const codecOf = (kind: RecordFormat['kind']): Codec => {
  const codec = codecs.find((known) => known.kind === kind);
  if (codec === undefined) throw new Error(kind);
  return codec;
};

const csv: CsvFormat = { ...plainCsv, header: true };
const jsonl: RecordFormat = { kind: 'jsonl' };
const json: RecordFormat = { kind: 'json' };

interface Ends {
  readonly from: RecordFormat;
  readonly to: RecordFormat;
  readonly columns?: readonly string[];
}

/** Converts, with the bytes cut at the offsets; what is left over is given again, as the pump does it. */
const convert = (
  bytes: Buffer,
  { from, to, columns }: Ends,
  cuts: readonly number[] = [],
): string => {
  const reader = codecOf(from.kind).reader(from, columns ?? null);
  const writer = codecOf(to.kind).writer(to);
  const out: Buffer[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let at = 0;
  for (const cut of [...[...cuts].sort((a, b) => a - b), bytes.length]) {
    const given = Buffer.concat([rest, bytes.subarray(at, cut)]);
    at = cut;
    rest = given.subarray(reader.read(given, at === bytes.length, writer));
    out.push(writer.take());
  }
  // Blanks behind the last record may be left over.
  expect(rest.toString().trim()).toBe('');
  writer.end();
  out.push(writer.take());
  expect(reader.records).toBe(writer.records);
  return Buffer.concat(out).toString();
};

const text = (value: string): Buffer => Buffer.from(value);
const lines = (value: string): readonly unknown[] =>
  value
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);

describe('CSV becomes JSON', () => {
  it('keeps every value a text, and NULL and an empty text apart (G15)', () => {
    const found = convert(text('id,note\n007,\n1.50,""\n"","a ""b"", \n c"\n'), {
      from: csv,
      to: jsonl,
    });
    expect(lines(found)).toEqual([
      { id: '007', note: null },
      { id: '1.50', note: '' },
      { id: '', note: 'a "b", \n c' },
    ]);
  });

  it('is not misled by a byte order mark, CRLF, blank lines or a missing last line end', () => {
    const bytes = text('\ufeffid,näme\r\n1,ä\r\n\r\n2,"x\r\ny"\r\n3,"z"');
    for (const cuts of [[], Array.from({ length: bytes.length }, (_, at) => at)])
      expect(lines(convert(bytes, { from: csv, to: jsonl }, cuts))).toEqual([
        { id: '1', näme: 'ä' },
        { id: '2', näme: 'x\r\ny' },
        { id: '3', näme: 'z' },
      ]);
  });

  it('writes an array that JSON.parse reads, also an empty one', () => {
    expect(JSON.parse(convert(text('a\n1\n2\n'), { from: csv, to: json }))).toEqual([
      { a: '1' },
      { a: '2' },
    ]);
    expect(JSON.parse(convert(text('a\n'), { from: csv, to: json }))).toEqual([]);
    expect(JSON.parse(convert(text(''), { from: csv, to: json }))).toEqual([]);
    expect(convert(text(''), { from: csv, to: jsonl })).toBe('');
  });

  it('writes only the columns that are asked for, in their order', () => {
    expect(convert(text('a,b,c\n1,2,3\n'), { from: csv, to: jsonl, columns: ['c', 'a'] })).toBe(
      '{"c":"3","a":"1"}\n',
    );
    expect(() => convert(text('a,b\n1,2\n'), { from: csv, to: jsonl, columns: ['x'] })).toThrow(
      expect.objectContaining({ code: 'format/bad-header' }),
    );
  });

  it.each([
    ['a,b\n1,2\n1\n', /record 2 has 1 values, the header has 2/],
    ['a,b\n1,2,3\n', /record 1 has 3 values/],
    ['a,b\n1,"2\n', /record 1 opens a quote/],
  ])('refuses %j with the number of the record', (bytes, message) => {
    expect(() => convert(text(bytes), { from: csv, to: jsonl })).toThrow(message);
  });

  it('refuses what is not UTF-8, and never shows it', () => {
    const bytes = Buffer.concat([text('a\nsecret'), Buffer.from([0xff]), text('\n')]);
    expect(() => convert(bytes, { from: csv, to: jsonl })).toThrow(
      expect.objectContaining({ code: 'format/not-utf8' }),
    );
    expect(() => convert(bytes, { from: csv, to: jsonl })).not.toThrow(/secret/);
  });
});

describe('JSON becomes CSV', () => {
  it('keeps numbers as they are written, whatever their size (G15)', () => {
    const found = convert(
      text('{"n":12345678901234567890.10,"b":true,"t":"1","x":null,"o":{"a":[1, 2]}}\n'),
      { from: jsonl, to: csv, columns: ['n', 'b', 't', 'x', 'o'] },
    );
    expect(found).toBe('n,b,t,x,o\n12345678901234567890.10,true,1,,"{""a"":[1, 2]}"\n');
  });

  it('takes keys in any order, missing ones as NULL, and leaves out the others', () => {
    const found = convert(text('{"b":"","a":"x"}\n\n{"c":1}\n{"\\u0061":"\\u00e4\\n"}'), {
      from: jsonl,
      to: csv,
      columns: ['a', 'b'],
    });
    expect(found).toBe('a,b\nx,""\n,\n"ä\n",\n');
  });

  it('names every key of the file, wherever it stands first', () => {
    const reader = codecOf('json').reader(json, null);
    reader.read(text('[{"a":1},\n {"b":{"x":1},"a":2}, {}]'), true, codecOf('json').writer(json));
    expect(reader.columns).toEqual(['a', 'b']);
  });

  it.each([
    ['{"a":1}{"a":2}\n', 'jsonl'],
    ['{"a":1,"a":2}\n', 'jsonl'],
    ['{"a":01}\n', 'jsonl'],
    ['{"a":1,}\n', 'jsonl'],
    ['{"a":"\t"}\n', 'jsonl'],
    ['{"a":"\\ud800"}\n', 'jsonl'],
    ['{"a":', 'jsonl'],
    ['[1]', 'jsonl'],
    ['[{"a":1}', 'json'],
    ['[{"a":1},]', 'json'],
    ['[{"a":1}] 1', 'json'],
    ['{"a":1}', 'json'],
    ['', 'json'],
  ] as const)('refuses %j as %s', (bytes, kind) => {
    expect(() => convert(text(bytes), { from: { kind }, to: csv, columns: ['a'] })).toThrow(
      expect.objectContaining({ code: 'format/bad-record' }),
    );
  });
});

const value = fc.oneof(
  fc.constant(null),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom('"', ',', '\n', '\r', '\\', 'a', ' ', '\0', 'é'),
    maxLength: 6,
  }),
);
const rows = fc.array(fc.array(value, { minLength: 3, maxLength: 3 }), { maxLength: 8 });
const names = ['id', 'na "me"', 'größe'];
const objects = (table: readonly (readonly (string | null)[])[]) =>
  table.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at] ?? null])));
const cuts = fc.array(fc.nat(200), { maxLength: 8 });

const spellings: readonly CsvFormat[] = [
  csv,
  { ...csv, quoting: 'all', lineTerminator: '\r\n', delimiter: ';' },
  { ...csv, escape: '\\', nullText: 'NULL' },
  { ...csv, quote: "'", escape: "'", nullText: '-', quoting: 'nonnumeric' },
];

describe('what is written is read, however it is cut (G15)', () => {
  it.each(spellings)('%j', (format) => {
    fc.assert(
      fc.property(rows, cuts, (table, wanted) => {
        const source = text(
          objects(table)
            .map((row) => `${JSON.stringify(row)}\n`)
            .join(''),
        );
        const at = (bytes: Buffer) => wanted.map((cut) => Math.min(cut, bytes.length));
        const there = convert(source, { from: jsonl, to: format, columns: names }, at(source));
        const back = convert(text(there), { from: format, to: json }, at(text(there)));
        expect(JSON.parse(back)).toEqual(objects(table));
        const again = convert(text(back), { from: json, to: jsonl }, at(text(back)));
        expect(lines(again)).toEqual(objects(table));
      }),
      { numRuns: 300 },
    );
  });

  it('any JSON values keep their meaning between lines and arrays', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue(), { maxKeys: 4 })),
        cuts,
        (found, wanted) => {
          const plain = JSON.parse(JSON.stringify(found)) as unknown;
          const source = text(JSON.stringify(found, null, 2));
          const at = wanted.map((cut) => Math.min(cut, source.length));
          expect(lines(convert(source, { from: json, to: jsonl }, at))).toEqual(plain);
        },
      ),
      { numRuns: 300 },
    );
  });
});

it('text that without quotes means NULL is refused where nothing is quoted', () => {
  const none: CsvFormat = { ...csv, quoting: 'none', escape: '\\' };
  const ends = { from: jsonl, to: none, columns: ['a'] };
  expect(convert(text('{"a":"x,\\ny\\\\"}\n'), ends)).toBe('a\nx\\,\\\ny\\\\\n');
  expect(() => convert(text('{"a":""}\n'), ends)).toThrow(/means NULL/);
  expect(lines(convert(text('a\nx\\,\\\ny\\\\\n'), { from: none, to: jsonl }))).toEqual([
    { a: 'x,\ny\\' },
  ]);
});

it('every codec is listed once', () => {
  expect(codecs.map(({ kind }) => kind)).toEqual(['csv', 'json', 'jsonl']);
});
