/**
 * The Range header (RFC 9110 §14): one range of bytes. What is no valid range is ignored, as the RFC and S3
 * do; a valid one outside the object is `InvalidRange` (416).
 */
import { notImplemented, S3Error } from './s3-error.js';

export interface ByteRange {
  readonly firstByte: number;
  readonly sizeBytes: number;
}

/** `bytes=2-5`, `bytes=2-`, or `bytes=-3` for the last three. */
const RANGE = /^bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))$/;

/** The range within an object of `totalBytes`, or undefined for the whole object. */
export function readRange(header: string | undefined, totalBytes: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  if (/^bytes=.*,/.test(header))
    throw notImplemented(`several ranges in one request (Range: ${header})`);
  const bounds = boundsOf(header.trim(), totalBytes);
  if (bounds === undefined) return undefined;
  const { firstByte, lastByte } = bounds;
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

interface Bounds {
  readonly firstByte: number;
  readonly lastByte: number;
}

/** What a valid header asks for, cut at the end of the object; the first byte may be after the last. */
function boundsOf(header: string, totalBytes: number): Bounds | undefined {
  const match = RANGE.exec(header);
  if (match === null) return undefined;
  const [, first, last, suffixBytes] = match;
  const lastByte = totalBytes - 1;
  if (suffixBytes !== undefined)
    return { firstByte: Math.max(0, totalBytes - Number(suffixBytes)), lastByte };
  const firstByte = Number(first);
  if (last === '') return { firstByte, lastByte };
  if (Number(last) < firstByte) return undefined;
  return { firstByte, lastByte: Math.min(Number(last), lastByte) };
}
