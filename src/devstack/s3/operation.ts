/**
 * The contract of an operation: what it is called, which requests it takes, and what those may carry. The
 * router refuses every query parameter and every header with a meaning of its own that is not listed here,
 * so nothing that a client asks for is ever ignored.
 */
import type { Answer } from './answer.js';
import type { ObjectStore } from './object-store.js';
import type { S3Request } from './request.js';
import type { UploadStore } from './upload-store.js';

export interface ServerState {
  readonly store: ObjectStore;
  readonly uploads: UploadStore;
  readonly region: string;
}

export interface Operation {
  /** The name in Amazon's API reference. */
  readonly name: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** What the path names. */
  readonly level: 'service' | 'bucket' | 'object';
  /** Query parameters that select this operation; a text is the one value that does. */
  readonly selectedBy: Readonly<Record<string, string | true>>;
  /** A header that selects it; without it the request is another operation. */
  readonly withHeader?: string;
  /** Other query parameters that it understands. */
  readonly query: readonly string[];
  /** Headers that it understands, of those that change the meaning of a request. */
  readonly headers: readonly string[];
  /** Runs once per request. Throws `S3Error`; must leave nothing behind when it throws. */
  readonly run: (state: ServerState, request: S3Request) => Promise<Answer>;
}

/** Headers of bodies that PutObject and UploadPart share. */
export const bodyHeaders = [
  'content-md5',
  'x-amz-checksum-crc32',
  'x-amz-sdk-checksum-algorithm',
] as const;
