/**
 * The pump of one file into staged pages of a database: pages are cut at the ends of records and flow through.
 *
 * Keeps true: where the lane goes on is the target's own answer; a page holds whole records; each is staged once.
 */
import type { LaneProgress } from '../connectors/row-connector.js';
import { TidemarkError } from '../core/errors/error.js';
import { invariant } from '../core/errors/invariant.js';
import type { FileFormat, RowFormat } from '../core/plan/rows.js';
import type { FormatDeclaration, HeadLine, RecordScanner } from '../formats/format.js';
import { rowTooLarge } from './errors.js';
import { filePieces, type BlockOrder } from './file-blocks.js';
import { stagingColumnsOf } from './match-columns.js';
import {
  LaneSum,
  type LoadOutcomeOfLane,
  type PageBody,
  type StagedLane,
  stagePage,
  stopsHere,
} from './staged-lane.js';

/** Bytes between two looks for the end of a page. */
const scanBytesMax = 256 * 1024;
/** A header line has at most this many bytes. */
const headBytesMax = 1024 * 1024;

export interface LoadFileLane extends BlockOrder, StagedLane {
  readonly format: FileFormat;
  readonly declaration: FormatDeclaration;
}

/** Pieces that can be put back, so that the head and the end of a page are looked at before they are used. */
class Pieces {
  readonly #source: AsyncGenerator<Buffer>;
  #back: Buffer[] = [];

  constructor(source: AsyncGenerator<Buffer>) {
    this.#source = source;
  }

  async next(): Promise<Buffer | null> {
    const back = this.#back.pop();
    if (back !== undefined) return back;
    const { done, value } = await this.#source.next();
    return done === true ? null : value;
  }

  putBack(piece: Buffer): void {
    if (piece.length > 0) this.#back.push(piece);
  }

  async end(): Promise<void> {
    await this.#source.return(undefined);
  }
}

const readHead = async (lane: LoadFileLane, pieces: Pieces): Promise<HeadLine> => {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const piece = await pieces.next();
    bytes = piece === null ? bytes : Buffer.concat([bytes, piece]);
    const head = lane.declaration.head(lane.format.rows, bytes, piece === null);
    if (head !== null) {
      pieces.putBack(bytes.subarray(head.bytes));
      return head;
    }
    if (piece === null || bytes.length > headBytesMax) {
      throw new TidemarkError(
        rowTooLarge,
        `reading ${JSON.stringify(lane.path)}: its header has no end within ${String(bytes.length)} bytes`,
      );
    }
  }
};

interface Work extends LoadFileLane {
  readonly columnNames: readonly string[];
  readonly pageFormat: RowFormat;
  readonly scanner: RecordScanner;
  readonly pieces: Pieces;
  readonly first: LaneProgress;
  readonly signal: AbortSignal;
}

/** A page of whole records, cut from the pieces as they flow. */
class FilePage implements PageBody {
  readonly sum: LaneSum;
  /** Bytes behind the page that were looked at: they begin the next one. */
  tail = Buffer.alloc(0);
  isLast = false;
  readonly #work: Work;
  readonly #tail: Buffer;
  #records = 0;

  constructor(work: Work, before: LaneProgress, tail: Buffer) {
    this.sum = new LaneSum(before);
    this.#work = work;
    this.#tail = tail;
  }

  rows(): number {
    return this.#records;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const { scanner, pieces, sizes } = this.#work;
    let left = sizes.pageBytes - this.#tail.length;
    // Looked at already: no record ends in it.
    if (this.#tail.length > 0) yield this.sum.take(this.#tail);
    for (;;) {
      const found = await pieces.next();
      if (found === null) {
        this.isLast = true;
        if (scanner.isInside) this.#records++;
        return;
      }
      const piece = found.subarray(0, Math.min(scanBytesMax, Math.max(1, sizes.pageBytes)));
      pieces.putBack(found.subarray(piece.length));
      const { end, records } = scanner.scan(piece);
      this.#records += records;
      left -= piece.length;
      if (left <= 0 && end > 0) {
        this.tail = Buffer.from(piece.subarray(end));
        yield this.sum.take(piece.subarray(0, end));
        return;
      }
      yield this.sum.take(piece);
    }
  }
}

const hasMore = async (pieces: Pieces, tail: Buffer): Promise<boolean> => {
  if (tail.length > 0) return true;
  const piece = await pieces.next();
  if (piece !== null) pieces.putBack(piece);
  return piece !== null;
};

const stagePages = async (work: Work, start: number): Promise<LoadOutcomeOfLane> => {
  let staged = work.first;
  let tail: Buffer = Buffer.alloc(0);
  for (;;) {
    if (!(await hasMore(work.pieces, tail))) return { progress: staged, done: true };
    if (stopsHere(work, staged)) return { progress: staged, done: false };
    const page = new FilePage(work, staged, tail);
    staged = await stagePage(work, staged, page, {
      columns: work.columnNames,
      format: work.pageFormat,
      position: () => String(start + page.sum.bytes - work.first.bytes),
    });
    tail = page.tail;
    if (page.isLast) return { progress: staged, done: true };
  }
};

const offsetOf = (position: string | null): number => {
  const offset = position === null ? 0 : Number(position);
  invariant(Number.isSafeInteger(offset), 'the position of a lane of a file is a byte offset');
  return offset;
};

/**
 * Stages the records of one file, from where the target says that the lane is. That the file still is the same is checked
 * by the reader. Throws `transfer/worker-stops`, `rows/row-too-large`, `format/bad-gzip`, `format/bad-header`, and
 * what source and target throw.
 */
export const loadFileLane = async (
  lane: LoadFileLane,
  signal: AbortSignal,
): Promise<LoadOutcomeOfLane> => {
  const { compression, rows } = lane.format;
  const first = await lane.target.progress(lane.load, lane.lane, signal);
  const offset = offsetOf(first.position);
  lane.progress.phase = 'copying';
  const open = (from: number): Pieces =>
    new Pieces(filePieces(lane, { compression, from }, signal));
  let pieces = open(0);
  try {
    const head = await readHead(lane, pieces);
    const start = Math.max(offset, head.bytes);
    if (start > head.bytes) {
      await pieces.end();
      pieces = open(start);
    }
    const pageFormat = rows.kind === 'csv' ? { ...rows, header: false } : rows;
    const columnNames = stagingColumnsOf(lane.load, head.columns);
    const scanner = lane.declaration.scanner(pageFormat);
    return await stagePages(
      { ...lane, columnNames, pageFormat, scanner, pieces, first, signal },
      start,
    );
  } finally {
    await pieces.end();
  }
};
