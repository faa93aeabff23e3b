/** UploadPart: a part may be sent again; the last one that arrived whole counts. */
import { rm } from 'node:fs/promises';
import { emptyAnswer } from '../answer.js';
import { checkAnnouncedBody, receiveFile } from '../body.js';
import { declaredCrc32, refuseOtherAlgorithms } from '../checksum.js';
import { incomingPath } from '../folders.js';
import { bodyHeaders, type Operation } from '../operation.js';
import type { S3Request } from '../request.js';
import { S3Error } from '../s3-error.js';

/** Part numbers are 1 to 10,000 (S3 user guide, "Multipart upload limits"). */
export const MAX_PARTS = 10_000;

export const uploadPart: Operation = {
  name: 'UploadPart',
  method: 'PUT',
  level: 'object',
  selectedBy: { uploadId: true, partNumber: true },
  query: [],
  headers: [...bodyHeaders, 'x-amz-checksum-algorithm'],
  run: async ({ store, uploads }, request) => {
    store.index(request.bucket);
    const number = partNumber(request);
    const upload = uploads.require(
      request.query.get('uploadId') ?? '',
      request.bucket,
      request.key,
    );
    refuseOtherAlgorithms(request);
    checkAnnouncedBody(request);
    const declared = declaredCrc32(request);
    if (upload.record.checksumType !== undefined && declared === undefined) {
      throw new S3Error(
        'InvalidRequest',
        'Checksum Type mismatch occurred, expected checksum Type: crc32, actual checksum Type: null: the upload was created with x-amz-checksum-algorithm, so each part needs x-amz-checksum-crc32.',
      );
    }
    const stagedFile = incomingPath(store.folders);
    const body = await receiveFile(request, stagedFile);
    try {
      await uploads.putPart(upload, stagedFile, {
        number,
        sizeBytes: body.sizeBytes,
        etag: body.md5Hex,
        crc32: body.crc32,
        lastModified: new Date().toISOString(),
      });
    } catch (error) {
      await rm(stagedFile, { force: true });
      throw error;
    }
    return emptyAnswer(200, {
      etag: `"${body.md5Hex}"`,
      ...(declared === undefined ? {} : { 'x-amz-checksum-crc32': declared }),
    });
  },
};

/** The part number of a request. Throws `InvalidArgument`. */
export function partNumber(request: S3Request): number {
  const text = request.query.get('partNumber') ?? '';
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > MAX_PARTS) {
    throw new S3Error(
      'InvalidArgument',
      `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive; it is "${text}".`,
    );
  }
  return number;
}
