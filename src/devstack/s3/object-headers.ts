/**
 * The headers that a client stores with an object and gets back with it: content type and the like, and
 * user metadata (x-amz-meta-*). At most 2 KB of user metadata, as S3 documents.
 */
import type { ObjectRecord } from './record.js';
import { headerOf, type S3Request } from './request.js';
import { S3Error } from './s3-error.js';

const KEPT = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];
const MAX_METADATA_BYTES = 2048;

/** The headers of a PutObject or CreateMultipartUpload that belong to the object. */
export function keptHeaders(request: S3Request): Record<string, string> {
  const names = Object.keys(request.headers).filter(
    (name) => KEPT.includes(name) || name.startsWith('x-amz-meta-'),
  );
  const headers = Object.fromEntries(names.map((name) => [name, headerOf(request, name) ?? '']));
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
  const sizeBytes = metadata.reduce(
    (sum, [name, value]) => sum + name.length - 'x-amz-meta-'.length + value.length,
    0,
  );
  if (sizeBytes > MAX_METADATA_BYTES) {
    throw new S3Error(
      'MetadataTooLarge',
      `The user metadata has ${sizeBytes} bytes; at most ${MAX_METADATA_BYTES} are allowed.`,
    );
  }
  return { 'content-type': 'binary/octet-stream', ...headers };
}

/** The headers of GetObject and HeadObject. `withChecksum` only for the whole object. */
export function objectHeaders(record: ObjectRecord, withChecksum: boolean): Record<string, string> {
  return {
    ...record.headers,
    etag: `"${record.etag}"`,
    'last-modified': new Date(record.lastModified).toUTCString(),
    'accept-ranges': 'bytes',
    ...(withChecksum ? checksumHeaders(record) : {}),
  };
}

/** The checksum of an object as answer headers; none if the client never asked for one. */
export function checksumHeaders(record: Pick<ObjectRecord, 'checksum'>): Record<string, string> {
  if (record.checksum === undefined) return {};
  return {
    'x-amz-checksum-crc32': record.checksum.crc32,
    'x-amz-checksum-type': record.checksum.type,
  };
}
