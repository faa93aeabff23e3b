/**
 * Tidemark's own S3 server for the dev stack and the tests: what our clients send, over a folder, durable
 * across restarts and streaming (memory does not grow with objects). Layout of the folder: folders.ts.
 * What it does not know it refuses with 501 and a name, never in silence. It passes the conformance suite of
 * test/conformance/s3-server, whose oracle is versitygw. Not for production, not for benchmarks.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer } from './answer.js';
import type { OnRequest, S3Fault } from './fault.js';
import { ObjectStore } from './object-store.js';
import type { Operation, ServerState } from './operation.js';
import { readRequest, type S3Request } from './request.js';
import { routeOf } from './routing.js';
import { S3Error } from './s3-error.js';
import { type ServerFacts, Tally } from './server-facts.js';
import { type Credentials, verifySignature } from './signature.js';
import { errorDocument, sendAnswer, sendError } from './transmission.js';
import { UploadStore } from './upload-store.js';

export interface S3ServerOptions extends Credentials {
  /** Folder of the data; created if it is missing. One server per folder at a time. */
  readonly root: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Buckets that exist after the start; others of the folder stay. */
  readonly buckets: readonly string[];
  /** Called once per verified request before anything is done; may wait, and may answer a fault. */
  readonly onRequest?: OnRequest;
}

export interface S3Server extends AsyncDisposable {
  /** For example `http://127.0.0.1:40001`, for path-style clients. */
  readonly endpoint: string;
  /** Ends when no request runs any more; what still runs after two seconds is cut off. May be called twice. */
  close(): Promise<void>;
  /** Counters since the start. */
  facts(): ServerFacts;
}

const CLOSE_GRACE_MS = 2_000;

/** Starts the server. Throws if a metadata file of the folder is damaged or the port is taken. */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const store = await ObjectStore.open(options.root);
  const uploads = await UploadStore.open(store.folders);
  for (const bucket of options.buckets) {
    if (!store.hasBucket(bucket)) await store.createBucket(bucket);
  }
  const tally = new Tally();
  const handle = requestHandler(options, { store, uploads, region: options.region }, tally);
  const running = new Set<Promise<void>>();
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 65_000 });
  const take = (
    incoming: IncomingMessage,
    response: ServerResponse,
    acceptBody: () => void,
  ): void => {
    const work = handle(incoming, response, acceptBody).finally(() => running.delete(work));
    running.add(work);
  };
  server.on('request', (incoming, response) => take(incoming, response, () => undefined));
  server.on('checkContinue', (incoming, response) =>
    take(incoming, response, () => response.writeContinue()),
  );
  const endpoint = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= stop(server, running));
  return {
    endpoint,
    close,
    facts: () => tally.facts(store, uploads),
    [Symbol.asyncDispose]: close,
  };
}

type Handle = (
  incoming: IncomingMessage,
  response: ServerResponse,
  acceptBody: () => void,
) => Promise<void>;

/** One request from its first to its last byte. Never throws. */
function requestHandler(options: S3ServerOptions, state: ServerState, tally: Tally): Handle {
  return async (incoming, response, acceptBody) => {
    const requestId = randomUUID();
    response.setHeader('x-amz-request-id', requestId);
    try {
      const request = readRequest(incoming, acceptBody);
      verifySignature(request, options, new Date());
      const operation = routeOf(request);
      const number = tally.countRequest(operation.name);
      const { bucket, key, query } = request;
      const fault = await options.onRequest?.({
        operation: operation.name,
        bucket,
        key,
        query,
        number,
      });
      const answer = await answerOf(state, request, operation, fault ?? undefined);
      if (fault?.kind === 'disconnect' || fault?.kind === 'lose-answer') {
        await closeBody(answer);
        response.destroy();
        return;
      }
      tally.countSent(
        await sendAnswer(
          response,
          answer,
          fault?.kind === 'cut-answer' ? fault.afterBytes : undefined,
        ),
      );
    } catch (cause) {
      const error = tally.countError(cause);
      await sendError(incoming, response, error).catch(() => response.destroy());
    } finally {
      tally.countReceived(Number(incoming.headers['content-length'] ?? 0), incoming.complete);
    }
  };
}

async function answerOf(
  state: ServerState,
  request: S3Request,
  operation: Operation,
  fault: S3Fault | undefined,
): Promise<Answer> {
  if (fault?.kind === 'refuse') throw new S3Error(fault.code, fault.message);
  if (fault?.kind === 'disconnect') return { status: 200, headers: {} };
  if (fault?.kind === 'error-in-ok') {
    return {
      status: 200,
      headers: { 'content-type': 'application/xml' },
      body: errorDocument(fault, request.path, ''),
    };
  }
  return operation.run(state, request);
}

async function closeBody({ body }: Answer): Promise<void> {
  if (typeof body === 'object') await body.file.close();
}

async function listen(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}

async function stop(server: Server, running: ReadonlySet<Promise<void>>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await Promise.all(running);
  server.closeAllConnections();
  clearTimeout(cut);
  await closed;
}
