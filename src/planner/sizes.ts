/**
 * Sizes and bounds of a copy, chosen from the capabilities of the target.
 *
 * Keeps true: a part is never smaller than the target allows, and no file that a target can hold needs more parts
 * than it takes. `partBytesFor` is what a unit uses; `partBytes` of the plan is only the least size.
 */
import type { TargetCapabilities } from '../connectors/capabilities.js';
import type { CopySizes } from '../core/plan/plan.js';

const mebibyte = 1024 * 1024;

/** `tiny`: the smallest legal sizes, so that tests meet every boundary (design §7). */
export type Variation = 'tiny' | null;

/** Measured (performance.md): larger parts are not faster, smaller ones cost a round trip each. */
const usualPartBytes = 8 * mebibyte;

/** A list-only asset has no target; its sizes are never used to write. */
const withoutTarget: Pick<TargetCapabilities, 'partBytesMin' | 'partsMax'> = {
  partBytesMin: 1,
  partsMax: 10_000,
};

export interface SizeWishes {
  readonly workers: number;
  /** What the target's options ask for; null leaves it to the planner. */
  readonly partBytes: number | null;
  readonly vary: Variation;
}

export const chooseSizes = (
  target: Pick<TargetCapabilities, 'partBytesMin' | 'partsMax'> | null,
  { workers, partBytes: asked, vary }: SizeWishes,
): CopySizes => {
  const { partBytesMin, partsMax } = target ?? withoutTarget;
  if (vary === 'tiny') {
    // Not below 1 KiB: a part of one byte meets no boundary that a part of 1 KiB does not meet.
    const partBytes = Math.max(1024, partBytesMin);
    const singleBytesMax = 1024;
    const batch = { batchItems: 3, batchBytes: 4 * 1024, pageItems: 5 };
    return { partBytes, partsMax, singleBytesMax, chunkParts: 1, ...batch, workers };
  }
  return {
    partBytes: Math.max(asked ?? usualPartBytes, partBytesMin),
    partsMax,
    singleBytesMax: 16 * mebibyte,
    chunkParts: 32,
    chunksAtOnce: 2,
    batchItems: 400,
    batchBytes: 256 * mebibyte,
    pageItems: 250,
    workers,
  };
};

/** `part_size` (bytes, once parsed), or the dialect's `min_size` in MiB (dialect §4.2). */
export const askedPartBytes = (parsed: unknown): number | null => {
  if (typeof parsed !== 'object' || parsed === null) return null;
  const { part_size: bytes, min_size: mebibytes } = parsed as Readonly<Record<string, unknown>>;
  if (typeof bytes === 'number') return bytes;
  return typeof mebibytes === 'number' ? mebibytes * mebibyte : null;
};

/**
 * Bytes of a part of a file with this size: the least size, or as many whole MiB as keep the file within `partsMax`
 * parts. A function of plan and size alone, because boundaries must be the same for every attempt.
 */
export const partBytesFor = (
  sizes: Pick<CopySizes, 'partBytes' | 'partsMax'>,
  fileBytes: number,
): number => {
  const needed = Math.ceil(fileBytes / sizes.partsMax);
  if (needed <= sizes.partBytes) return sizes.partBytes;
  const step = Math.min(mebibyte, sizes.partBytes);
  return Math.ceil(needed / step) * step;
};
