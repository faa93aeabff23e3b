/**
 * Faults on demand, for tests of clients: what `onRequest` may answer to make one request fail. A delay needs
 * no kind of its own, `onRequest` may wait. Faults happen after the signature was verified.
 */
import type { S3ErrorCode } from './s3-error.js';

export type S3Fault =
  /** Answers this error and does nothing. */
  | { readonly kind: 'refuse'; readonly code: S3ErrorCode; readonly message: string }
  /** Cuts the connection and does nothing. */
  | { readonly kind: 'disconnect' }
  /** Does the work, then cuts the connection instead of answering. */
  | { readonly kind: 'lose-answer' }
  /** Does nothing and answers 200 with an error in the body, as CompleteMultipartUpload may. */
  | { readonly kind: 'error-in-ok'; readonly code: S3ErrorCode; readonly message: string }
  /** Answers, but cuts the connection after this many bytes of the body. */
  | { readonly kind: 'cut-answer'; readonly afterBytes: number };

/** What `onRequest` is told: once per verified request, before anything is done. */
export interface SeenRequest {
  /** Amazon's name of the operation, for example `UploadPart`. */
  readonly operation: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  /** Number of this request since the start, from 1. */
  readonly number: number;
}

export type OnRequest = (
  seen: SeenRequest,
) => S3Fault | undefined | void | Promise<S3Fault | undefined | void>;
