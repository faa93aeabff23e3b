/**
 * CompleteMultipartUpload: the named parts become one object, in one step, under the condition of the
 * request; the upload ends in the same step. When it is refused, the upload stays open and unchanged.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type Answer, xmlAnswer } from '../answer.js';
import { receiveDocument } from '../body.js';
import { compositeCrc32, crc32Text, refuseOtherAlgorithms } from '../checksum.js';
import { writeCondition } from '../condition.js';
import { incomingPath } from '../folders.js';
import type { Operation, ServerState } from '../operation.js';
import { readNamedParts, selectParts } from '../part-selection.js';
import type { ObjectRecord, PartRecord } from '../record.js';
import { headerOf, type S3Request } from '../request.js';
import { S3Error } from '../s3-error.js';
import type { OpenUpload } from '../upload-store.js';
import { writeAll } from '../write-all.js';

type Checksum = ObjectRecord['checksum'];

export const completeUpload: Operation = {
  name: 'CompleteMultipartUpload',
  method: 'POST',
  level: 'object',
  selectedBy: { uploadId: true },
  query: [],
  headers: [
    'if-match',
    'if-none-match',
    'x-amz-checksum-crc32',
    'x-amz-checksum-type',
    'x-amz-mp-object-size',
    'x-amz-sdk-checksum-algorithm',
    'content-md5',
  ],
  run: async (state, request) => {
    state.store.index(request.bucket);
    refuseOtherAlgorithms(request);
    const id = request.query.get('uploadId') ?? '';
    const document = await receiveDocument(request);
    return state.uploads.whileHeld(id, async () => {
      const upload = state.uploads.require(id, request.bucket, request.key);
      return complete(state, request, upload, selectParts(upload, readNamedParts(document)));
    });
  },
};

async function complete(
  { store, uploads }: ServerState,
  request: S3Request,
  upload: OpenUpload,
  parts: readonly PartRecord[],
): Promise<Answer> {
  const condition = writeCondition(request);
  // Checked before the bytes are joined too: joining is what costs.
  condition(store.index(request.bucket).get(request.key));
  checkSize(request, parts);
  const stagedFile = incomingPath(store.folders);
  const files = parts.map((part) => uploads.partFile(upload, part));
  const crc = await joinFiles(files, stagedFile);
  try {
    const checksum = checksumOf(request, upload, parts, crc);
    const record = {
      key: request.key,
      sizeBytes: totalBytes(parts),
      etag: `${md5OfMd5s(parts)}-${parts.length}`,
      // Amazon dates a multipart object by the beginning of its upload.
      lastModified: upload.record.initiatedAt,
      headers: upload.record.headers,
      ...(checksum === undefined ? {} : { checksum }),
    };
    await store.put(
      request.bucket,
      { stagedFile, record, completesUpload: upload.record.id },
      condition,
    );
    uploads.forget(upload.record.id);
    return xmlAnswer('CompleteMultipartUploadResult', [
      ['Location', `/${request.bucket}/${request.key}`],
      ['Bucket', request.bucket],
      ['Key', request.key],
      ['ETag', `"${record.etag}"`],
      ['ChecksumCRC32', checksum?.crc32],
      ['ChecksumType', checksum?.type],
    ]);
  } catch (error) {
    await rm(stagedFile, { force: true });
    throw error;
  }
}

/** The checksum of the object. Throws `BadDigest` or `InvalidRequest` if the client says another. */
function checksumOf(
  request: S3Request,
  upload: OpenUpload,
  parts: readonly PartRecord[],
  crc: string,
): Checksum {
  const { checksumType } = upload.record;
  const saidType = headerOf(request, 'x-amz-checksum-type')?.toUpperCase();
  const said = headerOf(request, 'x-amz-checksum-crc32');
  if (saidType !== undefined && saidType !== checksumType) {
    throw new S3Error(
      'InvalidRequest',
      `The upload was created with the checksum type ${checksumType ?? 'none'}; the completion says ${saidType}.`,
    );
  }
  const actual =
    checksumType === 'COMPOSITE' ? compositeCrc32(parts.map((part) => part.crc32)) : crc;
  // Of a composite checksum clients may leave out the number of parts.
  if (said !== undefined && said !== actual && said !== actual.replace(/-\d+$/, '')) {
    throw new S3Error(
      'BadDigest',
      `The CRC32 you specified did not match the calculated checksum: ${said} against ${actual}.`,
    );
  }
  return checksumType === undefined ? undefined : { crc32: actual, type: checksumType };
}

function checkSize(request: S3Request, parts: readonly PartRecord[]): void {
  const said = headerOf(request, 'x-amz-mp-object-size');
  if (said !== undefined && said !== String(totalBytes(parts))) {
    throw new S3Error(
      'InvalidRequest',
      `x-amz-mp-object-size is ${said}; the parts have ${totalBytes(parts)} bytes.`,
    );
  }
}

/** Writes the files one after another into `target` and returns the CRC32 of all bytes. */
async function joinFiles(files: readonly string[], target: string): Promise<string> {
  const handle = await open(target, 'wx');
  try {
    let crc = 0;
    for (const file of files) {
      for await (const chunk of createReadStream(file, {
        highWaterMark: 1024 ** 2,
      }) as AsyncIterable<Buffer>) {
        crc = crc32(chunk, crc);
        await writeAll(handle, chunk);
      }
    }
    return crc32Text(crc);
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

function md5OfMd5s(parts: readonly PartRecord[]): string {
  const hash = createHash('md5');
  for (const { etag } of parts) hash.update(Buffer.from(etag, 'hex'));
  return hash.digest('hex');
}

function totalBytes(parts: readonly PartRecord[]): number {
  return parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
