/**
 * CRC32 as S3 writes it: base64 of four bytes, big end first (S3 user guide, "Checking object integrity").
 * A composite checksum is the CRC32 of the parts' checksums with the number of parts behind it.
 */
import { crc32 } from 'node:zlib';
import { headerOf, type S3Request } from './request.js';
import { notImplemented, S3Error } from './s3-error.js';

/** The base64 text of a CRC32. */
export function crc32Text(value: number): string {
  return crc32Bytes(value).toString('base64');
}

/** The checksum of a multipart object of type COMPOSITE, for example `xK1Fzw==-3`. */
export function compositeCrc32(parts: readonly string[]): string {
  const bytes = Buffer.concat(parts.map((text) => Buffer.from(text, 'base64')));
  return `${crc32Text(crc32(bytes))}-${parts.length}`;
}

/** The value of x-amz-checksum-crc32 if the client declared one. Throws `InvalidRequest` if it is none. */
export function declaredCrc32(request: S3Request): string | undefined {
  const text = headerOf(request, 'x-amz-checksum-crc32');
  if (text !== undefined && Buffer.from(text, 'base64').length !== 4) {
    throw new S3Error(
      'InvalidRequest',
      `Value for x-amz-checksum-crc32 header is invalid: "${text}" is not the base64 of 4 bytes.`,
    );
  }
  return text;
}

/** Refuses checksum algorithms other than CRC32, wherever they are named. */
export function refuseOtherAlgorithms(request: S3Request): void {
  for (const name of ['x-amz-checksum-algorithm', 'x-amz-sdk-checksum-algorithm']) {
    const algorithm = headerOf(request, name);
    if (algorithm !== undefined && algorithm.toUpperCase() !== 'CRC32') {
      throw notImplemented(`the checksum algorithm "${algorithm}" (${name}); use CRC32`);
    }
  }
}

function crc32Bytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
