/** One lane of rows on its way into an object: how far it is. Plain JSON; in a history each one is a durable checkpoint. */
import type { RowKey } from '../plan/rows.js';

export interface LaneCheckpoint {
  /** Parts that the target confirmed, from 1 without gaps. */
  readonly parts: number;
  /** Bytes of the object so far. */
  readonly bytes: number;
  /** Bytes before compression. */
  readonly rawBytes: number;
  readonly rows: number;
  /** CRC32 of the object's bytes so far, 8 hex digits. */
  readonly crc32: string;
  /** Chain digest over (number, size, CRC32, tag) of the parts: it counts only where the target's parts reproduce it. */
  readonly digest: string;
  /** Key of the last row; null before the first, or without a key. */
  readonly upper: RowKey | null;
  /** Nothing is left to read. */
  readonly done: boolean;
}
