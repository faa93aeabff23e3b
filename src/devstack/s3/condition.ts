/**
 * Conditional requests (S3 user guide, "Conditional requests"). `If-None-Match: *` creates only, `If-Match`
 * replaces only what the client saw. Writing conditions run under the bucket's lock.
 */
import type { Guard } from './object-store.js';
import type { ObjectRecord } from './record.js';
import { headerOf, type S3Request } from './request.js';
import { notImplemented, S3Error } from './s3-error.js';

/** The condition of a write; throws `PreconditionFailed`, or `NoSuchKey` for If-Match on nothing. */
export function writeCondition(request: S3Request): Guard {
  const ifMatch = headerOf(request, 'if-match');
  const ifNoneMatch = headerOf(request, 'if-none-match');
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') {
    throw notImplemented(`a write with If-None-Match "${ifNoneMatch}"; only * is possible`);
  }
  return (current) => {
    if (ifNoneMatch !== undefined && current !== undefined) {
      throw failed('If-None-Match: * asks that the key does not exist; it does');
    }
    if (ifMatch === undefined) return;
    if (current === undefined)
      throw new S3Error('NoSuchKey', `If-Match: the key "${request.key}" does not exist.`);
    if (!names(ifMatch, current.etag))
      throw failed(`If-Match names ${ifMatch}; the object is "${current.etag}"`);
  };
}

/** The conditions of a read; throws `PreconditionFailed` (412) or `NotModified` (304). */
export function checkReadCondition(request: S3Request, record: ObjectRecord): void {
  const ifMatch = headerOf(request, 'if-match');
  const ifNoneMatch = headerOf(request, 'if-none-match');
  if (ifMatch !== undefined && !names(ifMatch, record.etag)) {
    throw failed(`If-Match names ${ifMatch}; the object is "${record.etag}"`);
  }
  if (ifNoneMatch !== undefined && names(ifNoneMatch, record.etag)) {
    throw new S3Error('NotModified', 'The object is the one that If-None-Match names.', {
      etag: `"${record.etag}"`,
    });
  }
}

/** The entity tag without quotes. */
export function bareEtag(text: string): string {
  return text.trim().replace(/^"(.*)"$/, '$1');
}

function names(header: string, etag: string): boolean {
  return (
    header.trim() === '*' || header.split(',').some((candidate) => bareEtag(candidate) === etag)
  );
}

function failed(reason: string): S3Error {
  return new S3Error(
    'PreconditionFailed',
    `At least one of the pre-conditions you specified did not hold: ${reason}.`,
  );
}
