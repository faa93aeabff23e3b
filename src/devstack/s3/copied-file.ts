/** The bytes that a copy takes from an object of the server: one version of it, whole or a range. */
import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { readRange } from './byte-range.js';
import type { ReceivedBody } from './body.js';
import { crc32Text } from './checksum.js';
import { bareEtag } from './condition.js';
import { incomingPath } from './folders.js';
import type { OpenedObject } from './object-store.js';
import type { ServerState } from './operation.js';
import type { ObjectRecord } from './record.js';
import { headerOf, type S3Request } from './request.js';
import { S3Error } from './s3-error.js';
import { writeAll } from './write-all.js';

export const copyHeaders = [
  'x-amz-copy-source',
  'x-amz-copy-source-if-match',
  'x-amz-checksum-algorithm',
] as const;

export interface CopiedFile extends ReceivedBody {
  readonly stagedFile: string;
  readonly source: ObjectRecord;
}

const sourceOf = (request: S3Request): { readonly bucket: string; readonly key: string } => {
  const text = decodeURIComponent(headerOf(request, 'x-amz-copy-source') ?? '').replace(/^\//, '');
  const at = text.indexOf('/');
  if (at > 0 && at < text.length - 1) return { bucket: text.slice(0, at), key: text.slice(at + 1) };
  throw new S3Error('InvalidArgument', `The copy source "${text}" is no bucket and key.`);
};

const assertVersion = (request: S3Request, { etag }: ObjectRecord): void => {
  const wanted = headerOf(request, 'x-amz-copy-source-if-match');
  if (wanted === undefined || bareEtag(wanted) === etag) return;
  throw new S3Error(
    'PreconditionFailed',
    `x-amz-copy-source-if-match names ${wanted}; the source is "${etag}".`,
  );
};

const copyBytes = async (
  { file }: OpenedObject,
  range: { readonly firstByte: number; readonly sizeBytes: number },
  stagedFile: string,
): Promise<ReceivedBody> => {
  const target = await open(stagedFile, 'wx');
  const md5 = createHash('md5');
  let crc = 0;
  try {
    const buffer = Buffer.alloc(1024 * 1024);
    for (let done = 0; done < range.sizeBytes;) {
      const wanted = Math.min(buffer.length, range.sizeBytes - done);
      const { bytesRead } = await file.read(buffer, 0, wanted, range.firstByte + done);
      const chunk = Buffer.from(buffer.subarray(0, bytesRead));
      md5.update(chunk);
      crc = crc32(chunk, crc);
      await writeAll(target, chunk);
      done += bytesRead;
    }
  } finally {
    await target.close();
  }
  return { sizeBytes: range.sizeBytes, md5Hex: md5.digest('hex'), crc32: crc32Text(crc) };
};

/** Copies into the incoming folder. On any error nothing is left there. */
export const copyToIncoming = async (
  { store }: ServerState,
  request: S3Request,
): Promise<CopiedFile> => {
  const { bucket, key } = sourceOf(request);
  const opened = await store.open(bucket, key);
  const stagedFile = incomingPath(store.folders);
  try {
    const { record } = opened;
    assertVersion(request, record);
    const range = readRange(headerOf(request, 'x-amz-copy-source-range'), record.sizeBytes) ?? {
      firstByte: 0,
      sizeBytes: record.sizeBytes,
    };
    return { ...(await copyBytes(opened, range, stagedFile)), stagedFile, source: record };
  } catch (error) {
    await rm(stagedFile, { force: true });
    throw error;
  } finally {
    await opened.file.close();
  }
};
