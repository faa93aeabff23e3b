/**
 * Removes what a window wrote at a key. The object says in its metadata who wrote it; an upload does not, so its
 * principal and its time tell (correctness §5.1).
 */
import type { TargetAddress } from '../../core/plan/file.js';
import type { Place, S3Calls, StartedUpload } from './calls.js';
import { declaredError, S3Failure } from './errors.js';
import { targetObjectOf } from './origin.js';
import { withRetries } from './retry.js';
import { abortPlace, survivesError, uploadsSince } from './upload.js';

const abortOne = async (
  calls: S3Calls,
  place: Place,
  uploadId: string,
  signal: AbortSignal,
): Promise<void> => {
  if (!(await abortPlace(calls, { ...place, uploadId }, signal))) throw survivesError(place);
};

/**
 * Of those uploads the ones that our principal began. S3 names principals only in listings: an empty upload of our own
 * is begun to see which of the names is ours.
 */
const ownUploads = async (
  calls: S3Calls,
  place: Place,
  found: readonly StartedUpload[],
  signal: AbortSignal,
): Promise<readonly StartedUpload[]> => {
  if (found.length === 0) return [];
  const probe = await calls.createUpload({ ...place, metadata: {} }, signal);
  const listed = await withRetries(signal, () => calls.listUploads(place, signal));
  await abortOne(calls, place, probe, signal);
  const own = listed.find(({ uploadId }) => uploadId === probe)?.initiator;
  return found.filter(({ initiator }) => initiator === own);
};

/** A server that cannot delete on a condition deletes without: another writer between look and deletion is not seen. */
const removeObject = async (
  calls: S3Calls,
  place: Place,
  etag: string,
  signal: AbortSignal,
): Promise<void> => {
  const remove = (condition: string | undefined) =>
    withRetries(signal, () => calls.remove({ ...place, etag: condition }, signal));
  try {
    await remove(etag);
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error;
    // Gone, or another object by now: that one stays.
    if (error.status === 404 || error.status === 412) return;
    if (error.status !== 501) throw error;
    await remove(undefined);
  }
};

export const discard = async (
  calls: S3Calls,
  address: TargetAddress,
  window: { readonly unitPrefix: string; readonly startedAfterMs: number },
  signal: AbortSignal,
): Promise<void> => {
  const place = { bucket: address.container, key: address.key };
  try {
    const found = await uploadsSince(calls, place, window.startedAfterMs, signal);
    for (const { uploadId } of await ownUploads(calls, place, found, signal)) {
      await abortOne(calls, place, uploadId, signal);
    }
    const head = await withRetries(signal, () => calls.head(place, signal));
    if (head === null) return;
    const { unit } = targetObjectOf(head);
    if (unit?.startsWith(window.unitPrefix) !== true) return;
    await removeObject(calls, place, head.etag, signal);
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error;
    throw declaredError(error, `discarding s3://${place.bucket}/${place.key}`);
  }
};
