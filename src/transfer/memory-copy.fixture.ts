/**
 * A source and a target in memory for tests of the pump, whose steps can be held: a test decides when a read or a
 * write ends, and sees every buffer that one of them still uses.
 */
import { openSource } from '../connectors/memory/source.js';
import {
  connectionOptions,
  sourceOptions,
  type MemorySourceOptions,
} from '../connectors/memory/options.js';
import { MemoryFolder } from '../connectors/memory/store.js';
import { openTarget } from '../connectors/memory/target.js';
import type { FileReader, FileSource, FileTarget, OpenContext } from '../connectors/connector.js';
import type { FileIdentity, ObjectOrder } from '../core/plan/file.js';
import { TransferProgress } from './transfer-progress.js';

export const never = new AbortController().signal;

const context: OpenContext = {
  connectionName: 'inbox',
  throttle: () => Promise.resolve(),
  log: () => undefined,
};

/** Bytes that differ everywhere, so that no mistake of position goes unseen. */
export const bytesOf = (length: number, seed = 1): Buffer =>
  Buffer.from(
    Array.from({ length }, (_, index) => (index * 31 + (index >> 8) * 7 + seed * 131) % 256),
  );

export class MemoryCopy {
  readonly inbox = new MemoryFolder();
  readonly lake = new MemoryFolder();
  readonly source: FileSource<MemorySourceOptions>;
  readonly target: FileTarget;
  readonly options: MemorySourceOptions = sourceOptions.parse({});
  readonly progress = new TransferProgress(() => 0);
  /** Buffers that a read or a write is using at this moment. */
  readonly inUse = new Set<ArrayBufferLike>();
  mostReadsAtOnce = 0;
  /** Awaited inside every read and write; a test replaces them. */
  whileReading: (position: number, signal: AbortSignal) => Promise<void> = () => Promise.resolve();
  whileWriting: (part: number, signal: AbortSignal) => Promise<void> = () => Promise.resolve();
  #reads = 0;

  constructor(faults: readonly object[] = []) {
    const connection = connectionOptions.parse({ faults });
    this.source = openSource({ folder: this.inbox, connection, context });
    this.target = openTarget({
      folder: this.lake,
      connection: connectionOptions.parse({}),
      context,
    });
  }

  put(path: string, bytes: Buffer): FileIdentity {
    const tag = this.inbox.nextName('tag');
    this.inbox.files.set(path, { bytes, modified: '1700000000', tag, crc32: '' });
    return { path, size: bytes.length, modified: '1700000000', etag: tag };
  }

  order(identity: FileIdentity): ObjectOrder {
    return {
      address: { container: '', key: `raw/${identity.path}` },
      unit: `unit of ${identity.path} ${String(identity.etag)}`,
      copiedFrom: String(identity.etag),
      size: identity.size,
      modified: identity.modified,
      expected: { absent: true },
    };
  }

  async reader(identity: FileIdentity): Promise<FileReader> {
    const reader = await this.source.open(this.options, identity, never);
    return {
      read: (position, buffer, progress, signal) =>
        this.#using(buffer, async () => {
          this.#reads++;
          this.mostReadsAtOnce = Math.max(this.mostReadsAtOnce, this.#reads);
          try {
            await this.whileReading(position, signal);
            await reader.read(position, buffer, progress, signal);
          } finally {
            this.#reads--;
          }
        }),
      verify: (signal) => reader.verify(signal),
      [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
    };
  }

  /** The source with readers that can be held. */
  get heldSource(): FileSource<MemorySourceOptions> {
    return { ...this.source, open: (_options, identity) => this.reader(identity) };
  }

  get heldTarget(): FileTarget {
    const { target } = this;
    return {
      ...target,
      writePart: (upload, part, body, io) =>
        this.#using(body, async () => {
          await this.whileWriting(part.number, io.signal);
          return target.writePart(upload, part, body, io);
        }),
    };
  }

  /** No two users of one buffer: whoever starts while another has not ended would read the other's bytes. */
  async #using<T>(buffer: Buffer, work: () => Promise<T>): Promise<T> {
    if (this.inUse.has(buffer.buffer))
      throw new Error('a buffer was handed out while it was in use');
    this.inUse.add(buffer.buffer);
    try {
      return await work();
    } finally {
      this.inUse.delete(buffer.buffer);
    }
  }
}
