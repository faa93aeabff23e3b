/**
 * The pump of rows from one database into another: every page between keys is one staged page of the target, and flows
 * through without being held.
 *
 * Keeps true: where the lane goes on is the target's own answer; a page is committed only with as many rows as the source
 * counted; CRC32 and bytes are those that were read at the source; a page that another attempt staged ends this one, because it
 * may end elsewhere.
 */
import { crc32 } from 'node:zlib';
import type {
  LaneProgress,
  RowReader,
  RowStream,
  RowTarget,
  WireFormat,
} from '../connectors/row-connector.js';
import { TidemarkError } from '../core/errors/error.js';
import { invariant } from '../core/errors/invariant.js';
import type { RowKey, RowSizes } from '../core/plan/rows.js';
import type { PreparedLoad } from '../core/run/load.js';
import { formatCrc32, parseCrc32 } from '../core/values/crc32.js';
import { draining } from './errors.js';
import { overtaken } from './overtaken.js';
import { PageSizer } from './page-sizer.js';
import { PageWalk } from './page-walk.js';
import type { TransferProgress } from './transfer-progress.js';

export interface CopyRowsLane {
  readonly reader: RowReader;
  readonly hasKey: boolean;
  readonly lane: number;
  readonly after: RowKey | null;
  readonly upTo: RowKey | null;
  readonly includeNulls: boolean;
  readonly target: RowTarget;
  readonly load: PreparedLoad;
  /** Names of the staging columns in the order in which the source writes them. */
  readonly columns: readonly string[];
  /** What the source writes and the target reads; without a header. */
  readonly format: WireFormat;
  readonly sizes: RowSizes;
  readonly progress: TransferProgress;
  /** Aborted when the worker is asked to stop: the page under way is finished. */
  readonly draining: AbortSignal;
  /** Rows that were read, page by page. */
  rowsRead(rows: number): void;
  /** Asked after each page; true ends the chunk. */
  until(): boolean;
  /** Called after each page that the target committed. */
  confirmed(progress: LaneProgress): void;
}

export interface LoadOutcomeOfLane {
  /** The lane so far, as the target keeps it. */
  readonly progress: LaneProgress;
  readonly done: boolean;
}

/** What a position says: the key of the last row, or that only the rows without a cursor are left, or nothing. */
type LanePosition = RowKey | 'nulls' | 'done';

const readPosition = (text: string | null): LanePosition | null => {
  if (text === null) return null;
  const value = JSON.parse(text) as unknown;
  if (value === 'nulls' || value === 'done') return value;
  invariant(
    Array.isArray(value) && value.every((part) => typeof part === 'string'),
    'the position of a lane of rows is a key',
  );
  return value as RowKey;
};

/** A stream on its way, with what it was when it has ended. */
class CountedStream implements AsyncIterable<Buffer> {
  crc: number;
  bytes: number;
  readonly #stream: RowStream;
  readonly #progress: TransferProgress;
  #isEnded = false;

  constructor(stream: RowStream, before: LaneProgress, progress: TransferProgress) {
    const crc = parseCrc32(before.crc32);
    invariant(crc !== undefined, 'the target keeps the CRC32 of a lane');
    this.crc = crc;
    this.bytes = before.bytes;
    this.#stream = stream;
    this.#progress = progress;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for await (const chunk of this.#stream) {
      this.#progress.read(chunk.length);
      this.crc = crc32(chunk, this.crc);
      this.bytes += chunk.length;
      yield chunk;
    }
    this.#isEnded = true;
  }

  rows(): number {
    invariant(this.#isEnded, 'rows of a page are counted when its bytes have ended');
    return this.#stream.rows();
  }
}

interface Work extends CopyRowsLane {
  readonly signal: AbortSignal;
  readonly first: LaneProgress;
}

/** Stages one stream and gives the lane's progress behind it. */
const stagePage = async (
  work: Work,
  before: LaneProgress,
  stream: RowStream,
  position: LanePosition,
): Promise<LaneProgress> => {
  const { target, load, lane, columns, format, progress } = work;
  const body = new CountedStream(stream, before, progress);
  const number = before.pages + 1;
  const page = {
    lane,
    number,
    position: () => JSON.stringify(position),
    crc32: () => formatCrc32(body.crc),
    bytes: () => body.bytes,
    columns,
    format,
    expectedRows: () => body.rows(),
  };
  const { rows, wasThere } = await target.stage(load, page, body, work.signal);
  if (wasThere) throw overtaken(load, page);
  work.rowsRead(rows);
  progress.confirmedBytes += body.bytes - before.bytes;
  const after: LaneProgress = {
    pages: number,
    rows: before.rows + rows,
    bytes: body.bytes,
    position: page.position(),
    crc32: page.crc32(),
  };
  work.confirmed(after);
  return after;
};

const stopsHere = (work: Work, staged: LaneProgress): boolean => {
  const pages = staged.pages - work.first.pages;
  if (work.draining.aborted) {
    throw new TidemarkError(draining, `${String(pages)} pages are done, the worker stops`);
  }
  return pages >= work.sizes.chunkParts || (pages > 0 && work.until());
};

const afterLast = (work: CopyRowsLane): LanePosition => (work.includeNulls ? 'nulls' : 'done');

/** Pages until the last, or until the share of this chunk is done. */
const stagePages = async (work: Work, after: RowKey | null): Promise<LaneProgress> => {
  const { reader, upTo } = work;
  let staged = work.first;
  const sizer = new PageSizer(work.sizes, { rows: staged.rows, rawBytes: staged.bytes });
  const walk = new PageWalk({ reader, after, upTo, header: false, sizer }, work.signal);
  try {
    while (!stopsHere(work, staged)) {
      const page = await walk.next();
      const before = staged;
      staged = await stagePage(work, before, page.stream, page.end ?? afterLast(work));
      sizer.took(staged.rows - before.rows, staged.bytes - before.bytes);
      if (page.end === null) break;
    }
    return staged;
  } finally {
    walk.stop();
  }
};

const stageWhole = (work: Work): Promise<LaneProgress> => {
  const stream = work.reader.read({ after: null, upTo: null, header: false }, work.signal);
  return stagePage(work, work.first, stream, afterLast(work));
};

/**
 * Stages the rows of one lane, from where the target says that it is. Throws `transfer/worker-stops` and what source and
 * target throw.
 */
export const copyRowsLane = async (
  lane: CopyRowsLane,
  signal: AbortSignal,
): Promise<LoadOutcomeOfLane> => {
  const first = await lane.target.progress(lane.load, lane.lane, signal);
  const work: Work = { ...lane, first, signal };
  lane.progress.phase = 'copying';
  let staged = first;
  const start = readPosition(first.position);
  if (start !== 'done' && start !== 'nulls') {
    staged = lane.hasKey ? await stagePages(work, start ?? lane.after) : await stageWhole(work);
  }
  if (readPosition(staged.position) === 'nulls') {
    staged = await stagePage(work, staged, lane.reader.readNulls(signal), 'done');
  }
  return { progress: staged, done: readPosition(staged.position) === 'done' };
};
