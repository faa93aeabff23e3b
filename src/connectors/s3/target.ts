/** Objects of one connection as a target: every write is conditional, and an object appears complete or not at all. */
import type { ObjectOrder, WrittenObject } from '../../core/plan/file.js';
import type { FileTarget, OpenContext } from '../connector.js';
import { targetMismatch } from '../file-errors.js';
import { TidemarkError } from '../../core/errors/error.js';
import type { S3Calls } from './calls.js';
import { crcFromBase64 } from './checksum.js';
import { openClient } from './client.js';
import { copyWithin } from './copy-within.js';
import { discard } from './discard.js';
import { existingObjects } from './existing-objects.js';
import { openLedger } from './ledger.js';
import { bucketOf } from './keys.js';
import type { S3Connection, S3SourceOptions } from './options.js';
import { originOf } from './origin.js';
import { doingOf, publish } from './publishing.js';
import { abort, complete, listParts, openUpload, writePart } from './upload.js';

const put = async (
  calls: S3Calls,
  planned: ObjectOrder,
  content: { readonly body: Buffer; readonly crc32: string },
  signal: AbortSignal,
): Promise<WrittenObject> => {
  const { body, crc32 } = content;
  const order = { ...planned, size: planned.size ?? body.length };
  const { container, key } = order.address;
  const object = { bucket: container, key, metadata: originOf(order, crc32), crc32 };
  const { etag, checksum } = await publish({
    calls,
    order,
    signal,
    isGone: () => false,
    write: (expected) => calls.put({ ...object, expected }, body, signal),
  });
  const reported = crcFromBase64(checksum) ?? null;
  if (reported !== null && reported !== crc32) {
    throw new TidemarkError(
      targetMismatch,
      `${doingOf(order)}: the bytes have CRC32 ${crc32}, the server reports ${reported}`,
      { details: { key, unit: order.unit } },
    );
  }
  return { address: order.address, size: body.length, tag: etag, crc32: reported };
};

export const openTarget = (connection: S3Connection, context: OpenContext): FileTarget => {
  const calls = openClient(connection, context);
  return {
    objects: (addresses, signal) => existingObjects(calls, addresses, signal),
    put: async (order, body, crc32, signal) => {
      await context.throttle(body.length, signal);
      return put(calls, order, { body, crc32 }, signal);
    },
    openUpload: (order, partBytes, startedAfterMs, signal) =>
      openUpload(calls, { order, partBytes, startedAfterMs }, signal),
    copyWithin: ({ options, identity }, order, startedAfterMs, signal) => {
      const bucket = bucketOf(connection, options as S3SourceOptions);
      return copyWithin({ calls, bucket, identity, order, startedAfterMs, signal });
    },
    listParts: (upload, signal) => listParts(calls, upload, signal),
    writePart: (upload, { number, crc32 }, body, io) =>
      writePart(calls, upload, { number, crc32, body }, io),
    complete: (upload, parts, signal) => complete(calls, upload, parts, signal),
    abort: (upload, signal) => abort(calls, upload, signal),
    discard: (address, unitPrefix, startedAfterMs, signal) =>
      discard(calls, address, { unitPrefix, startedAfterMs }, signal),
    ledger: (folder) => openLedger(calls, folder),
    [Symbol.asyncDispose]: () => {
      calls.close();
      return Promise.resolve();
    },
  };
};
