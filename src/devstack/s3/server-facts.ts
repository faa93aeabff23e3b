/**
 * Counts what the server did, for tests and for the summary of `tidemark dev`.
 */
import type { ObjectStore } from './object-store.js';
import { S3Error } from './s3-error.js';
import type { UploadStore } from './upload-store.js';

export interface ServerFacts {
  /** Verified requests by Amazon's name of the operation. */
  readonly requests: Readonly<Record<string, number>>;
  /** Answers that were errors, by code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Requests whose client went away in the middle of the body. */
  readonly disconnects: number;
  readonly objects: number;
  readonly openUploads: number;
}

export class Tally {
  readonly #requests: Record<string, number> = {};
  readonly #errors: Record<string, number> = {};
  #receivedBytes = 0;
  #sentBytes = 0;
  #disconnects = 0;
  #number = 0;

  /** Counts a request and returns its number, from 1. */
  countRequest(operation: string): number {
    this.#requests[operation] = (this.#requests[operation] ?? 0) + 1;
    this.#number += 1;
    return this.#number;
  }

  /** Counts an error; what is none of the protocol becomes `InternalError`. */
  countError(cause: unknown): S3Error {
    const error =
      cause instanceof S3Error
        ? cause
        : new S3Error('InternalError', `Internal error: ${String(cause)}`);
    this.#errors[error.code] = (this.#errors[error.code] ?? 0) + 1;
    return error;
  }

  countSent(bytes: number): void {
    this.#sentBytes += bytes;
  }

  countReceived(announcedBytes: number, isComplete: boolean): void {
    if (isComplete) this.#receivedBytes += announcedBytes;
    else if (announcedBytes > 0) this.#disconnects += 1;
  }

  facts(store: ObjectStore, uploads: UploadStore): ServerFacts {
    const objects = store.buckets().reduce((sum, { name }) => sum + store.index(name).size, 0);
    return {
      requests: { ...this.#requests },
      errors: { ...this.#errors },
      receivedBytes: this.#receivedBytes,
      sentBytes: this.#sentBytes,
      disconnects: this.#disconnects,
      objects,
      openUploads: uploads.size,
    };
  }
}
