import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isErrorOf } from '../core/errors/error.js';
import { gunzip, gzipMember, isGzipPath } from './compression.js';
import { badGzip } from './errors.js';

const chunks = async function* (bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield await Promise.resolve(bytes.subarray(at, at + size));
    at += size;
  }
};

const all = async (source: AsyncIterable<Buffer>): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
};

const members = async (parts: readonly Buffer[]): Promise<Buffer> =>
  Buffer.concat(await Promise.all(parts.map(gzipMember)));

describe('what is written is read', () => {
  it('any split into members and any chunks give the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }),
        async (texts, sizes) => {
          const parts = texts.map((text) => Buffer.from(text));
          const packed = await members(parts);
          const plain = Buffer.concat(parts);
          expect((await all(gunzip(chunks(packed, sizes)))).equals(plain)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('large members arrive whole, whatever the chunks', async () => {
    const parts = [randomBytes(700_000), Buffer.alloc(3_000_000, 'abc'), Buffer.alloc(0)];
    const packed = await members(parts);
    const plain = Buffer.concat(parts);
    for (const sizes of [[packed.length], [65_536], [1, 99_991]]) {
      expect((await all(gunzip(chunks(packed, sizes)))).equals(plain)).toBe(true);
    }
  });

  it('zcat reads it, and what gzip writes is read', async () => {
    const parts = [Buffer.from('id,name\n1,é\n'), Buffer.alloc(0), randomBytes(100_000)];
    const plain = Buffer.concat(parts);
    const packed = await members(parts);
    const zcat = spawnSync('zcat', { input: packed, maxBuffer: 1e9 });
    expect([zcat.status, String(zcat.stderr)]).toEqual([0, '']);
    expect(zcat.stdout.equals(plain)).toBe(true);
    const tool = spawnSync('gzip', ['-c'], { input: plain, maxBuffer: 1e9 });
    expect((await all(gunzip(chunks(tool.stdout, [4096])))).equals(plain)).toBe(true);
  });
});

describe('what is damaged is refused', () => {
  const packed = Buffer.concat([gzipSync('first\n'.repeat(50)), gzipSync('second\n')]);
  const flipped = Buffer.from(packed);
  flipped[packed.length - 6] = (flipped[packed.length - 6] ?? 0) ^ 1;
  const firstBytes = gzipSync('first\n'.repeat(50)).length;
  it.each([
    ['cut in the second member', packed.subarray(0, -3)],
    ['cut in its header', packed.subarray(0, firstBytes + 4)],
    ['cut behind one byte of it', packed.subarray(0, firstBytes + 1)],
    ['a wrong checksum', flipped],
    ['no gzip at all', Buffer.from('id,name\n1,2\n')],
    ['no byte at all', Buffer.alloc(0)],
    ['text behind the last member', Buffer.concat([packed, Buffer.from('trailing')])],
    ['one byte behind the last member', Buffer.concat([packed, Buffer.from('x')])],
    ['zeros behind the last member', Buffer.concat([packed, Buffer.alloc(512)])],
    ['zeros between members', Buffer.concat([packed, Buffer.alloc(512), packed])],
  ])('%s', async (_, bytes) => {
    for (const sizes of [[100_000], [1], [packed.length], [7, 64]]) {
      const error: unknown = await all(gunzip(chunks(bytes, sizes))).catch((e: unknown) => e);
      expect(isErrorOf(error, badGzip), `${String(error)} in chunks of ${String(sizes[0])}`).toBe(
        true,
      );
    }
  });

  it('an error of the source passes as it is', async () => {
    const broken = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(packed.subarray(0, 10));
      throw new RangeError('the line broke');
    };
    await expect(all(gunzip(broken()))).rejects.toThrow(RangeError);
  });
});

it('a reader that stops early ends the source', async () => {
  let isEnded = false;
  const packed = gzipSync(randomBytes(2_000_000));
  const source = async function* (): AsyncGenerator<Buffer> {
    try {
      for (;;) yield* chunks(packed, [65_536]);
    } finally {
      isEnded = true;
    }
  };
  for await (const piece of gunzip(source())) if (piece.length > 0) break;
  expect(isEnded).toBe(true);
});

it('a name that ends in .gz is gzip, whatever its case', () => {
  expect(['a.csv.gz', 'in/A.CSV.GZ', '.gz', 'gz', 'a.gzip', 'a.gz/b.csv'].map(isGzipPath)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});
