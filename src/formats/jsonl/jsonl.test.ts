import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RowFormat } from '../../core/plan/rows.js';
import { formats } from '../all.js';
import { jsonl } from './index.js';

const format: RowFormat = { kind: 'jsonl' };

const scanned = (bytes: Buffer, cuts: readonly number[]) => {
  const scanner = jsonl.scanner(format);
  let [from, records, last] = [0, 0, 0];
  for (const to of [...[...cuts].sort((a, b) => a - b), bytes.length]) {
    const found = scanner.scan(bytes.subarray(from, to));
    if (found.end > 0) last = from + found.end;
    records += found.records;
    from = to;
  }
  return { records, last, isInside: scanner.isInside };
};

it('a record is a line that holds something, however the stream is cut', () => {
  const text = fc
    .array(fc.constantFrom('{', '}', '"a":1', '\n', '\r\n', '\r', ' ', '\t', '"\\n"'), {
      maxLength: 40,
    })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, fc.array(fc.nat(60), { maxLength: 8 }), (lines, cuts) => {
      const bytes = Buffer.from(lines);
      const whole = lines.split('\n');
      const open = whole.pop() ?? '';
      const found = scanned(
        bytes,
        cuts.map((cut) => Math.min(cut, bytes.length)),
      );
      expect(found.records).toBe(whole.filter((line) => line.trim() !== '').length);
      expect(found.isInside).toBe(open.trim() !== '');
      expect(bytes.subarray(found.last).toString().split('\n').slice(0, -1).join('').trim()).toBe(
        '',
      );
    }),
    { numRuns: 500 },
  );
});

it('the last record may lack its newline; blank lines behind the last record are none', () => {
  expect(scanned(Buffer.from('{"a":1}\n{"a":2}'), [])).toEqual({
    records: 1,
    last: 8,
    isInside: true,
  });
  expect(scanned(Buffer.from('{}\n\r\n\n'), [])).toEqual({ records: 1, last: 3, isInside: false });
});

it('the data begins behind a byte order mark, and no record names the columns of all', () => {
  expect(jsonl.head(format, Buffer.from('\ufeff{"a":1}\n'), false)).toEqual({
    columns: [],
    bytes: 3,
  });
  expect(jsonl.head(format, Buffer.from('{"a":1}\n'), false)).toEqual({ columns: [], bytes: 0 });
  expect(jsonl.head(format, Buffer.from([0xef]), false)).toBeNull();
});

it('every format is listed once', () => {
  expect(formats.map(({ kind }) => kind)).toEqual(['csv', 'jsonl']);
});
