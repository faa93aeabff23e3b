import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CsvFormat, plainCsv, type RowFormat } from '../core/plan/rows.js';
import { formats } from '../formats/all.js';
import { cut, gzipped, withoutBomb } from './recode-streams.js';

const csv: CsvFormat = { ...plainCsv, header: true };

const pieces = async function* (bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size)
    yield await Promise.resolve(bytes.subarray(at, at + size));
};

const all = async (source: AsyncIterable<Buffer>): Promise<Buffer> => {
  const found: Buffer[] = [];
  for await (const piece of source) found.push(piece);
  return Buffer.concat(found);
};

const cutAll = async (
  text: string,
  format: RowFormat,
  { bytes, size }: { readonly bytes: number; readonly size: number },
): Promise<readonly string[]> => {
  const declaration = formats.find(({ kind }) => kind === format.kind);
  if (declaration === undefined) throw new Error(format.kind);
  const found: string[] = [];
  for await (const piece of cut(pieces(Buffer.from(text), size), declaration, { bytes, format }))
    found.push((await all(piece)).toString());
  return found;
};

const record = fc.oneof(
  fc.integer({ min: 0, max: 10 ** 6 }).map(String),
  fc
    .string({ unit: fc.constantFrom('a', '\n', ',', '"'), maxLength: 20 })
    .map((value) => `"${value.replaceAll('"', '""')}"`),
);

describe('cutting', () => {
  it('keeps every record whole, repeats the header, loses and doubles nothing, and keeps to the size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 60 }),
        fc.boolean(),
        fc.integer({ min: 20, max: 200 }),
        fc.integer({ min: 1, max: 70 }),
        async (records, endsOpen, bytes, size) => {
          const body = records.map((one) => `${one},x\n`).join('');
          const rest = endsOpen && body !== '' ? body.slice(0, -1) : body;
          const found = await cutAll(`id,x\n${rest}`, csv, { bytes, size });
          expect(found.every((piece) => piece.startsWith('id,x\n'))).toBe(true);
          const bodies = found.map((piece) => piece.slice(5));
          expect(bodies.join('')).toBe(rest);
          for (const piece of bodies.slice(0, -1)) {
            expect(piece.endsWith('\n') && (piece.split('"').length - 1) % 2 === 0).toBe(true);
            const isOne = piece.length - 3 <= Math.max(0, ...records.map((one) => one.length));
            expect(5 + piece.length <= bytes || isOne).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('repeats nothing where no header is', async () => {
    const plain: CsvFormat = { ...plainCsv, header: false };
    expect((await cutAll('1\n2\n3\n4\n', plain, { bytes: 4, size: 3 })).join('|')).toBe(
      '1\n2\n|3\n4\n',
    );
    expect((await cutAll('{}\n{}\n', { kind: 'jsonl' }, { bytes: 3, size: 9 })).join('|')).toBe(
      '{}\n|{}\n',
    );
  });

  it('makes one piece of a file without a record', async () => {
    expect(await cutAll('', csv, { bytes: 100, size: 10 })).toEqual(['']);
    expect(await cutAll('id\n', csv, { bytes: 100, size: 10 })).toEqual(['id\n']);
  });
});

it('gzip in members is read as one file, an empty one too', async () => {
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(5_000_000, 'abc,def\n')])
    expect(gunzipSync(await all(gzipped(pieces(bytes, 70_000)))).equals(bytes)).toBe(true);
});

it('a stream with far more bytes than its packed size ends; an honest one does not', async () => {
  const zeros = Buffer.alloc(1024 * 1024);
  const stream = async function* (count: number): AsyncGenerator<Buffer> {
    for (let at = 0; at < count; at++) yield await Promise.resolve(zeros);
  };
  await expect(all(withoutBomb(stream(150), 'a.gz', 1000))).rejects.toMatchObject({
    code: 'format/bomb',
  });
  expect((await all(withoutBomb(stream(90), 'a.gz', 1000))).length).toBe(90 * zeros.length);
});
