/**
 * What the handlers of requests work with, and the shape of a handler.
 */
import type { ConfinedPaths } from './confined-paths.js';
import type { ReadFaults, SftpFaults } from './faults.js';
import type { OpenHandles } from './open-handles.js';
import type { PacketFields } from './packet-fields.js';

/** A READ as a test may watch it, before its bytes are read. */
export interface ReadRequest {
  readonly path: string;
  readonly offset: number;
  readonly requestedBytes: number;
}

export interface Tally {
  connections: number;
  bytesRead: number;
  bytesWritten: number;
  opens: number;
}

export interface RequestContext {
  readonly paths: ConfinedPaths;
  readonly handles: OpenHandles;
  readonly tally: Tally;
  readonly faults: () => SftpFaults;
  readonly readFaults: ReadFaults;
  readonly onRead?: ((read: ReadRequest) => void | Promise<void>) | undefined;
}

/** An answer, with the number of file bytes in it if it answers a READ. */
export interface Answer {
  readonly packet: Buffer;
  readonly fileBytes?: number;
}

/**
 * Answers one request; undefined: it gets no answer (a declared fault). Fields are read before the first
 * await, and a rejected promise becomes a status.
 */
export type Handler = (
  context: RequestContext,
  id: number,
  fields: PacketFields,
) => Promise<Buffer | Answer | undefined>;
