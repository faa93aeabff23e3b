/**
 * A request as the operations see it: path style, key and query decoded once. Keeps true: `bucket` and `key`
 * are exactly what the client meant (no normalising of `.`, `..` or `//`), and a query name stands once.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { S3Error } from './s3-error.js';

/** Longest key in bytes of UTF-8 (S3 user guide, "Naming Amazon S3 objects"). */
const MAX_KEY_BYTES = 1024;

export interface S3Request {
  readonly incoming: IncomingMessage;
  readonly method: string;
  /** Empty for a request to the service (ListBuckets). */
  readonly bucket: string;
  /** Empty for a request to a bucket. */
  readonly key: string;
  /** Decoded path, with its leading slash. */
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
  /** Answers `Expect: 100-continue`; called by whoever reads the body, so that a refused body is never sent. */
  readonly acceptBody: () => void;
}

/** Reads line and headers of a request. Throws `InvalidURI`, `InvalidArgument` or `KeyTooLongError`. */
export function readRequest(incoming: IncomingMessage, acceptBody: () => void): S3Request {
  const target = incoming.url ?? '/';
  const mark = target.indexOf('?');
  const path = decode(mark < 0 ? target : target.slice(0, mark));
  const slash = path.indexOf('/', 1);
  const bucket = slash < 0 ? path.slice(1) : path.slice(1, slash);
  const key = slash < 0 ? '' : path.slice(slash + 1);
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new S3Error(
      'KeyTooLongError',
      `The key has ${Buffer.byteLength(key)} bytes; at most ${MAX_KEY_BYTES} are allowed.`,
    );
  }
  const query = readQuery(mark < 0 ? '' : target.slice(mark + 1));
  return {
    incoming,
    method: incoming.method ?? '',
    bucket,
    key,
    path,
    query,
    headers: incoming.headers,
    acceptBody,
  };
}

/** The header as one text, or undefined. */
export function headerOf(request: S3Request, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** A whole number from the query within [min, max]; larger values are cut to `max` as Amazon does. */
export function numberOf(
  request: S3Request,
  name: string,
  range: { min: number; max: number; otherwise: number },
): number {
  const text = request.query.get(name);
  if (text === undefined || text === '') return range.otherwise;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= range.min)) {
    throw new S3Error(
      'InvalidArgument',
      `${name} is "${text}"; it must be a whole number of at least ${range.min}.`,
    );
  }
  return Math.min(value, range.max);
}

function readQuery(text: string): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  for (const pair of text.split('&').filter((piece) => piece !== '')) {
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (query.has(name)) {
      throw new S3Error('InvalidArgument', `The query parameter "${name}" stands twice.`);
    }
    query.set(name, equals < 0 ? '' : decode(pair.slice(equals + 1)));
  }
  return query;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI', `"${text.slice(0, 100)}" is not percent-encoded UTF-8.`);
  }
}
