/**
 * Copies of objects that the server makes itself, of one pinned version only. Large ones go in parts, whose completion
 * is conditional everywhere; of small ones the condition holds where the server knows it for copies.
 */
import type { FileIdentity, ObjectOrder, PartRecord, WrittenObject } from '../../core/plan/file.js';
import { TidemarkError } from '../../core/errors/error.js';
import { targetMismatch } from '../file-errors.js';
import type { CopySource, S3Calls } from './calls.js';
import { crcFromBase64 } from './checksum.js';
import { declaredError, S3Failure } from './errors.js';
import { identityOfHead, requireSame } from './identity.js';
import { isWork, meets, originOf, targetObjectOf } from './origin.js';
import { doingOf, look, publish } from './publishing.js';
import { withRetries } from './retry.js';
import { abort, complete, openUpload } from './upload.js';

/** S3 copies up to 5 GiB in one step; one that takes long enough is cut off by proxies, so parts begin earlier. */
const singleBytesMax = 1024 ** 3;
const partBytesLeast = 256 * 1024 * 1024;
const partsMax = 10_000;
const partsAtOnce = 8;
const discardMs = 10_000;

export interface CopyLimits {
  readonly singleBytesMax: number;
  readonly partBytesLeast: number;
}

export interface WithinCopy {
  readonly calls: S3Calls;
  readonly bucket: string;
  readonly identity: FileIdentity;
  readonly order: ObjectOrder;
  readonly startedAfterMs: number;
  readonly signal: AbortSignal;
}

const sourceOf = ({ bucket, identity }: WithinCopy): CopySource => ({
  bucket,
  key: identity.path,
  etag: identity.etag,
});

const copyOnce = async (copy: WithinCopy): Promise<WrittenObject> => {
  const { calls, order, signal } = copy;
  const { container, key } = order.address;
  const object = { bucket: container, key, metadata: originOf(order) };
  const { etag, checksum } = await publish({
    calls,
    order,
    signal,
    isGone: () => false,
    write: async (expected) => {
      // Not every server knows conditions of copies; on those only what comes in between is not seen.
      const found = await look(calls, order, signal);
      if (!meets(found === null ? null : targetObjectOf(found), expected))
        throw new S3Failure(412, 'PreconditionFailed', undefined);
      return calls.copy({ ...object, expected }, sourceOf(copy), signal);
    },
  });
  const crc32 = crcFromBase64(checksum) ?? null;
  return { address: order.address, size: copy.identity.size, tag: etag, crc32 };
};

const copyPart = async (
  copy: WithinCopy,
  upload: { readonly id: string },
  part: { readonly number: number; readonly from: number; readonly bytes: number },
): Promise<PartRecord> => {
  const { calls, order, signal } = copy;
  const { container, key } = order.address;
  const place = { bucket: container, key, uploadId: upload.id, number: part.number };
  const range = { from: part.from, bytes: part.bytes };
  const { etag, checksum } = await withRetries(signal, () =>
    calls.copyPart(place, { ...sourceOf(copy), range }, signal),
  );
  return {
    number: part.number,
    size: part.bytes,
    crc32: crcFromBase64(checksum) ?? '',
    tag: etag,
  };
};

const copyParts = async (
  copy: WithinCopy,
  upload: { readonly id: string },
  partBytes: number,
): Promise<readonly PartRecord[]> => {
  const count = Math.ceil(copy.identity.size / partBytes);
  const parts: PartRecord[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const from = index * partBytes;
      const bytes = Math.min(partBytes, copy.identity.size - from);
      parts.push(await copyPart(copy, upload, { number: index + 1, from, bytes }));
    }
  };
  await Promise.all(Array.from({ length: Math.min(partsAtOnce, count) }, lane));
  return parts.toSorted((a, b) => a.number - b.number);
};

const copyInParts = async (copy: WithinCopy, partBytesLeastOf: number): Promise<WrittenObject> => {
  const { calls, order, startedAfterMs, signal, identity } = copy;
  const partBytes = Math.max(partBytesLeastOf, Math.ceil(identity.size / partsMax));
  const found = await look(calls, order, signal);
  // A lost answer: a second upload would stay open, because the first one's object is there.
  if (found !== null && isWork(targetObjectOf(found), order))
    return { address: order.address, size: found.size, tag: found.etag, crc32: null };
  const upload = await openUpload(calls, { order, partBytes, startedAfterMs }, signal);
  try {
    return await complete(calls, upload, await copyParts(copy, upload, partBytes), signal);
  } catch (error) {
    await abort(calls, upload, AbortSignal.timeout(discardMs)).catch(() => undefined);
    throw error;
  }
};

/** Throws `source/changed` where the source is another version by now. */
export const copyWithin = async (
  copy: WithinCopy,
  limits: CopyLimits = { singleBytesMax, partBytesLeast },
): Promise<WrittenObject> => {
  const { calls, bucket, identity, order, signal } = copy;
  const doing = `copying s3://${bucket}/${identity.path}`;
  try {
    const written = await (identity.size <= limits.singleBytesMax
      ? copyOnce(copy)
      : copyInParts(copy, limits.partBytesLeast));
    // No byte came by here: what the target holds is asked for.
    const head = await look(calls, order, signal);
    if (head?.size === identity.size) return written;
    throw new TidemarkError(
      targetMismatch,
      `${doingOf(order)}: the source has ${String(identity.size)} bytes, the copy ${String(head?.size ?? 0)}`,
    );
  } catch (error) {
    signal.throwIfAborted();
    const place = { bucket, key: identity.path };
    const now = await withRetries(signal, () => calls.head(place, signal));
    requireSame(identity, now === null ? null : identityOfHead(identity.path, now), doing);
    throw error instanceof S3Failure ? declaredError(error, doing) : error;
  }
};
