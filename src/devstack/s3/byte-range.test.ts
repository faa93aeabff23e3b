import { expect, it } from 'vitest';
import { readRange } from './byte-range.js';

it.each([
  ['bytes=1-3', 10, { firstByte: 1, sizeBytes: 3 }],
  ['bytes=5-', 10, { firstByte: 5, sizeBytes: 5 }],
  ['bytes=-4', 10, { firstByte: 6, sizeBytes: 4 }],
  ['bytes=-40', 10, { firstByte: 0, sizeBytes: 10 }],
  ['bytes=9-99', 10, { firstByte: 9, sizeBytes: 1 }],
  ['bytes=3-1', 10, undefined],
  ['bytes=-', 10, undefined],
  ['lines=1-2', 10, undefined],
  [undefined, 10, undefined],
])('%s of %d bytes is %j', (header, totalBytes, expected) => {
  expect(readRange(header, totalBytes)).toEqual(expected);
});

it.each([
  ['bytes=10-', 10],
  ['bytes=10-12', 10],
  ['bytes=-0', 10],
  ['bytes=0-0', 0],
])('%s of %d bytes is outside', (header, totalBytes) => {
  expect(() => readRange(header, totalBytes)).toThrow(
    expect.objectContaining({ code: 'InvalidRange' }),
  );
});
