/**
 * The checkpoint of a lane: a chain digest over the parts that the target confirmed. Keeps true: a checkpoint counts only
 * where the target's own parts reproduce it, so that two attempts with different page borders are never spliced.
 */
import { createHash } from 'node:crypto';
import type { PartRecord } from '../core/plan/file.js';
import type { LaneCheckpoint } from '../core/run/lane.js';

/** The digest of a lane without parts. */
export const emptyChain = '';

/** Digest of the chain that goes on with one more part: 32 hex digits. Earlier parts are not needed. */
export const chainPart = (chain: string, part: PartRecord): string =>
  createHash('sha256')
    .update(`${chain}\n${String(part.number)} ${String(part.size)} ${part.crc32} ${part.tag}`)
    .digest('hex')
    .slice(0, 32);

/** Digest of the whole chain of parts 1…N, in their order. */
export const partsDigestChain = (parts: readonly PartRecord[]): string =>
  parts.reduce(chainPart, emptyChain);

/** Digests after 0, 1, 2, … parts, as far as the numbers have no gap. */
const chainsOf = (listed: readonly PartRecord[]): readonly string[] => {
  const chains = [emptyChain];
  const ordered = [...listed].sort((a, b) => a.number - b.number);
  for (const part of ordered) {
    if (part.number !== chains.length) break;
    chains.push(chainPart(chains.at(-1) ?? emptyChain, part));
  }
  return chains;
};

/**
 * The newest checkpoint that the target's parts reproduce; null: the lane starts at its beginning. Further parts that the
 * target holds do not matter: they are written again.
 */
export const acceptCheckpoint = (
  candidates: readonly (LaneCheckpoint | null)[],
  listed: readonly PartRecord[],
): LaneCheckpoint | null => {
  const chains = chainsOf(listed);
  return candidates.reduce<LaneCheckpoint | null>((best, candidate) => {
    if (candidate === null || chains[candidate.parts] !== candidate.digest) return best;
    const isNewer =
      best === null ||
      candidate.parts > best.parts ||
      (candidate.parts === best.parts && candidate.done && !best.done);
    return isNewer ? candidate : best;
  }, null);
};
