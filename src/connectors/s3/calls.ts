/**
 * What this connector needs of an S3 server, in the words of S3 but without the driver's types: the seam between
 * `client.ts` (the only file that knows the driver) and everything else. Every call rejects with `S3Failure`, or
 * with the signal's reason; none repeats itself.
 */
import type { Readable } from 'node:stream';
import type { Expectation, PartRecord } from '../../core/plan/file.js';
import type { ByteProgress } from '../connector.js';

export interface Place {
  readonly bucket: string;
  readonly key: string;
}

/** What HEAD and GET say about an object. */
export interface ObjectHead {
  readonly size: number;
  readonly etag: string;
  /** Epoch seconds; fractions are dropped, because HEAD and listings of one server differ in them. */
  readonly modified: string;
  readonly version?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** As S3 writes it: base64, with `-<parts>` where it is the checksum of checksums. */
  readonly checksum?: string;
}

export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly modifiedMs: number;
  readonly storageClass: string;
}

export interface ObjectList {
  readonly objects: readonly ListedObject[];
  readonly isTruncated: boolean;
}

export interface RangeBody {
  /** Of the whole object. */
  readonly head: ObjectHead;
  readonly body: Readable;
}

export interface ListRequest {
  readonly bucket: string;
  readonly prefix: string;
  readonly startAfter: string | null;
  readonly limit: number;
}

export interface NewObject extends Place {
  readonly metadata: Readonly<Record<string, string>>;
}

/** One version of an object that the server copies from. */
export interface CopySource extends Place {
  readonly etag: string | undefined;
}

export interface UploadPlace extends Place {
  readonly uploadId: string;
}

export interface Written {
  readonly etag: string;
  readonly checksum?: string;
}

export interface StartedUpload {
  readonly uploadId: string;
  readonly startedMs: number;
  /** Id of the principal that began it; empty where the server tells none. */
  readonly initiator: string;
}

export interface UploadedPart {
  readonly number: number;
  readonly size: number;
  readonly etag: string;
  readonly checksum?: string;
}

export interface S3Calls {
  /** Null when there is no such object; a missing bucket looks the same. */
  head(place: Place, signal: AbortSignal): Promise<ObjectHead | null>;
  /** The whole object without `range`; only the version with that entity tag. */
  get(
    place: Place & {
      readonly etag: string | undefined;
      readonly range?: { readonly from: number; readonly bytes: number };
    },
    signal: AbortSignal,
  ): Promise<RangeBody>;
  list(request: ListRequest, signal: AbortSignal): Promise<ObjectList>;
  put(
    object: NewObject & { readonly expected: Expectation; readonly crc32: string },
    body: Buffer,
    signal: AbortSignal,
  ): Promise<Written>;
  /** The server copies that version; the new object has our metadata only. */
  copy(
    object: NewObject & { readonly expected: Expectation },
    source: CopySource,
    signal: AbortSignal,
  ): Promise<Written>;
  copyPart(
    part: UploadPlace & { readonly number: number },
    source: CopySource & { readonly range: { readonly from: number; readonly bytes: number } },
    signal: AbortSignal,
  ): Promise<Written>;
  remove(place: Place & { readonly etag: string | undefined }, signal: AbortSignal): Promise<void>;
  createUpload(object: NewObject, signal: AbortSignal): Promise<string>;
  uploadPart(
    part: UploadPlace & { readonly number: number; readonly crc32: string },
    body: Buffer,
    io: { readonly progress: ByteProgress; readonly signal: AbortSignal },
  ): Promise<Written>;
  /** All parts, or the first `limit`. */
  listParts(
    upload: UploadPlace,
    limit: number | null,
    signal: AbortSignal,
  ): Promise<readonly UploadedPart[]>;
  /** Open uploads of exactly this key. */
  listUploads(place: Place, signal: AbortSignal): Promise<readonly StartedUpload[]>;
  completeUpload(
    upload: UploadPlace & { readonly expected: Expectation },
    parts: readonly PartRecord[],
    signal: AbortSignal,
  ): Promise<Written>;
  abortUpload(upload: UploadPlace, signal: AbortSignal): Promise<void>;
  close(): void;
}
