/** PutObject: receive, verify, then make visible in one step under the condition of the request. */
import { emptyAnswer } from '../answer.js';
import { checkAnnouncedBody, receiveFile } from '../body.js';
import { declaredCrc32, refuseOtherAlgorithms } from '../checksum.js';
import { writeCondition } from '../condition.js';
import { incomingPath } from '../folders.js';
import { checksumHeaders, keptHeaders } from '../object-headers.js';
import { bodyHeaders, type Operation } from '../operation.js';

export const putObject: Operation = {
  name: 'PutObject',
  method: 'PUT',
  level: 'object',
  selectedBy: {},
  query: [],
  headers: [...bodyHeaders, 'if-match', 'if-none-match', 'x-amz-checksum-algorithm'],
  run: async ({ store }, request) => {
    refuseOtherAlgorithms(request);
    checkAnnouncedBody(request);
    const headers = keptHeaders(request);
    const condition = writeCondition(request);
    // Checked before the body too, so that a client that waits for "100 Continue" saves the upload.
    condition(store.index(request.bucket).get(request.key));
    const stagedFile = incomingPath(store.folders);
    const body = await receiveFile(request, stagedFile);
    const crc32 = declaredCrc32(request);
    const record = {
      key: request.key,
      sizeBytes: body.sizeBytes,
      etag: body.md5Hex,
      lastModified: new Date().toISOString(),
      headers,
      ...(crc32 === undefined ? {} : { checksum: { crc32, type: 'FULL_OBJECT' as const } }),
    };
    const stored = await store.put(request.bucket, { stagedFile, record }, condition);
    return emptyAnswer(200, { etag: `"${stored.etag}"`, ...checksumHeaders(stored) });
  },
};
