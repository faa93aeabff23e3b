/** ListParts, in pages by part number. Checksums are listed if the upload was created with an algorithm. */
import { xmlAnswer } from '../answer.js';
import type { Operation } from '../operation.js';
import type { PartRecord } from '../record.js';
import { numberOf } from '../request.js';
import type { XmlContent } from '../xml-write.js';

const MAX_PARTS_PER_PAGE = 1000;

export const listParts: Operation = {
  name: 'ListParts',
  method: 'GET',
  level: 'object',
  selectedBy: { uploadId: true },
  query: ['max-parts', 'part-number-marker'],
  headers: [],
  run: async ({ store, uploads }, request) => {
    store.index(request.bucket);
    const { record, parts } = uploads.require(
      request.query.get('uploadId') ?? '',
      request.bucket,
      request.key,
    );
    const maxParts = numberOf(request, 'max-parts', {
      min: 0,
      max: MAX_PARTS_PER_PAGE,
      otherwise: MAX_PARTS_PER_PAGE,
    });
    const after = numberOf(request, 'part-number-marker', {
      min: 0,
      max: 2 ** 31 - 1,
      otherwise: 0,
    });
    const rest = [...parts.values()]
      .filter(({ number }) => number > after)
      .sort((a, b) => a.number - b.number);
    const page = rest.slice(0, maxParts);
    const withChecksum = record.checksumType !== undefined;
    return xmlAnswer('ListPartsResult', [
      ['Bucket', request.bucket],
      ['Key', request.key],
      ['UploadId', record.id],
      ['StorageClass', 'STANDARD'],
      ['ChecksumAlgorithm', withChecksum ? 'CRC32' : undefined],
      ['ChecksumType', record.checksumType],
      ['PartNumberMarker', after],
      ['NextPartNumberMarker', page.at(-1)?.number ?? 0],
      ['MaxParts', maxParts],
      ['IsTruncated', maxParts > 0 && rest.length > page.length],
      ...page.map((part) => ['Part', partContent(part, withChecksum)] as const),
    ]);
  },
};

function partContent(part: PartRecord, withChecksum: boolean): XmlContent {
  return [
    ['PartNumber', part.number],
    ['LastModified', part.lastModified],
    ['ETag', `"${part.etag}"`],
    ['ChecksumCRC32', withChecksum ? part.crc32 : undefined],
    ['Size', part.sizeBytes],
  ];
}
