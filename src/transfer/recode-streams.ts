/** The steps that change the bytes of a file on their way, each a stream of pieces from a stream of pieces. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TidemarkError } from '../core/errors/error.js';
import type { Pieces } from '../core/plan/recoding.js';
import { gzipMember } from '../formats/compression.js';
import { isBomb } from '../formats/conversions.js';
import type { RecordReader, RecordSink, RecordWriter } from '../formats/codec.js';
import { bomb } from '../formats/errors.js';
import type { FormatDeclaration } from '../formats/format.js';
import { rowTooLarge } from './errors.js';

/** A record is in memory whole. */
const recordBytesMax = 64 * 1024 * 1024;
/** A slice of work: others get their turn after each. */
const sliceBytes = 128 * 1024;

async function* slices(pieces: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  for await (const piece of pieces)
    for (let at = 0; at < piece.length; at += bytes) yield piece.subarray(at, at + bytes);
}

const assertRecord = (bytes: number, records: number): void => {
  if (bytes <= recordBytesMax) return;
  throw new TidemarkError(
    rowTooLarge,
    `record ${String(records + 1)} has no end within ${String(recordBytesMax)} bytes`,
  );
};

/** Gives every record to the sink; after each slice the caller is told, and others get their turn. */
async function* readRecords(
  pieces: AsyncIterable<Buffer>,
  reader: RecordReader,
  sink: RecordSink,
): AsyncGenerator<void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const slice of slices(pieces, sliceBytes)) {
    const bytes = rest.length === 0 ? slice : Buffer.concat([rest, slice]);
    rest = bytes.subarray(reader.read(bytes, false, sink));
    assertRecord(rest.length, reader.records);
    yield;
    await nextTurn();
  }
  reader.read(rest, true, sink);
}

const noSink: RecordSink = {
  begin: () => undefined,
  cell: () => undefined,
  endRow: () => undefined,
  record: () => undefined,
};

/** The names of all columns of a file, which has to be read to its end for them. */
export const columnsOf = async (
  pieces: AsyncIterable<Buffer>,
  reader: RecordReader,
): Promise<readonly string[]> => {
  for await (const _ of readRecords(pieces, reader, noSink));
  return reader.columns;
};

export async function* recoded(
  pieces: AsyncIterable<Buffer>,
  reader: RecordReader,
  writer: RecordWriter,
): AsyncGenerator<Buffer> {
  for await (const _ of readRecords(pieces, reader, writer)) yield writer.take();
  writer.end();
  yield writer.take();
}

/** Raw bytes of one member of gzip. */
const memberBytes = 1024 * 1024;
const membersAtOnce = 3;

/** gzip in members, several at once; a file without a byte is one empty member. */
export async function* gzipped(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const running: Promise<Buffer>[] = [];
  let held: Buffer[] = [];
  let bytes = 0;
  let members = 0;
  const start = (): void => {
    const member = gzipMember(Buffer.concat(held));
    // Its failure is thrown when it is its turn.
    member.catch(() => undefined);
    running.push(member);
    members++;
    held = [];
    bytes = 0;
  };
  for await (const slice of slices(pieces, memberBytes)) {
    held.push(slice);
    bytes += slice.length;
    if (bytes < memberBytes) continue;
    start();
    if (running.length >= membersAtOnce) yield (await running.shift()) ?? Buffer.alloc(0);
  }
  if (bytes > 0 || members === 0) start();
  for (const member of running) yield await member;
}

/** Ends a file that has far more bytes than its packed size could honestly hold. */
export async function* withoutBomb(
  pieces: AsyncIterable<Buffer>,
  path: string,
  packedBytes: number,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (isBomb(bytes, packedBytes))
      throw new TidemarkError(
        bomb,
        `unpacking ${JSON.stringify(path)}: ${String(packedBytes)} bytes have become ${String(bytes)}, and more follow`,
      );
    yield piece;
  }
}

/** Whole records from a stream, at most a slice of them at a time, behind the header of the file. */
class Cutter {
  readonly #source: AsyncGenerator<Buffer>;
  readonly #scanner: ReturnType<FormatDeclaration['scanner']>;
  #back: Buffer | null = null;
  #tail: Buffer = Buffer.alloc(0);
  #records = 0;
  isEnded = false;

  constructor(
    pieces: AsyncIterable<Buffer>,
    declaration: FormatDeclaration,
    { format, bytes }: Pieces,
  ) {
    this.#source = slices(pieces, Math.max(1, Math.min(64 * 1024, Math.floor(bytes / 8))));
    this.#scanner = declaration.scanner(format);
  }

  async #next(): Promise<Buffer | null> {
    const { done, value } = await this.#source.next();
    return done === true ? null : value;
  }

  /** The bytes before the first record, with the names where the file has them; the rest is scanned later. */
  async head(declaration: FormatDeclaration, { format }: Pieces): Promise<Buffer> {
    let bytes = Buffer.alloc(0);
    for (;;) {
      const piece = await this.#next();
      bytes = piece === null ? bytes : Buffer.concat([bytes, piece]);
      const head = declaration.head(format, bytes, piece === null);
      assertRecord(bytes.length, 0);
      if (head === null) continue;
      this.#back = bytes.subarray(head.bytes);
      return bytes.subarray(0, head.bytes);
    }
  }

  /** The next records; null at the end. */
  async records(): Promise<Buffer | null> {
    for (;;) {
      const piece = this.#back ?? (await this.#next());
      this.#back = null;
      if (piece === null) return this.#last();
      const { end, records } = this.#scanner.scan(piece);
      this.#records += records;
      const whole = Buffer.concat([this.#tail, piece.subarray(0, end)]);
      this.#tail = end === 0 ? Buffer.concat([this.#tail, piece]) : piece.subarray(end);
      assertRecord(this.#tail.length, this.#records);
      if (end > 0) return whole;
    }
  }

  #last(): Buffer | null {
    this.isEnded = true;
    const rest = this.#tail;
    this.#tail = Buffer.alloc(0);
    return rest.length === 0 ? null : rest;
  }
}

/**
 * One stream for each piece; each is to be read to its end before the next is asked for. The header is repeated where the
 * file has one; a file without a record is one piece.
 */
export async function* cut(
  stream: AsyncIterable<Buffer>,
  declaration: FormatDeclaration,
  pieces: Pieces,
): AsyncGenerator<AsyncGenerator<Buffer>> {
  const cutter = new Cutter(stream, declaration, pieces);
  const head = await cutter.head(declaration, pieces);
  // A byte order mark alone is no header.
  const repeats = pieces.format.kind === 'csv' && pieces.format.header;
  let next = await cutter.records();
  let isFirst = true;
  const one = async function* (begin: Buffer): AsyncGenerator<Buffer> {
    let used = begin.length;
    if (begin.length > 0) yield begin;
    while (next !== null) {
      const records = next;
      yield records;
      used += records.length;
      next = await cutter.records();
      if (next !== null && used + next.length > pieces.bytes) return;
    }
  };
  do {
    yield one(isFirst || repeats ? head : Buffer.alloc(0));
    isFirst = false;
  } while (next !== null);
}
