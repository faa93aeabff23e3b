/** Parts of bytes: fixed boundaries, known from the plan; and the digest by which a set of parts is recognised. */
import { createHash } from 'node:crypto';
import { invariant } from '../core/errors/invariant.js';
import type { PartRecord } from '../core/plan/file.js';
import { combineCrc32, formatCrc32, parseCrc32 } from '../core/values/crc32.js';

export interface PartRange {
  readonly number: number;
  readonly position: number;
  readonly size: number;
}

/** The boundaries of `count` parts from part `first` (1-based) of a file. */
export const partRanges = (
  fileBytes: number,
  partBytes: number,
  first: number,
  count: number,
): readonly PartRange[] =>
  Array.from({ length: count }, (_, index) => {
    const position = (first - 1 + index) * partBytes;
    return { number: first + index, position, size: Math.min(partBytes, fileBytes - position) };
  });

/** Chain digest over (number, size, CRC32, tag) of parts in order: 32 hex digits. */
export const partsDigest = (parts: readonly PartRecord[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) {
    hash.update(`${String(part.number)} ${String(part.size)} ${part.crc32} ${part.tag}\n`);
  }
  return hash.digest('hex').slice(0, 32);
};

/** CRC32 of consecutive pieces, from the CRC32 and the length of each. */
export const crcOfPieces = (
  pieces: readonly { readonly crc32: string; readonly size: number }[],
): string => {
  const combined = pieces.reduce<number>((crc, piece) => {
    const next = parseCrc32(piece.crc32);
    invariant(next !== undefined, `a recorded CRC32 has 8 hex digits, found ${piece.crc32}`);
    return combineCrc32(crc, next, piece.size);
  }, 0);
  return formatCrc32(combined);
};
