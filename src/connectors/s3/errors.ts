/**
 * From what a server or a socket did to a declared error. Of the driver's own text nothing is kept: it may quote
 * requests and signatures. What crosses is the S3 error code and the HTTP status.
 */
import { defineError, TidemarkError, type ErrorKind } from '../../core/errors/error.js';
import { accessDenied, connectionRefused, fileErrors, loginRefused } from '../file-errors.js';
import { ledgerErrors } from '../ledger-errors.js';

export const noSuchBucket = defineError({
  code: 's3/no-such-bucket',
  recovery: 'never',
  summary: 'The bucket that a target names does not exist.',
  fix: 'Correct `bucket_name`, or create the bucket.',
});

export const wrongRegion = defineError({
  code: 's3/wrong-region',
  recovery: 'never',
  summary: 'The bucket is in another region than the connection says.',
  fix: 'Set `region_name` of the connection to the region of the bucket.',
});

export const unavailable = defineError({
  code: 's3/unavailable',
  recovery: 'retry',
  summary: 'The server answered that it cannot serve the request now.',
  fix: 'Nothing: the attempt is repeated. If it lasts, lower `max_workers` or `bytes_per_second`.',
});

export const refused = defineError({
  code: 's3/refused',
  recovery: 'never',
  summary: 'The server refused a request for a reason that repeating cannot change.',
  fix: 'Look up the S3 error code that the message names.',
});

export const s3Errors: readonly ErrorKind[] = [
  ...fileErrors,
  ...ledgerErrors,
  noSuchBucket,
  wrongRegion,
  unavailable,
  refused,
];

/** How one request failed, without the driver's text. Inside this folder only; callers see declared errors. */
export class S3Failure extends Error {
  override readonly name = 'S3Failure';
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The S3 error code, or that of the socket. */
  readonly code: string;

  constructor(status: number, code: string, cause: unknown) {
    super(`${code} (HTTP ${String(status)})`, { cause });
    this.status = status;
    this.code = code;
  }
}

const loginCodes: ReadonlySet<string> = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'InvalidToken',
  'RequestTimeTooSkewed',
  'CredentialsProviderError',
  'TokenRefreshRequired',
]);

const busyCodes: ReadonlySet<string> = new Set(['SlowDown', 'RequestTimeout', 'InternalError']);
const regionCodes: ReadonlySet<string> = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);
/** Bytes that arrived damaged: sending them again is right. */
const damagedCodes: ReadonlySet<string> = new Set([
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
  'IncompleteBody',
]);

interface DriverError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly Code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const word = (value: unknown): string | undefined =>
  typeof value === 'string' && /^\w{1,64}$/.test(value) ? value : undefined;

/** The status of an answer; 0 when none came; undefined for an error that is none of the driver's. */
const statusOf = ({ name, code, $metadata }: DriverError): number | undefined => {
  if ($metadata?.httpStatusCode !== undefined) return $metadata.httpStatusCode;
  if (name === 'CredentialsProviderError') return 401;
  return name === 'TimeoutError' || typeof code === 'string' ? 0 : undefined;
};

const codeOf = ({ name, code, Code }: DriverError, status: number): string => {
  const ofSocket = status === 0 ? word(code) : undefined;
  return ofSocket ?? word(Code) ?? word(name === 'Error' ? code : name) ?? 'UnknownError';
};

/** The failure behind a driver's error; an error that is none of the driver's is thrown on as it is. */
export const failureOf = (error: unknown): S3Failure => {
  if (error instanceof S3Failure) return error;
  if (!(error instanceof Error)) throw new Error('what was thrown is no error', { cause: error });
  const status = error instanceof TidemarkError ? undefined : statusOf(error);
  if (status === undefined) throw error;
  return new S3Failure(status, codeOf(error, status), error);
};

/** True when the same request may succeed in a moment. */
export const isPassing = ({ status, code }: S3Failure): boolean =>
  status === 0 ||
  status === 200 ||
  (status >= 500 && status !== 501) ||
  status === 429 ||
  busyCodes.has(code) ||
  damagedCodes.has(code);

/** True when the outcome of a write is open, or something stands in its way: the target has to be looked at. */
export const isDoubtful = (failure: S3Failure): boolean =>
  isPassing(failure) || failure.status === 404 || failure.status === 409 || failure.status === 412;

const kindOf = (failure: S3Failure): ErrorKind => {
  if (loginCodes.has(failure.code)) return loginRefused;
  if (failure.code === 'NoSuchBucket') return noSuchBucket;
  if (failure.status === 301 || regionCodes.has(failure.code)) return wrongRegion;
  if (failure.status === 0) return connectionRefused;
  if (isPassing(failure) || failure.status === 409) return unavailable;
  return failure.status === 403 ? accessDenied : refused;
};

/** The declared error of a failure. `doing` says what was being done to what: `listing s3://lake/raw`. */
export const declaredError = (failure: S3Failure, doing: string): TidemarkError => {
  const answer =
    failure.status === 0
      ? `no answer (${failure.code})`
      : `the server answered ${failure.code}, HTTP ${String(failure.status)}`;
  return new TidemarkError(kindOf(failure), `${doing}: ${answer}`, {
    details: { s3_code: failure.code, http_status: failure.status },
    cause: failure,
  });
};
