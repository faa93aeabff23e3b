/** CopyObject: the bytes of another object, with its metadata or new ones, visible in one step under a condition. */
import { xmlAnswer } from '../answer.js';
import { refuseOtherAlgorithms } from '../checksum.js';
import { writeCondition } from '../condition.js';
import { copyHeaders, copyToIncoming } from '../copied-file.js';
import { keptHeaders } from '../object-headers.js';
import type { Operation } from '../operation.js';
import { headerOf } from '../request.js';
import { notImplemented } from '../s3-error.js';

export const copyObject: Operation = {
  name: 'CopyObject',
  method: 'PUT',
  level: 'object',
  selectedBy: {},
  withHeader: 'x-amz-copy-source',
  query: [],
  headers: [...copyHeaders, 'x-amz-metadata-directive', 'if-match', 'if-none-match'],
  run: async (state, request) => {
    refuseOtherAlgorithms(request);
    const directive = headerOf(request, 'x-amz-metadata-directive') ?? 'COPY';
    if (directive !== 'COPY' && directive !== 'REPLACE')
      throw notImplemented(`the metadata directive "${directive}"`);
    state.store.index(request.bucket);
    const copied = await copyToIncoming(state, request);
    const isSummed = headerOf(request, 'x-amz-checksum-algorithm') !== undefined;
    const checksum = { crc32: copied.crc32, type: 'FULL_OBJECT' as const };
    const lastModified = new Date().toISOString();
    const record = {
      key: request.key,
      sizeBytes: copied.sizeBytes,
      etag: copied.md5Hex,
      lastModified,
      headers: directive === 'REPLACE' ? keptHeaders(request) : copied.source.headers,
      ...(isSummed ? { checksum } : {}),
    };
    const object = { stagedFile: copied.stagedFile, record };
    await state.store.put(request.bucket, object, writeCondition(request));
    return xmlAnswer('CopyObjectResult', [
      ['ETag', `"${copied.md5Hex}"`],
      ['LastModified', lastModified],
      ...(isSummed ? ([['ChecksumCRC32', copied.crc32]] as const) : []),
    ]);
  },
};
