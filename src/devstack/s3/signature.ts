/**
 * Verifies Signature Version 4 in the Authorization header (S3 API reference, "Authenticating requests
 * (AWS Signature Version 4)"). Keeps true: no operation runs before this passed; host and every x-amz-*
 * header are signed; the clock of the client is within 15 minutes; signatures are compared in constant time.
 * The body is not read here: its hash is a signed header, which the reader of the body verifies.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { headerOf, type S3Request } from './request.js';
import { notImplemented, S3Error } from './s3-error.js';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

const MAX_SKEW_MS = 15 * 60_000;
const ALGORITHM = 'AWS4-HMAC-SHA256';
/** Groups: access key id, date, region, signed headers, signature. */
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^,\s/]+)\/([^,\s/]+)\/([^,\s/]+)\/s3\/aws4_request\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([0-9a-f]{64})$/;

interface Authorization {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/** Throws the documented error if the request was not signed by `credentials` at about `now`. */
export function verifySignature(request: S3Request, credentials: Credentials, now: Date): void {
  if (
    request.query.has('X-Amz-Algorithm') ||
    request.query.has('X-Amz-Signature') ||
    request.query.has('AWSAccessKeyId')
  ) {
    throw notImplemented(
      'presigned URLs (signatures in the query); sign in the Authorization header',
    );
  }
  const authorization = readAuthorization(headerOf(request, 'authorization'));
  if (authorization.accessKeyId !== credentials.accessKeyId) {
    throw new S3Error(
      'InvalidAccessKeyId',
      `The access key id "${authorization.accessKeyId}" is not known to this server.`,
    );
  }
  if (authorization.region !== credentials.region) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      `The request was signed for region "${authorization.region}"; this server is in "${credentials.region}".`,
    );
  }
  const signedAt = readDate(request, authorization, now);
  checkSignedHeaders(request, authorization.signedHeaders);
  const expected = signatureOf(request, authorization, signedAt, credentials.secretAccessKey);
  if (!timingSafeEqual(Buffer.from(expected, 'hex'), Buffer.from(authorization.signature, 'hex'))) {
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The signature is not the one that this server computes; check the secret key and the signing method.',
    );
  }
}

function readAuthorization(header: string | undefined): Authorization {
  if (header === undefined || header === '') {
    throw new S3Error('AccessDenied', 'Anonymous access is not allowed; sign the request.');
  }
  if (!header.startsWith(ALGORITHM)) {
    throw notImplemented(
      `the authorization scheme "${header.split(' ', 1)[0] ?? ''}"; sign with ${ALGORITHM}`,
    );
  }
  const match = AUTHORIZATION.exec(header);
  if (match === null) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      `The Authorization header must be "${ALGORITHM} Credential=<id>/<date>/<region>/s3/aws4_request, SignedHeaders=…, Signature=…".`,
    );
  }
  const [, accessKeyId = '', date = '', region = '', signedHeaders = '', signature = ''] = match;
  return {
    accessKeyId,
    date,
    region,
    scope: `${date}/${region}/s3/aws4_request`,
    signedHeaders: signedHeaders.split(';'),
    signature,
  };
}

/** The value of x-amz-date after it was checked against scope and clock. */
function readDate(request: S3Request, authorization: Authorization, now: Date): string {
  const text = headerOf(request, 'x-amz-date') ?? '';
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null || !text.startsWith(authorization.date)) {
    throw new S3Error(
      'AccessDenied',
      `The request needs an x-amz-date header like 20260131T235959Z of the day in its credential scope; it has "${text}".`,
    );
  }
  const [, year, month, day, hour, minute, second] = match;
  const signedAtMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (!(Math.abs(signedAtMs - now.getTime()) <= MAX_SKEW_MS)) {
    throw new S3Error(
      'RequestTimeTooSkewed',
      `The request was signed at ${text}; the clock of this server says ${now.toISOString()}, and 15 minutes are allowed.`,
    );
  }
  return text;
}

function checkSignedHeaders(request: S3Request, signed: readonly string[]): void {
  const mustBeSigned = Object.keys(request.headers).filter(
    (name) => name === 'host' || name.startsWith('x-amz-'),
  );
  const missing = [...new Set(['host', ...mustBeSigned])].filter((name) => !signed.includes(name));
  if (missing.length > 0) {
    throw new S3Error(
      'AccessDenied',
      `There were headers present in the request which were not signed: ${missing.join(', ')}.`,
    );
  }
}

function signatureOf(
  request: S3Request,
  authorization: Authorization,
  signedAt: string,
  secret: string,
): string {
  const toSign = [
    ALGORITHM,
    signedAt,
    authorization.scope,
    sha256(canonicalRequest(request, authorization.signedHeaders)),
  ].join('\n');
  let key = hmac(`AWS4${secret}`, authorization.date);
  for (const piece of [authorization.region, 's3', 'aws4_request', toSign]) key = hmac(key, piece);
  return key.toString('hex');
}

function canonicalRequest(request: S3Request, signedHeaders: readonly string[]): string {
  const query = [...request.query]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => order(nameA, nameB) || order(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`);
  const headers = signedHeaders.map(
    (name) => `${name}:${(headerOf(request, name) ?? '').trim().replace(/\s+/g, ' ')}\n`,
  );
  return [
    request.method,
    request.path.split('/').map(encode).join('/'),
    query.join('&'),
    headers.join(''),
    signedHeaders.join(';'),
    headerOf(request, 'x-amz-content-sha256') ?? '',
  ].join('\n');
}

/** Percent-encoding of the specification: everything except A–Z a–z 0–9 - . _ ~ */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
