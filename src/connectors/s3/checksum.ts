/**
 * CRC32 between our spelling (8 hexadecimal digits) and that of S3: base64 of four bytes, and for an object of
 * parts either that of the whole (`FULL_OBJECT`) or the checksum of the parts' checksums with `-<parts>`.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { combineCrc32, formatCrc32, parseCrc32 } from '../../core/values/crc32.js';
import type { PartRecord } from '../../core/plan/file.js';

export const crcToBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

/** Hexadecimal digits of a checksum of whole bytes; undefined for none and for a checksum of checksums. */
export const crcFromBase64 = (text: string | undefined): string | undefined => {
  if (text === undefined || text.includes('-')) return undefined;
  const hex = Buffer.from(text, 'base64').toString('hex');
  return parseCrc32(hex) === undefined ? undefined : hex;
};

/** The checksum of the whole object that these parts make. */
export const wholeCrc = (parts: readonly PartRecord[]): string =>
  formatCrc32(
    parts.reduce((crc, part) => combineCrc32(crc, parseCrc32(part.crc32) ?? 0, part.size), 0),
  );

const checksumOfChecksums = (parts: readonly PartRecord[]): string => {
  const joined = Buffer.concat(parts.map((part) => Buffer.from(part.crc32, 'hex')));
  return `${crcToBase64(formatCrc32(crc32(joined)))}-${String(parts.length)}`;
};

/** What a server's checksum of an object says about the parts that we sent. */
export const agrees = (
  reported: string | undefined,
  parts: readonly PartRecord[],
): 'yes' | 'no' | 'not-reported' => {
  if (reported === undefined) return 'not-reported';
  const whole = crcFromBase64(reported);
  if (whole !== undefined && whole === wholeCrc(parts)) return 'yes';
  const [, count] = reported.split('-');
  // A checksum of other pieces than ours says nothing about them: after a lost answer we know only the whole.
  if (count !== undefined && Number(count) !== parts.length) return 'not-reported';
  const composite = count === undefined ? `${reported}-${String(parts.length)}` : reported;
  return composite === checksumOfChecksums(parts) ? 'yes' : 'no';
};

/**
 * True when the entity tag is that of exactly these parts: the MD5 of their MD5s. Then the object holds what the
 * server checked part by part, also where it does not tell the checksum any more. Never true under SSE-KMS, whose
 * tags are no MD5.
 */
export const isMadeOf = (etag: string, parts: readonly PartRecord[]): boolean => {
  const digests = parts.map((part) => part.tag.replaceAll('"', ''));
  if (!digests.every((digest) => /^[0-9a-f]{32}$/.test(digest))) return false;
  const joined = Buffer.from(digests.join(''), 'hex');
  const digest = createHash('md5').update(joined).digest('hex');
  return etag.replaceAll('"', '') === `${digest}-${String(parts.length)}`;
};
