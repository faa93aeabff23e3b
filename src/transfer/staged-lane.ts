/**
 * A lane on its way into a table, page by page: what the pump of a file and that of a query share.
 *
 * Keeps true: CRC32 and bytes are those that were read at the source, and the target commits a page only with as many rows
 * as were counted there; a page that another attempt staged ends this one, because it may end elsewhere.
 */
import { crc32 } from 'node:zlib';
import type { LaneProgress, RowTarget, WireFormat } from '../connectors/row-connector.js';
import { TidemarkError } from '../core/errors/error.js';
import { invariant } from '../core/errors/invariant.js';
import type { RowSizes } from '../core/plan/rows.js';
import type { PreparedLoad } from '../core/run/load.js';
import { formatCrc32, parseCrc32 } from '../core/values/crc32.js';
import { draining, laneOvertaken } from './errors.js';
import type { TransferProgress } from './transfer-progress.js';

export interface StagedLane {
  readonly lane: number;
  readonly target: RowTarget;
  readonly load: PreparedLoad;
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

/** CRC32 and bytes of a lane, going on behind its last page. */
export class LaneSum {
  crc: number;
  bytes: number;

  constructor(before: LaneProgress) {
    const crc = parseCrc32(before.crc32);
    invariant(crc !== undefined, 'the target keeps the CRC32 of a lane');
    this.crc = crc;
    this.bytes = before.bytes;
  }

  /** The same bytes, counted. */
  take(piece: Buffer): Buffer {
    this.crc = crc32(piece, this.crc);
    this.bytes += piece.length;
    return piece;
  }
}

/** The bytes of one page on their way; what it was is known when they have ended. */
export interface PageBody extends AsyncIterable<Buffer> {
  readonly sum: LaneSum;
  /** As the source counted them. */
  rows(): number;
}

export interface PageFacts {
  /** Names of the staging columns in the order of the page. */
  readonly columns: readonly string[];
  readonly format: WireFormat;
  /** Where the lane goes on; asked when the bytes have ended. */
  position(): string;
}

/** Stages one page and gives the lane's progress behind it. */
export const stagePage = async (
  work: StagedLane & { readonly signal: AbortSignal },
  before: LaneProgress,
  body: PageBody,
  facts: PageFacts,
): Promise<LaneProgress> => {
  const { lane, load } = work;
  const number = before.pages + 1;
  const page = {
    ...facts,
    lane,
    number,
    crc32: () => formatCrc32(body.sum.crc),
    bytes: () => body.sum.bytes,
    expectedRows: () => body.rows(),
  };
  const { rows, wasThere } = await work.target.stage(load, page, body, work.signal);
  if (wasThere) {
    throw new TidemarkError(
      laneOvertaken,
      `staging page ${String(number)} of lane ${String(lane)} for ${load.plan.table.name}: another attempt has staged it`,
    );
  }
  work.rowsRead(rows);
  work.progress.confirmedBytes += body.sum.bytes - before.bytes;
  const after: LaneProgress = {
    pages: number,
    rows: before.rows + rows,
    bytes: body.sum.bytes,
    position: page.position(),
    crc32: page.crc32(),
  };
  work.confirmed(after);
  return after;
};

/** Asked between two pages. Throws `transfer/worker-stops` when the worker is asked to stop. */
export const stopsHere = (
  work: StagedLane & { readonly first: LaneProgress },
  staged: LaneProgress,
): boolean => {
  const pages = staged.pages - work.first.pages;
  if (work.draining.aborted) {
    throw new TidemarkError(draining, `${String(pages)} pages are done, the worker stops`);
  }
  return pages > 0 && (pages >= work.sizes.chunkParts || work.until());
};
