import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineCrc32, formatCrc32, parseCrc32 } from './crc32.js';

describe('combineCrc32', () => {
  it('equals the checksum of the joined bytes, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (a, b) => {
        expect(combineCrc32(crc32(a), crc32(b), b.length)).toBe(crc32(Buffer.concat([a, b])));
      }),
    );
  });

  it('is exact where the second piece is longer than 32 bits can count', () => {
    const half = 2 ** 32;
    const zeros = (bytes: number): number => {
      let crc = crc32(Buffer.alloc(1));
      let length = 1;
      for (; length < bytes; length *= 2) crc = combineCrc32(crc, crc, length);
      return crc;
    };
    // 8 GiB of zeros, joined from two halves and from 8 GiB / 2^33 doublings: the same text.
    expect(combineCrc32(zeros(half), zeros(half), half)).toBe(zeros(2 * half));
    expect(zeros(2 * half)).not.toBe(zeros(half));
  });

  it('leaves the first checksum alone when nothing follows', () => {
    expect(combineCrc32(0x352441c2, 0, 0)).toBe(0x352441c2);
  });
});

describe('formatCrc32 and parseCrc32', () => {
  it('keep leading zeros and the highest bit', () => {
    expect(formatCrc32(0)).toBe('00000000');
    expect(formatCrc32(0xffffffff)).toBe('ffffffff');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (crc) => {
        expect(parseCrc32(formatCrc32(crc))).toBe(crc);
      }),
    );
  });

  it('refuse text that is not eight hexadecimal digits', () => {
    expect(['', '1234567', '123456789', '0x123456', 'ABCDEFGH'].map(parseCrc32)).toEqual(
      Array.from({ length: 5 }, () => undefined),
    );
  });
});
