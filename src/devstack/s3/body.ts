/**
 * Takes the body of a request: into a file of the incoming folder while it is hashed, or, if it is a small
 * document, into memory. Keeps true: a body that is short, cut off, too large or not the one that its
 * headers announce leaves no file and is refused; memory holds one network chunk.
 */
import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { crc32Text, declaredCrc32 } from './checksum.js';
import { headerOf, type S3Request } from './request.js';
import { notImplemented, S3Error } from './s3-error.js';
import { writeAll } from './write-all.js';

/** Largest body of one PutObject or UploadPart: 5 GiB. */
const MAX_BODY_BYTES = 5 * 1024 ** 3;
/** A completion of 10,000 parts with checksums has about 2 MB. */
const MAX_DOCUMENT_BYTES = 8 * 1024 ** 2;

export interface ReceivedBody {
  readonly sizeBytes: number;
  readonly md5Hex: string;
  readonly crc32: string;
}

/** Refuses what can be refused before a byte of the body is read. Returns the announced size in bytes. */
export function checkAnnouncedBody(request: S3Request): number {
  checkPayloadHash(request);
  const sizeBytes = contentLength(request);
  if (sizeBytes > MAX_BODY_BYTES) {
    throw new S3Error(
      'EntityTooLarge',
      `The body has ${sizeBytes} bytes; at most ${MAX_BODY_BYTES} fit into one request.`,
    );
  }
  return sizeBytes;
}

/** The bytes come as they are, under their hash or openly without one. */
function checkPayloadHash(request: S3Request): void {
  const hash = headerOf(request, 'x-amz-content-sha256') ?? '';
  const encodings = headerOf(request, 'content-encoding') ?? '';
  if (hash.startsWith('STREAMING-') || /\baws-chunked\b/.test(encodings)) {
    throw notImplemented(
      `aws-chunked bodies (${hash || encodings}); send the bytes as they are, with x-amz-checksum-crc32 as a header or requestChecksumCalculation WHEN_REQUIRED`,
    );
  }
  if (hash !== 'UNSIGNED-PAYLOAD' && !/^[0-9a-f]{64}$/.test(hash)) {
    throw new S3Error(
      'InvalidArgument',
      `x-amz-content-sha256 is "${hash}"; it must be UNSIGNED-PAYLOAD or the SHA-256 of the body in hex.`,
    );
  }
}

/** In bytes; without the header a request has no body, unless it comes in chunks of unknown number. */
function contentLength(request: S3Request): number {
  const length = headerOf(request, 'content-length');
  if (
    length === undefined &&
    ['PUT', 'POST'].includes(request.method) &&
    request.headers['transfer-encoding'] !== undefined
  ) {
    throw new S3Error('MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
  return Number(length ?? 0);
}

/** Receives the body into `file` and verifies it. On any error the file is gone. */
export async function receiveFile(request: S3Request, file: string): Promise<ReceivedBody> {
  const announced = declaredDigests(request);
  const handle = await open(file, 'wx');
  try {
    const received = await hashBody(request, (chunk) => writeAll(handle, chunk));
    verify(received, announced);
    return {
      sizeBytes: received.sizeBytes,
      md5Hex: received.md5.toString('hex'),
      crc32: received.crc32,
    };
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** Receives a small document as text and verifies it. */
export async function receiveDocument(request: S3Request): Promise<string> {
  if (checkAnnouncedBody(request) > MAX_DOCUMENT_BYTES) {
    throw new S3Error(
      'MalformedXML',
      `The document of the request is larger than ${MAX_DOCUMENT_BYTES} bytes.`,
    );
  }
  const chunks: Buffer[] = [];
  // The checksum headers of a completion are about the object and not about the document.
  const announced = { ...declaredDigests(request), crc32: undefined };
  const received = await hashBody(request, async (chunk) => void chunks.push(chunk));
  verify(received, announced);
  return Buffer.concat(chunks).toString('utf8');
}

interface Digests {
  readonly md5: Buffer;
  readonly sha256: string;
  readonly crc32: string;
  readonly sizeBytes: number;
}

interface DeclaredDigests {
  readonly md5: Buffer | undefined;
  readonly sha256: string | undefined;
  readonly crc32: string | undefined;
}

function declaredDigests(request: S3Request): DeclaredDigests {
  const hash = headerOf(request, 'x-amz-content-sha256');
  const md5Text = headerOf(request, 'content-md5');
  const md5 = md5Text === undefined ? undefined : Buffer.from(md5Text, 'base64');
  if (md5 !== undefined && md5.length !== 16) {
    throw new S3Error(
      'InvalidDigest',
      `The Content-MD5 you specified is not valid: "${md5Text}" is not the base64 of 16 bytes.`,
    );
  }
  return {
    md5,
    sha256: hash === 'UNSIGNED-PAYLOAD' ? undefined : hash,
    crc32: declaredCrc32(request),
  };
}

async function hashBody(
  request: S3Request,
  take: (chunk: Buffer) => Promise<void>,
): Promise<Digests> {
  const announcedBytes = checkAnnouncedBody(request);
  const isSigned = headerOf(request, 'x-amz-content-sha256') !== 'UNSIGNED-PAYLOAD';
  const md5 = createHash('md5');
  const sha256 = createHash('sha256');
  let crc = 0;
  let sizeBytes = 0;
  request.acceptBody();
  try {
    // Not destroyed when writing fails: the connection is needed for the answer.
    const chunks = request.incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    for await (const chunk of chunks) {
      md5.update(chunk);
      if (isSigned) sha256.update(chunk);
      crc = crc32(chunk, crc);
      sizeBytes += chunk.length;
      await take(chunk);
    }
  } catch (error) {
    if (!request.incoming.readableAborted) throw error;
  }
  if (sizeBytes !== announcedBytes || !request.incoming.complete) {
    throw new S3Error(
      'IncompleteBody',
      `The body ended after ${sizeBytes} bytes; Content-Length announced ${announcedBytes}.`,
    );
  }
  return { md5: md5.digest(), sha256: sha256.digest('hex'), crc32: crc32Text(crc), sizeBytes };
}

function verify(received: Digests, declared: DeclaredDigests): void {
  if (declared.sha256 !== undefined && declared.sha256 !== received.sha256) {
    throw new S3Error(
      'XAmzContentSHA256Mismatch',
      `The SHA-256 of the body is ${received.sha256}; x-amz-content-sha256 says ${declared.sha256}.`,
    );
  }
  if (declared.md5 !== undefined && !declared.md5.equals(received.md5)) {
    throw new S3Error(
      'BadDigest',
      'The Content-MD5 you specified did not match the MD5 of the body.',
    );
  }
  if (declared.crc32 !== undefined && declared.crc32 !== received.crc32) {
    throw new S3Error(
      'BadDigest',
      `The CRC32 you specified did not match the calculated checksum: ${declared.crc32} against ${received.crc32}.`,
    );
  }
}
