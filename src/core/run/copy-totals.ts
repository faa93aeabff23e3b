/** Sums of a copy: additive, so that the order in which units finish does not matter. */
import { resultKeysMax, type PlannedItem } from '../plan/plan.js';
import type { CopyTotals } from './copy-state.js';
import type { Made, Moved } from './outcome.js';

/** Sum modulo 2^32 of two numbers of 8 hex digits. */
export const addSum = (a: string, b: string): string =>
  ((Number.parseInt(a, 16) + Number.parseInt(b, 16)) % 2 ** 32).toString(16).padStart(8, '0');

const folderOf = (key: string): string => key.slice(0, key.lastIndexOf('/') + 1);

const commonFolder = (a: string | null, b: string): string => {
  if (a === null) return b;
  const left = a.split('/');
  const right = b.split('/');
  let same = 0;
  while (same < left.length - 1 && left[same] === right[same]) same++;
  return same === 0 ? '' : `${left.slice(0, same).join('/')}/`;
};

/**
 * Adds files that the target held already. They belong to the result: a run that finds its work done hands the same
 * folder to its downstreams as the run that did it.
 */
export const addHeld = (totals: CopyTotals, held: readonly PlannedItem[]): CopyTotals => {
  const keys = held.map(({ target }) => target.key);
  return {
    ...totals,
    skipped: totals.skipped + held.length,
    keys: [...totals.keys, ...keys].sort().slice(0, resultKeysMax + 1),
    commonFolder: keys.reduce(
      (common, key) => commonFolder(common, folderOf(key)),
      totals.commonFolder,
    ),
    container: held[0]?.target.container ?? totals.container,
  };
};

const nothingMade: Made = { objects: 0, bytes: 0, rowsRead: 0, rowsWritten: 0 };

const addMade = (a: Made | undefined, b: Made | undefined): Made | undefined => {
  if (b === undefined) return a;
  const { objects, bytes, rowsRead, rowsWritten } = a ?? nothingMade;
  return {
    objects: objects + b.objects,
    bytes: bytes + b.bytes,
    rowsRead: rowsRead + b.rowsRead,
    rowsWritten: rowsWritten + b.rowsWritten,
  };
};

/** Adds what one unit moved. A target that reports no CRC32 once makes the total's null. */
export const addMoved = (totals: CopyTotals, moved: Moved, container: string): CopyTotals => {
  const made = addMade(totals.made, moved.made);
  return {
    ...totals,
    ...(made === undefined ? {} : { made }),
    files: totals.files + moved.files,
    bytes: totals.bytes + moved.bytes,
    targetBytes: totals.targetBytes + moved.targetBytes,
    crc32: addSum(totals.crc32, moved.crc32),
    targetCrc32:
      totals.targetCrc32 === null || moved.targetCrc32 === null
        ? null
        : addSum(totals.targetCrc32, moved.targetCrc32),
    bytesRead: totals.bytesRead + moved.bytesRead,
    retries: totals.retries + moved.retries,
    keys: [...totals.keys, ...moved.keys].sort().slice(0, resultKeysMax + 1),
    commonFolder: moved.keys.reduce(
      (common, key) => commonFolder(common, folderOf(key)),
      totals.commonFolder,
    ),
    container,
  };
};
