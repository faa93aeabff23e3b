/** CreateMultipartUpload: notes key, headers and the kind of checksum; nothing is visible yet. */
import { xmlAnswer } from '../answer.js';
import { receiveDocument } from '../body.js';
import { refuseOtherAlgorithms } from '../checksum.js';
import { keptHeaders } from '../object-headers.js';
import type { Operation } from '../operation.js';
import { type ChecksumType, checksumTypes } from '../record.js';
import { headerOf, type S3Request } from '../request.js';
import { S3Error } from '../s3-error.js';

export const createUpload: Operation = {
  name: 'CreateMultipartUpload',
  method: 'POST',
  level: 'object',
  selectedBy: { uploads: '' },
  query: [],
  headers: [
    'x-amz-checksum-algorithm',
    'x-amz-checksum-type',
    'content-md5',
    'x-amz-checksum-crc32',
    'x-amz-sdk-checksum-algorithm',
  ],
  run: async ({ store, uploads }, request) => {
    store.index(request.bucket);
    refuseOtherAlgorithms(request);
    const checksumType = wantedChecksum(request);
    await receiveDocument(request);
    const upload = await uploads.create({
      bucket: request.bucket,
      key: request.key,
      initiatedAt: new Date().toISOString(),
      headers: keptHeaders(request),
      ...(checksumType === undefined ? {} : { checksumType }),
    });
    return xmlAnswer(
      'InitiateMultipartUploadResult',
      [
        ['Bucket', request.bucket],
        ['Key', request.key],
        ['UploadId', upload.id],
      ],
      checksumType === undefined
        ? {}
        : { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': checksumType },
    );
  },
};

function wantedChecksum(request: S3Request): ChecksumType | undefined {
  const type = headerOf(request, 'x-amz-checksum-type');
  const hasAlgorithm = headerOf(request, 'x-amz-checksum-algorithm') !== undefined;
  if (type === undefined) return hasAlgorithm ? 'COMPOSITE' : undefined;
  const known = checksumTypes.find((candidate) => candidate === type.toUpperCase());
  if (known === undefined || !hasAlgorithm) {
    throw new S3Error(
      'InvalidRequest',
      `x-amz-checksum-type is "${type}"; it must be ${checksumTypes.join(' or ')}, beside x-amz-checksum-algorithm.`,
    );
  }
  return known;
}
