/**
 * The body of one part as a stream of slices: progress is told as slices leave, and a limited line is waited for
 * before each of them, so that a slow part is seen to move and a stuck one is not. Slices are views, not copies.
 */
import { Readable } from 'node:stream';
import type { ByteProgress } from '../connector.js';

const sliceBytes = 256 * 1024;

async function* slicesOf(
  body: Buffer,
  progress: ByteProgress,
  throttle: (bytes: number) => Promise<void>,
): AsyncGenerator<Buffer> {
  for (let position = 0; position < body.length; position += sliceBytes) {
    const slice = body.subarray(position, position + sliceBytes);
    await throttle(slice.length);
    yield slice;
    // Asked for the next one: the connection has taken this one over.
    progress(slice.length);
  }
}

/** A stream to be read once; its length is the buffer's. */
export const partBody = (
  body: Buffer,
  progress: ByteProgress,
  throttle: (bytes: number) => Promise<void>,
): Readable =>
  Readable.from(slicesOf(body, progress, throttle), {
    objectMode: false,
    highWaterMark: sliceBytes,
  });
