/**
 * Finds the operation of a request. Keeps true: a request that carries anything the operation does not
 * understand is refused with 501 and the name of it, never half done.
 */
import type { Operation } from './operation.js';
import { allOperations } from './operations/all.js';
import { headerOf, type S3Request } from './request.js';
import { notImplemented, S3Error } from './s3-error.js';

/** Headers of every request that change nothing an operation does. */
const NEUTRAL_HEADERS = ['x-amz-content-sha256', 'x-amz-date', 'x-amz-user-agent'];
/** Headers outside x-amz-* that change what a request means. */
const MEANINGFUL_HEADERS = [
  'content-md5',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
];
/** Sent by the AWS SDK to name its command in access logs. */
const NEUTRAL_QUERY = ['x-id'];
/** Headers by which a client asks for another operation than the line says. */
const OPERATION_OF_HEADER: Readonly<Record<string, string>> = {
  'x-amz-decoded-content-length': 'aws-chunked bodies (x-amz-decoded-content-length)',
  'x-amz-trailer':
    'aws-chunked bodies with a trailer (x-amz-trailer); send x-amz-checksum-crc32 as a header, or set requestChecksumCalculation to WHEN_REQUIRED',
  'x-amz-tagging': 'tags (x-amz-tagging)',
};

/** The operation that the request asks for. Throws `MethodNotAllowed` or `NotImplemented`. */
export function routeOf(request: S3Request): Operation {
  const level = request.bucket === '' ? 'service' : request.key === '' ? 'bucket' : 'object';
  const methods = allOperations.map(({ method }) => method as string);
  if (!methods.includes(request.method)) {
    throw new S3Error(
      'MethodNotAllowed',
      `The method ${request.method} is not allowed against this resource.`,
    );
  }
  const operation = allOperations
    .filter(
      (candidate) =>
        candidate.level === level &&
        candidate.method === request.method &&
        isSelected(candidate, request),
    )
    .sort((a, b) => selectors(b) - selectors(a))[0];
  if (operation === undefined) throw notImplemented(describe(request, level));
  refuseUnknown(operation, request);
  return operation;
}

function isSelected(operation: Operation, { query, headers }: S3Request): boolean {
  if (operation.withHeader !== undefined && headers[operation.withHeader] === undefined)
    return false;
  return Object.entries(operation.selectedBy).every(([name, value]) =>
    value === true ? query.has(name) : query.get(name) === value,
  );
}

function selectors(operation: Operation): number {
  return (
    2 * Object.keys(operation.selectedBy).length + (operation.withHeader === undefined ? 0 : 1)
  );
}

function refuseUnknown(operation: Operation, request: S3Request): void {
  const knownQuery = [...NEUTRAL_QUERY, ...Object.keys(operation.selectedBy), ...operation.query];
  const unknownQuery = [...request.query.keys()].find((name) => !knownQuery.includes(name));
  if (unknownQuery !== undefined) {
    throw notImplemented(
      `the query parameter "${unknownQuery}" of ${request.method} (nearest operation: ${operation.name})`,
    );
  }
  const unknownHeader = Object.keys(request.headers).find(
    (name) => !isKnownHeader(operation, name),
  );
  if (unknownHeader !== undefined) {
    const meaning = OPERATION_OF_HEADER[unknownHeader];
    throw notImplemented(
      meaning ??
        `the header "${unknownHeader}: ${headerOf(request, unknownHeader) ?? ''}" of ${operation.name}`,
    );
  }
}

function isKnownHeader(operation: Operation, name: string): boolean {
  if (!name.startsWith('x-amz-') && !MEANINGFUL_HEADERS.includes(name)) return true;
  if (NEUTRAL_HEADERS.includes(name) || operation.headers.includes(name)) return true;
  return (
    name.startsWith('x-amz-meta-') &&
    ['CopyObject', 'CreateMultipartUpload', 'PutObject'].includes(operation.name)
  );
}

function describe(request: S3Request, level: string): string {
  if (
    request.method === 'GET' &&
    level === 'bucket' &&
    !request.query.has('list-type') &&
    request.query.size === 0
  ) {
    return 'ListObjects of version 1; use ListObjectsV2 (list-type=2)';
  }
  const query = [...request.query.keys()].filter((name) => !NEUTRAL_QUERY.includes(name));
  return `${request.method} on a ${level}${query.length === 0 ? '' : ` with the query parameters ${query.join(', ')}`}`;
}
