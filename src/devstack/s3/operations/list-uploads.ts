/** ListMultipartUploads: by key, then by age, in pages. */
import { xmlAnswer } from '../answer.js';
import { compareKeys } from '../key-order.js';
import type { Operation } from '../operation.js';
import { numberOf } from '../request.js';
import type { OpenUpload } from '../upload-store.js';
import type { XmlContent } from '../xml-write.js';
import { keyEncoder } from './list-objects.js';

const MAX_UPLOADS = 1000;

export const listUploads: Operation = {
  name: 'ListMultipartUploads',
  method: 'GET',
  level: 'bucket',
  selectedBy: { uploads: '' },
  query: ['prefix', 'key-marker', 'upload-id-marker', 'max-uploads', 'encoding-type'],
  headers: [],
  run: async ({ store, uploads }, request) => {
    store.index(request.bucket);
    const encode = keyEncoder(request);
    const prefix = request.query.get('prefix') ?? '';
    const keyMarker = request.query.get('key-marker') ?? '';
    // Without a key the marker of the upload is ignored, as documented.
    const idMarker = keyMarker === '' ? '' : (request.query.get('upload-id-marker') ?? '');
    const maxUploads = numberOf(request, 'max-uploads', {
      min: 1,
      max: MAX_UPLOADS,
      otherwise: MAX_UPLOADS,
    });
    const rest = uploads
      .list(request.bucket)
      .filter(
        ({ record }) => record.key.startsWith(prefix) && isAfter(record, keyMarker, idMarker),
      );
    const page = rest.slice(0, maxUploads);
    const isTruncated = rest.length > page.length;
    const last = isTruncated ? page.at(-1)?.record : undefined;
    return xmlAnswer('ListMultipartUploadsResult', [
      ['Bucket', request.bucket],
      ['KeyMarker', encode(keyMarker)],
      ['UploadIdMarker', idMarker],
      ['NextKeyMarker', last === undefined ? undefined : encode(last.key)],
      ['NextUploadIdMarker', last?.id],
      ['Prefix', encode(prefix)],
      ['EncodingType', request.query.get('encoding-type')],
      ['MaxUploads', maxUploads],
      ['IsTruncated', isTruncated],
      ...page.map((upload) => ['Upload', uploadContent(upload, encode)] as const),
    ]);
  },
};

function isAfter(
  upload: { key: string; id: string },
  keyMarker: string,
  idMarker: string,
): boolean {
  if (keyMarker === '') return true;
  const order = compareKeys(upload.key, keyMarker);
  return order > 0 || (order === 0 && idMarker !== '' && upload.id > idMarker);
}

function uploadContent({ record }: OpenUpload, encode: (key: string) => string): XmlContent {
  return [
    ['Key', encode(record.key)],
    ['UploadId', record.id],
    ['Initiator', [['ID', 'tidemark']]],
    ['Owner', [['ID', 'tidemark']]],
    ['StorageClass', 'STANDARD'],
    ['Initiated', record.initiatedAt],
    ['ChecksumAlgorithm', record.checksumType === undefined ? undefined : 'CRC32'],
    ['ChecksumType', record.checksumType],
  ];
}
