/** UploadPartCopy: a part from a range of another object. */
import { rm } from 'node:fs/promises';
import { xmlAnswer } from '../answer.js';
import { copyHeaders, copyToIncoming } from '../copied-file.js';
import type { Operation } from '../operation.js';
import { partNumber } from './upload-part.js';

export const uploadPartCopy: Operation = {
  name: 'UploadPartCopy',
  method: 'PUT',
  level: 'object',
  selectedBy: { uploadId: true, partNumber: true },
  withHeader: 'x-amz-copy-source',
  query: [],
  headers: [...copyHeaders, 'x-amz-copy-source-range'],
  run: async (state, request) => {
    const { store, uploads } = state;
    store.index(request.bucket);
    const number = partNumber(request);
    const uploadId = request.query.get('uploadId') ?? '';
    const upload = uploads.require(uploadId, request.bucket, request.key);
    const copied = await copyToIncoming(state, request);
    const lastModified = new Date().toISOString();
    try {
      await uploads.putPart(upload, copied.stagedFile, {
        number,
        sizeBytes: copied.sizeBytes,
        etag: copied.md5Hex,
        crc32: copied.crc32,
        lastModified,
      });
    } catch (error) {
      await rm(copied.stagedFile, { force: true });
      throw error;
    }
    return xmlAnswer('CopyPartResult', [
      ['ETag', `"${copied.md5Hex}"`],
      ['LastModified', lastModified],
      ...(upload.record.checksumType === undefined
        ? []
        : ([['ChecksumCRC32', copied.crc32]] as const)),
    ]);
  },
};
