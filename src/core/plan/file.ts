/**
 * The nouns of moving files: what a source file is, where it goes, and what stands there already.
 * Plain JSON; they travel in activity inputs and results, so that a run's history says what was moved.
 */

/**
 * Which version of a file this is (promise G5). Two identities are equal when every field that both have is equal.
 * Fixed when a unit is planned; checked at every open, before completion and before deletion.
 */
export interface FileIdentity {
  /** As the source names it: absolute path on SFTP and local folders, key on S3. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Modification time as the server gives it: decimal epoch seconds, with a fraction where there is one. */
  readonly modified: string;
  /** S3: the entity tag, with its quotes. */
  readonly etag?: string;
  /** S3 with versioning. */
  readonly version?: string;
  /** Hash of the first and the last 64 KiB, where the server has no entity tag; only on pinned identities. */
  readonly ends?: string;
}

/** A place in a target. */
export interface TargetAddress {
  /** The bucket on S3; empty where there is none. */
  readonly container: string;
  /** Object key, or absolute path. */
  readonly key: string;
}

/** What stands at an address. */
export interface TargetObject {
  readonly size: number;
  /** Changes whenever the object does; what a conditional write compares with. */
  readonly tag: string;
  /** Digest of the source identity that it was copied from, when the target kept one. */
  readonly copiedFrom?: string;
  /** Modification time that it took over from its source, epoch seconds as text; where `keepsOrigin` is false. */
  readonly modified?: string;
  /** The unit that wrote it, when the target kept one. */
  readonly unit?: string;
  /** CRC32 of the whole object as 8 hex digits, when the target keeps one. */
  readonly crc32?: string;
}

/** What a conditional write expects to find: nothing, or the object with this tag. */
export type Expectation = { readonly absent: true } | { readonly tag: string };

/** One object to write, decided before any byte is read. */
export interface ObjectOrder {
  readonly address: TargetAddress;
  /** Unique for (run, source file); kept with the object, so that a lost answer is recognised as success. */
  readonly unit: string;
  /** Digest of the pinned source identity, kept with the object, so that it need not be copied again. */
  readonly copiedFrom: string;
  /** Null: nobody knows before the last byte (rows); then the parts alone say it. */
  readonly size: number | null;
  /** Modification time of the source, epoch seconds as text; targets that have times take it over. Null: none. */
  readonly modified: string | null;
  readonly expected: Expectation;
}

/** A multipart upload or a temporary file that collects the parts of one object. */
export interface UploadHandle {
  /** Upload id, or the path of the temporary file. */
  readonly id: string;
  readonly order: ObjectOrder;
  readonly partBytes: number;
}

/** One part that the target confirmed. */
export interface PartRecord {
  /** From 1, without gaps. */
  readonly number: number;
  readonly size: number;
  /** CRC32 of the bytes as they were read at the source side, 8 hex digits. */
  readonly crc32: string;
  /** S3: the part's entity tag; elsewhere empty. */
  readonly tag: string;
}

export interface WrittenObject {
  readonly address: TargetAddress;
  readonly size: number;
  readonly tag: string;
  /** What the target reports of the whole object: 8 hex digits, or null where it reports none. */
  readonly crc32: string | null;
}
