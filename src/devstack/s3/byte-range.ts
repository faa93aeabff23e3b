/**
 * The Range header (RFC 9110 §14): one range of bytes. What is no valid range is ignored, as the RFC and S3
 * do; a valid one outside the object is `InvalidRange` (416).
 */
import { notImplemented, S3Error } from './s3-error.js';

export interface ByteRange {
  readonly firstByte: number;
  readonly sizeBytes: number;
}

/** The range within an object of `totalBytes`, or undefined for the whole object. */
export function readRange(header: string | undefined, totalBytes: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  if (/^bytes=.*,/.test(header))
    throw notImplemented(`several ranges in one request (Range: ${header})`);
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim());
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [, first = '', last = ''] = match;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const firstByte = first === '' ? Math.max(0, totalBytes - Number(last)) : Number(first);
  const lastByte =
    first === '' || last === '' ? totalBytes - 1 : Math.min(Number(last), totalBytes - 1);
  if (firstByte > lastByte) {
    throw new S3Error(
      'InvalidRange',
      `The range "${header}" is outside the object of ${totalBytes} bytes.`,
      {
        'content-range': `bytes */${totalBytes}`,
      },
    );
  }
  return { firstByte, sizeBytes: lastByte - firstByte + 1 };
}
