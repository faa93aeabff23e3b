/** ListObjectsV2. Continuation tokens are the last entry in base64: any server of the folder continues them. */
import { xmlAnswer } from '../answer.js';
import { listPage } from '../listing.js';
import type { Operation } from '../operation.js';
import { numberOf, type S3Request } from '../request.js';
import { notImplemented, S3Error } from '../s3-error.js';
import type { XmlContent } from '../xml-write.js';

const MAX_KEYS = 1000;

export const listObjects: Operation = {
  name: 'ListObjectsV2',
  method: 'GET',
  level: 'bucket',
  selectedBy: { 'list-type': '2' },
  query: [
    'prefix',
    'delimiter',
    'max-keys',
    'continuation-token',
    'start-after',
    'encoding-type',
    'fetch-owner',
  ],
  headers: [],
  run: async ({ store }, request) => {
    const index = store.index(request.bucket);
    const encode = keyEncoder(request);
    const { prefix = '', delimiter = '', token, startAfter } = textsOf(request);
    const maxKeys = numberOf(request, 'max-keys', { min: 0, max: MAX_KEYS, otherwise: MAX_KEYS });
    const after = token === undefined ? (startAfter ?? '') : readToken(token);
    const page = listPage(index, { prefix, delimiter, after, maxEntries: maxKeys });
    const contents = page.keys.map(
      (key) => ['Contents', contentOf(encode(key), index.get(key))] as const,
    );
    const prefixes = page.commonPrefixes.map(
      (text) => ['CommonPrefixes', [['Prefix', encode(text)]]] as const,
    );
    return xmlAnswer('ListBucketResult', [
      ['Name', request.bucket],
      ['Prefix', encode(prefix)],
      ['Delimiter', delimiter === '' ? undefined : encode(delimiter)],
      ['StartAfter', startAfter === undefined ? undefined : encode(startAfter)],
      ['ContinuationToken', token],
      [
        'NextContinuationToken',
        page.next === undefined ? undefined : Buffer.from(page.next).toString('base64'),
      ],
      ['KeyCount', page.keys.length + page.commonPrefixes.length],
      ['MaxKeys', maxKeys],
      ['EncodingType', request.query.get('encoding-type')],
      ['IsTruncated', page.next !== undefined],
      ...contents,
      ...prefixes,
    ]);
  },
};

/** How keys are written: as they are, or percent-encoded for what XML cannot hold. */
export function keyEncoder(request: S3Request): (key: string) => string {
  const type = request.query.get('encoding-type');
  if (type === undefined) return (key) => key;
  if (type !== 'url')
    throw new S3Error('InvalidArgument', `encoding-type is "${type}"; only "url" is possible.`);
  return (key) => encodeURIComponent(key).replaceAll('%2F', '/');
}

function textsOf({ query }: S3Request): {
  prefix: string | undefined;
  delimiter: string | undefined;
  token: string | undefined;
  startAfter: string | undefined;
} {
  if (query.get('fetch-owner') === 'true')
    throw notImplemented('fetch-owner=true in ListObjectsV2');
  return {
    prefix: query.get('prefix'),
    delimiter: query.get('delimiter'),
    token: query.get('continuation-token'),
    startAfter: query.get('start-after'),
  };
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64').toString('utf8');
  if (token === '' || Buffer.from(text).toString('base64') !== token) {
    throw new S3Error(
      'InvalidArgument',
      'The continuation token provided is incorrect: it is none of this server.',
    );
  }
  return text;
}

function contentOf(
  key: string,
  record:
    | {
        lastModified: string;
        etag: string;
        sizeBytes: number;
        checksum?: { type: string } | undefined;
      }
    | undefined,
): XmlContent {
  return [
    ['Key', key],
    ['LastModified', record?.lastModified],
    ['ETag', `"${record?.etag ?? ''}"`],
    ['ChecksumAlgorithm', record?.checksum === undefined ? undefined : 'CRC32'],
    ['ChecksumType', record?.checksum?.type],
    ['Size', record?.sizeBytes],
    ['StorageClass', 'STANDARD'],
  ];
}
