/**
 * The pump of rows from one database into another: every page between keys is one staged page of the target, and flows
 * through without being held.
 *
 * Keeps true: where the lane goes on is the target's own answer, and a page ends with a key behind which the next one begins.
 */
import type {
  LaneProgress,
  RowReader,
  RowStream,
  WireFormat,
} from '../connectors/row-connector.js';
import { invariant } from '../core/errors/invariant.js';
import type { RowKey } from '../core/plan/rows.js';
import { PageSizer } from './page-sizer.js';
import { PageWalk } from './page-walk.js';
import {
  LaneSum,
  type LoadOutcomeOfLane,
  type PageBody,
  type StagedLane,
  stagePage,
  stopsHere,
} from './staged-lane.js';
import type { TransferProgress } from './transfer-progress.js';

export interface CopyRowsLane extends StagedLane {
  readonly reader: RowReader;
  readonly hasKey: boolean;
  readonly after: RowKey | null;
  readonly upTo: RowKey | null;
  readonly includeNulls: boolean;
  /** Names of the staging columns in the order in which the source writes them. */
  readonly columns: readonly string[];
  /** What the source writes and the target reads; without a header. */
  readonly format: WireFormat;
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
class CountedStream implements PageBody {
  readonly sum: LaneSum;
  readonly #stream: RowStream;
  readonly #progress: TransferProgress;
  #isEnded = false;

  constructor(stream: RowStream, before: LaneProgress, progress: TransferProgress) {
    this.sum = new LaneSum(before);
    this.#stream = stream;
    this.#progress = progress;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for await (const chunk of this.#stream) {
      this.#progress.read(chunk.length);
      yield this.sum.take(chunk);
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
const stageStream = (
  work: Work,
  before: LaneProgress,
  stream: RowStream,
  position: LanePosition,
): Promise<LaneProgress> =>
  stagePage(work, before, new CountedStream(stream, before, work.progress), {
    columns: work.columns,
    format: work.format,
    position: () => JSON.stringify(position),
  });

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
      staged = await stageStream(work, before, page.stream, page.end ?? afterLast(work));
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
  return stageStream(work, work.first, stream, afterLast(work));
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
    staged = await stageStream(work, staged, lane.reader.readNulls(signal), 'done');
  }
  return { progress: staged, done: readPosition(staged.position) === 'done' };
};
