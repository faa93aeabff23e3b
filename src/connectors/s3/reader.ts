/**
 * One open object. Every request carries `If-Match`, so bytes of two versions never meet in one buffer; a broken
 * connection is taken up again where it broke. A small object is fetched whole at open: one request instead of
 * two, which is most of the cost of many small files.
 */
import { TidemarkError } from '../../core/errors/error.js';
import type { FileIdentity } from '../../core/plan/file.js';
import type { ByteProgress, FileReader, OpenContext } from '../connector.js';
import { sourceChanged, sourceTruncated } from '../file-errors.js';
import type { S3Calls } from './calls.js';
import { declaredError, failureOf, S3Failure } from './errors.js';
import { identityOfHead, requireSame } from './identity.js';
import { withRetries } from './retry.js';

/** Objects up to this size are held in memory while they are open. */
const prefetchBytesMax = 256 * 1024;

interface Opened {
  readonly calls: S3Calls;
  readonly context: OpenContext;
  readonly bucket: string;
  readonly identity: FileIdentity;
}

const urlOf = ({ bucket, identity }: Opened): string => `s3://${bucket}/${identity.path}`;

const changed = (opened: Opened): TidemarkError =>
  new TidemarkError(
    sourceChanged,
    `reading ${urlOf(opened)}: the object is not the version that was listed any more`,
    { details: { path: opened.identity.path } },
  );

const truncated = (opened: Opened, position: number): TidemarkError =>
  new TidemarkError(
    sourceTruncated,
    `reading ${urlOf(opened)}: it ended at byte ${String(position)} of ${String(opened.identity.size)}`,
    { details: { path: opened.identity.path, position } },
  );

const readingError = (opened: Opened, position: number, error: unknown): unknown => {
  if (!(error instanceof S3Failure)) return error;
  if (error.status === 416) return truncated(opened, position);
  if (error.status === 412 || error.status === 404) return changed(opened);
  return declaredError(error, `reading ${urlOf(opened)}`);
};

/** Puts what arrives into the buffer; gives the number of bytes, also when the connection breaks in between. */
const fill = async (
  opened: Opened,
  request: { readonly position: number; readonly target: Buffer },
  progress: ByteProgress,
  signal: AbortSignal,
): Promise<{ readonly bytes: number; readonly broken?: S3Failure }> => {
  const { calls, context, bucket, identity } = opened;
  const { position, target } = request;
  const range = { from: position, bytes: target.length };
  const place = { bucket, key: identity.path, etag: identity.etag, range };
  const { head, body } = await calls.get(place, signal);
  requireSame(identity, identityOfHead(identity.path, head), `reading ${urlOf(opened)}`);
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const taken = chunk.copy(target, bytes);
      bytes += taken;
      progress(taken);
      await context.throttle(taken, signal);
    }
    return { bytes };
  } catch (error) {
    signal.throwIfAborted();
    return { bytes, broken: failureOf(error) };
  }
};

const readRange = async (
  opened: Opened,
  request: { readonly position: number; readonly buffer: Buffer },
  progress: ByteProgress,
  signal: AbortSignal,
): Promise<void> => {
  const { position, buffer } = request;
  let done = 0;
  while (done < buffer.length) {
    const from = position + done;
    const target = buffer.subarray(done);
    const before = done;
    try {
      done += await withRetries(signal, async () => {
        const filled = await fill(opened, { position: from, target }, progress, signal);
        // Bytes that arrived are kept: only a try that brought none counts as failed.
        if (filled.bytes === 0 && filled.broken !== undefined) throw filled.broken;
        return filled.bytes;
      });
    } catch (error) {
      throw readingError(opened, from, error);
    }
    if (done === before) throw truncated(opened, from);
  }
};

/** Says whether the object still is the planned version; without an answer, why there was none. */
const verify = async (opened: Opened, signal: AbortSignal): Promise<void> => {
  const { calls, bucket, identity } = opened;
  const doing = `checking ${urlOf(opened)}`;
  const head = await withRetries(signal, () =>
    calls.head({ bucket, key: identity.path }, signal),
  ).catch((error: unknown) => {
    throw error instanceof S3Failure ? declaredError(error, doing) : error;
  });
  requireSame(identity, head === null ? null : identityOfHead(identity.path, head), doing);
};

export const openReader = async (opened: Opened, signal: AbortSignal): Promise<FileReader> => {
  const { size } = opened.identity;
  let held: Buffer | null = null;
  if (size > 0 && size <= prefetchBytesMax && opened.identity.etag !== undefined) {
    held = Buffer.allocUnsafe(size);
    await readRange(opened, { position: 0, buffer: held }, () => undefined, signal);
  } else {
    await verify(opened, signal);
  }
  return {
    read: async (position, buffer, progress, readSignal) => {
      readSignal.throwIfAborted();
      if (buffer.length === 0) return;
      if (position + buffer.length > size) throw truncated(opened, size);
      if (held === null) {
        await readRange(opened, { position, buffer }, progress, readSignal);
        return;
      }
      held.copy(buffer, 0, position, position + buffer.length);
      progress(buffer.length);
    },
    verify: (verifySignal) => verify(opened, verifySignal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
};
