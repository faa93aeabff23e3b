/**
 * The bytes of one `COPY … TO STDOUT`, straight from the session's socket. Keeps true: a piece is what one read of the socket
 * gave, with the frames of the protocol taken out where they lie, so that a row costs no object; the socket waits while
 * nobody takes pieces. Protocol: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import type { Duplex } from 'node:stream';

/** What the driver hands to a statement that reads its answer itself. */
export interface Wire {
  readonly stream: Duplex;
  query(sql: string): void;
}

const copyData = 0x64;
const copyDone = 0x63;
const errorResponse = 0x45;
const headBytes = 5;
/** Pieces that wait for their taker before the socket does. */
const waitingMax = 4;

type DataHandler = (bytes: Buffer) => void;

export class CopyOut implements AsyncIterable<Buffer> {
  readonly #sql: string;
  #wire: Wire | null = null;
  /** The driver's own reader of the socket; back in place when the copy has ended. */
  #driver: DataHandler = () => undefined;
  readonly #head = Buffer.alloc(headBytes);
  #headUsed = 0;
  #code = 0;
  /** Bytes of the message under way that have not come yet. */
  #left = 0;
  #pieces: Buffer[] = [];
  #failure: { readonly error: unknown } | null = null;
  #rows: number | null = null;
  #isReady = false;
  #wake: () => void = () => undefined;

  constructor(sql: string) {
    this.#sql = sql;
  }

  /** What the server counted; null before its end. */
  get rows(): number | null {
    return this.#isReady ? this.#rows : null;
  }

  /** Called by the driver when it is this statement's turn. */
  submit(wire: Wire): void {
    const { stream } = wire;
    const [driver] = stream.listeners('data');
    this.#wire = wire;
    this.#driver = driver as DataHandler;
    stream.on('data', this.#onData);
    stream.removeListener('data', this.#driver);
    wire.query(this.#sql);
  }

  readonly #onData = (bytes: Buffer): void => {
    const { length, rest } = this.#withoutFrames(bytes);
    if (length > 0) {
      this.#pieces.push(bytes.subarray(0, length));
      if (this.#pieces.length >= waitingMax) this.#wire?.stream.pause();
      this.#wake();
    }
    if (rest !== null) this.#handBack(rest);
  };

  /** Moves the payload to the front of `bytes`, which nobody else reads; `rest` is what the driver is to read, once the copy has ended. */
  #withoutFrames(bytes: Buffer): { readonly length: number; readonly rest: Buffer | null } {
    let length = 0;
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const size = Math.min(this.#left, bytes.length - at);
        const isData = this.#code === copyData;
        if (isData && length !== at) bytes.copyWithin(length, at, at + size);
        if (isData) length += size;
        at += size;
        this.#left -= size;
        continue;
      }
      const missing = headBytes - this.#headUsed;
      const taken = bytes.copy(this.#head, this.#headUsed, at, at + missing);
      this.#headUsed += taken;
      at += taken;
      this.#code = this.#head[0] ?? 0;
      if (this.#code === errorResponse) return { length, rest: this.#withHead(bytes, at) };
      if (taken < missing) break;
      this.#headUsed = 0;
      this.#left = this.#head.readUInt32BE(1) - (headBytes - 1);
      if (this.#code === copyDone) return { length, rest: Buffer.from(bytes.subarray(at)) };
    }
    return { length, rest: null };
  }

  /** The head that was taken already, and what follows it. */
  #withHead(bytes: Buffer, at: number): Buffer {
    const used = this.#headUsed;
    this.#headUsed = 0;
    return Buffer.concat([this.#head.subarray(0, used), bytes.subarray(at)]);
  }

  #handBack(rest: Buffer): void {
    const stream = this.#wire?.stream;
    if (stream === undefined) return;
    this.#wire = null;
    stream.on('data', this.#driver);
    stream.removeListener('data', this.#onData);
    if (rest.length > 0) this.#driver(rest);
    stream.resume();
  }

  handleError(error: unknown): void {
    this.fail(error);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const count = /^COPY (\d+)/.exec(text)?.[1];
    if (count !== undefined) this.#rows = Number(count);
  }

  handleReadyForQuery(): void {
    this.#isReady = true;
    this.#wake();
  }

  /** Ends the reading with this error, now. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#pieces = [];
    this.#wake();
  }

  /** Ends when the server has counted the rows and the session may be used again. Once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure.error;
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        if (this.#pieces.length === 0) this.#wire?.stream.resume();
        yield piece;
        continue;
      }
      if (this.#isReady) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
