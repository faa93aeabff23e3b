/**
 * Large objects: one multipart upload each. The parts that the server holds are the truth; ids of uploads that
 * nobody noted are found again by key and time (correctness §5.1); an abort is repeated until the server says that
 * the upload is gone, because a part in flight can survive one.
 */
import { TidemarkError } from '../../core/errors/error.js';
import type { ObjectOrder, PartRecord, UploadHandle, WrittenObject } from '../../core/plan/file.js';
import type { ByteProgress } from '../connector.js';
import { partsDiffer, targetMismatch } from '../file-errors.js';
import type { Place, S3Calls, StartedUpload, UploadedPart, UploadPlace } from './calls.js';
import { agrees, crcFromBase64, isMadeOf, wholeCrc } from './checksum.js';
import { declaredError, failureOf, S3Failure } from './errors.js';
import { isWork, originOf, targetObjectOf } from './origin.js';
import { doingOf, goneError, look, publish } from './publishing.js';
import { pause, withRetries } from './retry.js';

const abortTriesMax = 20;
const abortPauseMs = 250;

const placeOf = ({ address }: ObjectOrder) => ({ bucket: address.container, key: address.key });

const uploadPlace = ({ id, order }: UploadHandle): UploadPlace => ({
  ...placeOf(order),
  uploadId: id,
});

/** An upload of a bucket that is gone is gone with it. */
const isGone = (failure: S3Failure): boolean => failure.status === 404;

const declared = (error: unknown, order: ObjectOrder): unknown =>
  error instanceof S3Failure ? declaredError(error, doingOf(order)) : error;

/** The parts of an upload, at most one of them; null when the server does not know the upload. */
const firstPart = async (
  calls: S3Calls,
  place: UploadPlace,
  signal: AbortSignal,
): Promise<readonly UploadedPart[] | null> => {
  try {
    return await withRetries(signal, () => calls.listParts(place, 1, signal));
  } catch (error) {
    if (error instanceof S3Failure && isGone(error)) return null;
    throw error;
  }
};

/** The uploads of exactly this key that began after that time, the oldest first. */
export const uploadsSince = async (
  calls: S3Calls,
  place: Place,
  startedAfterMs: number,
  signal: AbortSignal,
): Promise<readonly StartedUpload[]> => {
  const uploads = await withRetries(signal, () => calls.listUploads(place, signal));
  // Servers give whole seconds: one that began in the owner's first second is its own.
  const sinceMs = Math.floor(startedAfterMs / 1000) * 1000;
  return uploads
    .filter(({ startedMs }) => startedMs >= sinceMs)
    .sort((a, b) => a.startedMs - b.startedMs);
};

/** Those of them that hold nothing yet. */
const emptyUploads = async (
  calls: S3Calls,
  order: ObjectOrder,
  startedAfterMs: number,
  signal: AbortSignal,
): Promise<readonly UploadPlace[]> => {
  const empty: UploadPlace[] = [];
  for (const { uploadId } of await uploadsSince(calls, placeOf(order), startedAfterMs, signal)) {
    const place = { ...placeOf(order), uploadId };
    const parts = await firstPart(calls, place, signal);
    if (parts?.length === 0) empty.push(place);
  }
  return empty;
};

/** Aborts until the server does not know the upload; false when it survived every try. */
export const abortPlace = async (
  calls: S3Calls,
  place: UploadPlace,
  signal: AbortSignal,
): Promise<boolean> => {
  for (let attempt = 0; attempt < abortTriesMax; attempt++) {
    try {
      await withRetries(signal, () => calls.abortUpload(place, signal));
    } catch (error) {
      if (!(error instanceof S3Failure) || !isGone(error)) throw error;
    }
    // Only the listing counts: the abort may call an upload gone that still takes parts.
    if ((await firstPart(calls, place, signal)) === null) return true;
    await pause(abortPauseMs, signal);
  }
  return false;
};

export const openUpload = async (
  calls: S3Calls,
  request: {
    readonly order: ObjectOrder;
    readonly partBytes: number;
    readonly startedAfterMs: number;
  },
  signal: AbortSignal,
): Promise<UploadHandle> => {
  const { order, partBytes, startedAfterMs } = request;
  try {
    const [adopted, ...others] = await emptyUploads(calls, order, startedAfterMs, signal);
    for (const other of others) await abortPlace(calls, other, signal);
    if (adopted !== undefined) return { id: adopted.uploadId, order, partBytes };
    const object = { ...placeOf(order), metadata: originOf(order) };
    // A lost answer leaves an empty upload: the next call of ours finds and adopts it.
    const id = await calls.createUpload(object, signal);
    return { id, order, partBytes };
  } catch (error) {
    throw declared(error, order);
  }
};

/** True when the upload was completed already and its answer lost. */
const isWritten = async (
  calls: S3Calls,
  order: ObjectOrder,
  signal: AbortSignal,
): Promise<boolean> => {
  const head = await look(calls, order, signal);
  return head !== null && isWork(targetObjectOf(head), order);
};

export const listParts = async (
  calls: S3Calls,
  upload: UploadHandle,
  signal: AbortSignal,
): Promise<readonly PartRecord[]> => {
  const place = uploadPlace(upload);
  try {
    const parts = await withRetries(signal, () => calls.listParts(place, null, signal));
    return parts.map(({ number, size, etag, checksum }) => ({
      number,
      size,
      crc32: crcFromBase64(checksum) ?? '',
      tag: etag,
    }));
  } catch (error) {
    if (!(error instanceof S3Failure) || !isGone(error)) throw declared(error, upload.order);
    if (await isWritten(calls, upload.order, signal)) return [];
    throw goneError(upload.order);
  }
};

const mismatch = (order: ObjectOrder, what: string): TidemarkError =>
  new TidemarkError(targetMismatch, `${doingOf(order)}: ${what}`, {
    details: { key: order.address.key, unit: order.unit },
  });

/**
 * Sends a part once. A server may refuse it before it has read it and close the connection, so that its answer is
 * never seen: after no answer the upload is asked for, or an upload that is gone would look like a broken line.
 */
const sendPart = async (
  calls: S3Calls,
  part: Parameters<S3Calls['uploadPart']>[0],
  body: Buffer,
  io: { readonly progress: ByteProgress; readonly signal: AbortSignal },
) => {
  try {
    return await calls.uploadPart(part, body, io);
  } catch (error) {
    const failure = failureOf(error);
    if (failure.status === 0) {
      await calls.listParts(part, 1, io.signal).catch((answer: unknown) => {
        if (isGone(failureOf(answer))) throw answer;
      });
    }
    throw failure;
  }
};

export const writePart = async (
  calls: S3Calls,
  upload: UploadHandle,
  part: { readonly number: number; readonly crc32: string; readonly body: Buffer },
  io: { readonly progress: ByteProgress; readonly signal: AbortSignal },
): Promise<PartRecord> => {
  const { number, crc32, body } = part;
  const record = { number, size: body.length, crc32 };
  try {
    const place = { ...uploadPlace(upload), number, crc32 };
    const { etag, checksum } = await withRetries(io.signal, () => sendPart(calls, place, body, io));
    const reported = crcFromBase64(checksum);
    if (reported === undefined || reported === crc32) return { ...record, tag: etag };
    throw mismatch(
      upload.order,
      `part ${String(number)} has CRC32 ${crc32}, the server reports ${reported}`,
    );
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error;
    if (error.code === 'BadDigest') {
      throw mismatch(upload.order, `part ${String(number)} arrived damaged, four times`);
    }
    if (!isGone(error)) throw declared(error, upload.order);
    // Completed by an attempt whose answer was lost: the part is in the object.
    if (await isWritten(calls, upload.order, io.signal)) return { ...record, tag: '' };
    throw goneError(upload.order);
  }
};

/** Their size: that of the order, if it has one. */
const checkParts = (order: ObjectOrder, parts: readonly PartRecord[]): number => {
  const gap = parts.findIndex((part, index) => part.number !== index + 1);
  if (parts.length === 0 || gap >= 0) {
    throw mismatch(
      order,
      `the parts are not numbered from 1 without gaps, at place ${String(gap)}`,
    );
  }
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (order.size === null || size === order.size) return size;
  throw mismatch(
    order,
    `the parts have ${String(size)} bytes, the source has ${String(order.size)}`,
  );
};

export const complete = async (
  calls: S3Calls,
  upload: UploadHandle,
  parts: readonly PartRecord[],
  signal: AbortSignal,
): Promise<WrittenObject> => {
  const size = checkParts(upload.order, parts);
  const order = { ...upload.order, size };
  try {
    const { etag, checksum } = await publish({
      calls,
      order,
      signal,
      // 409: somebody wrote the key meanwhile; S3 wants the upload to start again.
      isGone: (failure) => isGone(failure) || failure.status === 409,
      write: (expected) =>
        calls.completeUpload({ ...uploadPlace(upload), expected }, parts, signal),
    });
    const verdict = agrees(checksum, parts);
    if (verdict === 'no') {
      throw mismatch(order, `the CRC32 of the object is not that of the parts that were read`);
    }
    // A checksum of checksums proves every part, and so does a tag of tags; that of the whole follows from them.
    const isProven = verdict === 'yes' || isMadeOf(etag, parts);
    const crc32 = isProven ? wholeCrc(parts) : null;
    return { address: order.address, size, tag: etag, crc32 };
  } catch (error) {
    throw invalidPart(error, order);
  }
};

const invalidPart = (error: unknown, order: ObjectOrder): unknown => {
  if (!(error instanceof TidemarkError)) return error;
  const code = error.details['s3_code'];
  const codes = ['InvalidPart', 'InvalidPartOrder', 'EntityTooSmall', 'BadDigest'];
  return typeof code === 'string' && codes.includes(code)
    ? new TidemarkError(
        partsDiffer,
        `${doingOf(order)}: the upload does not hold the parts that were recorded (${code})`,
      )
    : error;
};

export const survivesError = (place: Place): TidemarkError =>
  declaredError(
    new S3Failure(503, 'UploadSurvives', undefined),
    `aborting an upload of ${place.key}`,
  );

export const abort = async (
  calls: S3Calls,
  upload: UploadHandle,
  signal: AbortSignal,
): Promise<void> => {
  const { order } = upload;
  try {
    if (await abortPlace(calls, uploadPlace(upload), signal)) return;
  } catch (error) {
    throw declared(error, order);
  }
  throw survivesError(placeOf(order));
};
