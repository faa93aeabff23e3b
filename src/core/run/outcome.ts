/** What activities report: plain JSON; in a run's history each of them is a durable checkpoint. */
import type { FileIdentity, UploadHandle } from '../plan/file.js';

/** Sums over files. CRC32 sums are taken modulo 2^32, so that the order of files does not matter. */
export interface Moved {
  readonly files: number;
  /** Bytes as counted at the source side of the pump. */
  readonly bytes: number;
  /** What a recoding made of them; absent: they went on as they were. */
  readonly made?: Made;
  /** Bytes that the target reports of the finished objects. */
  readonly targetBytes: number;
  /** CRC32 of what was read at the source, or of what was made of it, 8 hex digits; of several files the sum. */
  readonly crc32: string;
  /** CRC32 that the target reports, in the same way; null where it reports none. */
  readonly targetCrc32: string | null;
  /** Bytes that all attempts read from the source, as far as their heartbeats told. */
  readonly bytesRead: number;
  /** Attempts beyond the first. */
  readonly retries: number;
  /** Keys that were written; at most 1,000. */
  readonly keys: readonly string[];
}

/** The account of files that were changed on their way. */
export interface Made {
  readonly objects: number;
  /** Bytes that were given to the target. */
  readonly bytes: number;
  /** Records that were read and that were written; 0 where nobody looked into the files. */
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

/** A batch of small files, each written in one conditional step. */
export type BatchOutcome = Moved;

/** An upload that was opened, with the identity that every attempt must find. */
export interface OpenedUnit {
  readonly source: FileIdentity;
  readonly upload: UploadHandle;
}

/** One chunk of a large file: consecutive parts, all confirmed by the target. */
export interface ChunkOutcome {
  /** Number of the first part, from 1. */
  readonly first: number;
  readonly count: number;
  readonly bytes: number;
  /** CRC32 of the chunk's bytes, 8 hex digits. */
  readonly crc32: string;
  /** Chain digest over (number, size, CRC32, tag) of the parts; completion must find the same parts. */
  readonly digest: string;
  readonly bytesRead: number;
  readonly retries: number;
}

/** A completed large file; what its chunks read is added by the reducer. */
export type UnitOutcome = Omit<Moved, 'bytesRead' | 'retries'>;
