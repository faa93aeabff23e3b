import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCrc32 } from '../core/values/crc32.js';
import { crcOfPieces, partRanges, partsDigest } from './parts.js';

const part = (number: number, changed: object = {}) => ({
  number,
  size: 10,
  crc32: '0000000a',
  tag: 't',
  ...changed,
});

describe('partRanges', () => {
  it('covers the file once, without gaps, whatever the chunks', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 9 }),
        (fileBytes, partBytes, chunkParts) => {
          const total = Math.ceil(fileBytes / partBytes);
          const all = [];
          for (let first = 1; first <= total; first += chunkParts) {
            all.push(
              ...partRanges(fileBytes, partBytes, first, Math.min(chunkParts, total - first + 1)),
            );
          }
          let position = 0;
          all.forEach((range, index) => {
            expect(range).toMatchObject({ number: index + 1, position });
            expect(range.size).toBeGreaterThan(0);
            expect(range.size).toBeLessThanOrEqual(partBytes);
            position += range.size;
          });
          expect(position).toBe(fileBytes);
        },
      ),
    );
  });
});

describe('partsDigest', () => {
  it.each([
    ['number', { number: 9 }],
    ['size', { size: 11 }],
    ['checksum', { crc32: '0000000b' }],
    ['tag', { tag: 'u' }],
  ])('differs when the %s of one part does', (_what, changed) => {
    expect(partsDigest([part(1), part(2, changed)])).not.toBe(partsDigest([part(1), part(2)]));
  });

  it('differs when parts change places', () => {
    expect(partsDigest([part(2), part(1)])).not.toBe(partsDigest([part(1), part(2)]));
  });
});

describe('crcOfPieces', () => {
  it('is the checksum of the joined bytes, also of empty pieces and of none', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (pieces) => {
        const known = pieces.map((bytes) => ({
          crc32: formatCrc32(crc32(bytes)),
          size: bytes.length,
        }));
        expect(crcOfPieces(known)).toBe(formatCrc32(crc32(Buffer.concat(pieces))));
      }),
    );
  });

  it('refuses a checksum that was not recorded', () => {
    expect(() => crcOfPieces([{ crc32: '', size: 3 }])).toThrow(
      'a recorded CRC32 has 8 hex digits',
    );
  });
});
