import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isErrorOf } from '../../core/errors/error.js';
import { plainCsv, type CsvFormat } from '../../core/plan/rows.js';
import { quoteCsvNames } from '../csv-names.js';
import { badHeader, notUtf8 } from '../errors.js';
import { csv } from './index.js';

const headed: CsvFormat = { ...plainCsv, header: true };
const head = (text: string | Buffer, format: CsvFormat = headed, isWhole = true) =>
  csv.head(format, Buffer.from(text), isWhole);

describe('the header', () => {
  it.each([
    ['names are trimmed', 'id, name \t,at\n1,2,3\n', ['id', 'name', 'at'], 14],
    ['CRLF', 'id,name\r\n1,2\r\n', ['id', 'name'], 9],
    ['a byte order mark is no part of the first name', '\ufeffid,name\n1,2\n', ['id', 'name'], 11],
    ['a mark before a quoted name', '\ufeff"id",b\n', ['id', 'b'], 10],
    ['delimiters and doubled quotes in quotes', '"a,b","say ""x"""\n1,2\n', ['a,b', 'say "x"'], 18],
    ['a newline in a name', '"first\nline",b\r\n1,2\n', ['first\nline', 'b'], 16],
    ['a header without a terminator is the whole file', 'id,name', ['id', 'name'], 7],
    ['more than ASCII', 'id,größe\n', ['id', 'größe'], 11],
    ['an empty file has no columns', '', [], 0],
    ['a file of a byte order mark alone', '\ufeff', [], 3],
  ])('%s', (_, text, columns, bytes) => {
    expect(head(text)).toEqual({ columns, bytes });
  });

  it('other spellings: delimiter, quote, escape, no quotes', () => {
    const other: CsvFormat = { ...headed, delimiter: '\t', quote: "'", escape: '\\' };
    expect(head("'it\\'s'\t'a\tb'\tc\\d\n", other)?.columns).toEqual(["it's", 'a\tb', 'c\\d']);
    const bare: CsvFormat = { ...headed, quoting: 'none', escape: '\\' };
    expect(head('"a\\,b,c\\\\d,e\\\nf\n', bare)?.columns).toEqual(['"a,b', 'c\\d', 'e\nf']);
  });

  it('needs more bytes until the first record ends, wherever the bytes are cut', () => {
    const text = Buffer.from('\ufeffid,"größe\n✓",x\r\n1,2,3\n');
    const end = text.indexOf('\n1,2') + 1;
    for (let cut = 0; cut <= text.length; cut++) {
      const found = head(text.subarray(0, cut), headed, false);
      expect(found, `${String(cut)} bytes`).toEqual(
        cut < end ? null : { columns: ['id', 'größe\n✓', 'x'], bytes: end },
      );
    }
  });

  it('without headers the data begins behind a byte order mark', () => {
    expect(head('1,2\n', plainCsv, false)).toEqual({ columns: [], bytes: 0 });
    expect(head('\ufeff1,2\n', plainCsv, false)).toEqual({ columns: [], bytes: 3 });
    expect(head(Buffer.from([0xef, 0xbb]), plainCsv, false)).toBeNull();
  });
});

const failure = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return error;
  }
};

describe('a header that cannot be', () => {
  it.each([
    ['one name twice', 'id,secret,x,secret\n', /columns 2 and 4/],
    ['names equal once they are trimmed', 'id, id\n', /columns 1 and 2/],
    ['a column without a name', 'id,,x\n', /column 2 of 3/],
    ['an empty first line', '\n1,2\n', /column 1 of 1/],
    ['a quote that never closes', 'id,"secret\n1,2\n', /never closed/],
    ['no end within 1 MiB', `"${'x'.repeat(1024 * 1024)}`, /does not end/],
  ])('%s', (_, text, says) => {
    const error = failure(() => head(text));
    expect(isErrorOf(error, badHeader)).toBe(true);
    expect(String(error)).toMatch(says);
    expect(String(error), 'a first line may hold values').not.toContain('secret');
  });

  it('longer than 1 MiB, also while more bytes may come', () => {
    expect(head('x'.repeat(1024 * 1024), headed, false)).toBeNull();
    const error = failure(() => head('x'.repeat(1024 * 1024 + 1), headed, false));
    expect(isErrorOf(error, badHeader)).toBe(true);
  });

  it.each([
    ['Latin-1', Buffer.from('id,gr\xf6\xdfe\n', 'latin1')],
    ['UTF-16', Buffer.from('\ufeffid,name\n', 'utf16le')],
  ])('not UTF-8: %s', (_, bytes) => {
    expect(
      isErrorOf(
        failure(() => head(bytes)),
        notUtf8,
      ),
    ).toBe(true);
  });
});

describe('names that we write', () => {
  const format = fc.record({
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    quote: fc.constantFrom('"', "'"),
    escape: fc.constantFrom('', '\\'),
    quoting: fc.constantFrom('minimal', 'all', 'nonnumeric', 'none'),
    nullText: fc.constantFrom('', 'NULL'),
    lineTerminator: fc.constantFrom('\n', '\r\n'),
  } as const);
  const name = fc
    .array(
      fc.constantFrom('a', 'B', '1', ' ', ',', ';', '|', '"', "'", '\\', '\n', '\t', '✓', 'NULL'),
    )
    .map((parts) => parts.join('').trim())
    .filter((text) => text !== '');

  it('are read back as they were, in every spelling', () => {
    fc.assert(
      fc.property(
        format,
        fc.uniqueArray(name, { minLength: 1, maxLength: 6 }),
        (spelling, names) => {
          const escape = spelling.escape || (spelling.quoting === 'none' ? '\\' : spelling.quote);
          const chosen: CsvFormat = { ...headed, ...spelling, escape };
          const written = Buffer.from(quoteCsvNames(names, chosen));
          expect(head(Buffer.concat([written, Buffer.from('1')]), chosen)).toEqual({
            columns: names,
            bytes: written.length,
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  it('stand in quotes only where they must', () => {
    expect(quoteCsvNames(['id', 'a,b', 'say "x"'], headed)).toBe('id,"a,b","say ""x"""\n');
    expect(quoteCsvNames(['id', 'b'], { ...headed, quoting: 'nonnumeric' })).toBe('"id","b"\n');
    expect(quoteCsvNames(['id', 'b'], { ...headed, lineTerminator: '\r\n' })).toBe('id,b\r\n');
  });
});
