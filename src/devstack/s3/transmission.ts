/**
 * Sends answers and errors. Keeps true: a file is closed whatever happens; an error is sent only after the
 * rest of the body was read away (bounded), so that a client reads the error and not a reset connection.
 */
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './answer.js';
import type { S3Error } from './s3-error.js';
import { xmlError } from './xml-write.js';

/** Of a refused body this much is read away; beyond, the connection is closed. */
const MAX_DRAIN_BYTES = 64 * 1024 ** 2;

/** Sends an answer. Resolves with the bytes of body that were sent. */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  cutAfterBytes = Infinity,
): Promise<number> {
  const { body } = answer;
  if (typeof body !== 'object') {
    const text = body ?? '';
    const length = answer.headers['content-length'] ?? String(Buffer.byteLength(text));
    // A 204 has no length; a HEAD has the one of the object.
    const headers =
      answer.status === 204 ? answer.headers : { ...answer.headers, 'content-length': length };
    response.writeHead(answer.status, headers).end(text);
    return Buffer.byteLength(text);
  }
  const { file, firstByte, sizeBytes } = body;
  try {
    response.writeHead(answer.status, answer.headers);
    if (sizeBytes === 0) {
      response.end();
      return 0;
    }
    const source = file.createReadStream({
      start: firstByte,
      end: firstByte + sizeBytes - 1,
      autoClose: false,
      highWaterMark: 256 * 1024,
    });
    await pipeline(
      cutAfterBytes === Infinity
        ? [source, response]
        : [source, cutter(cutAfterBytes, response), response],
    );
    return sizeBytes;
  } finally {
    await file.close();
  }
}

/** Sends the XML of an error; without a body where HTTP allows none. */
export async function sendError(
  request: IncomingMessage,
  response: ServerResponse,
  error: S3Error,
): Promise<void> {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const isDrained = await drain(request);
  const headers: Record<string, string> = {
    ...error.headers,
    ...(isDrained ? {} : { connection: 'close' }),
  };
  if (request.method === 'HEAD' || error.status === 304)
    return void response.writeHead(error.status, headers).end();
  const text = errorDocument(
    error,
    request.url ?? '',
    String(response.getHeader('x-amz-request-id') ?? ''),
  );
  response
    .writeHead(error.status, {
      ...headers,
      'content-type': 'application/xml',
      'content-length': String(Buffer.byteLength(text)),
    })
    .end(text);
}

/** The XML of an error as S3 writes it. */
export function errorDocument(
  error: Pick<S3Error, 'code' | 'message'>,
  resource: string,
  requestId: string,
): string {
  return xmlError([
    ['Code', error.code],
    ['Message', error.message],
    ['Resource', resource.split('?', 1)[0]],
    ['RequestId', requestId],
  ]);
}

/** Reads the rest of a body away. False if it is too long or waits for "100 Continue". */
async function drain(request: IncomingMessage): Promise<boolean> {
  if (request.complete || request.readableEnded) return true;
  const announced = Number(request.headers['content-length'] ?? 0);
  if (request.destroyed || request.headers.expect !== undefined || announced > MAX_DRAIN_BYTES)
    return false;
  let bytes = 0;
  try {
    const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > MAX_DRAIN_BYTES) return false;
    }
    return true;
  } catch {
    return false; // the client is gone, or a reader before us destroyed the stream
  }
}

/** Passes `bytes` bytes on and then cuts the connection. */
function cutter(bytes: number, response: ServerResponse): Transform {
  let left = bytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const rest = chunk.subarray(0, left);
      left -= rest.length;
      if (left > 0) return done(null, rest);
      response.write(rest, () => response.destroy());
      return undefined;
    },
  });
}
