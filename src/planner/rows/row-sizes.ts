/** Sizes of a read of rows, chosen from the capabilities of the target and what the source's options ask for. */
import type { TargetCapabilities } from '../../connectors/capabilities.js';
import type { RowSizes } from '../../core/plan/rows.js';
import { chooseSizes, type SizeWishes } from '../sizes.js';

/** Measured (performance.md): larger pages are not faster, and a page is what is read again. */
const usualPageRows = 50_000;
const pageBytes = 8 * 1024 * 1024;

export interface RowSizeWishes extends SizeWishes {
  /** `rows_chunk`; null leaves it to the planner. */
  readonly pageRows: number | null;
  readonly lanes: number;
}

/** `target` is null where rows go into a table: a part is then what one page of a file holds. */
export const chooseRowSizes = (
  target: Pick<TargetCapabilities, 'partBytesMin' | 'partsMax'> | null,
  wishes: RowSizeWishes,
): RowSizes => {
  const { partBytes, chunkParts } = chooseSizes(target, wishes);
  const { pageRows, lanes, workers, vary } = wishes;
  const tiny = vary === 'tiny';
  const first = tiny ? 3 : Math.min(pageRows ?? usualPageRows, usualPageRows);
  const most = tiny ? 3 : pageRows;
  return {
    pageRows: first,
    ...(most === null ? {} : { pageRowsMax: most }),
    pageBytes,
    partBytes,
    chunkParts: tiny ? 1 : chunkParts,
    lanes,
    workers,
  };
};
