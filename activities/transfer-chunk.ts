/**
 * `<kind>.transfer` of a large file: some consecutive parts, about a minute of work. Its result in the history is the
 * checkpoint. A retry asks the target which parts it holds (the truth); heartbeat details count only where the target
 * cannot say (G6).
 */
import { invariant } from '../src/core/errors/invariant.js';
import type { PartRecord } from '../src/core/plan/file.js';
import type { AssetPlan } from '../src/core/plan/plan.js';
import type { ChunkOutcome, OpenedUnit } from '../src/core/run/outcome.js';
import { copyParts } from '../src/transfer/copy-chunk.js';
import { crcOfPieces, partRanges, type PartRange, partsDigest } from '../src/transfer/parts.js';
import { type Attempt, runAttempt, type Watched } from './heartbeat.js';
import type { OpenTarget, Ports } from './ports.js';

export interface ChunkInput {
  readonly plan: AssetPlan;
  readonly opened: OpenedUnit;
  readonly first: number;
  readonly count: number;
}

const rangesOf = ({ opened, first, count }: ChunkInput): readonly PartRange[] =>
  partRanges(opened.source.size, opened.upload.partBytes, first, count);

/** Parts of `ranges` that earlier attempts left, complete and with a known CRC32. */
const partsBefore = async (
  input: ChunkInput,
  ranges: readonly PartRange[],
  open: OpenTarget,
  attempt: Attempt,
): Promise<readonly PartRecord[]> => {
  if (attempt.retries === 0) return [];
  const sizes = new Map(ranges.map((range) => [range.number, range.size]));
  if (open.connector.target?.capabilities.listsParts === true) {
    const held = await open.target.listParts(input.opened.upload, attempt.signal);
    return held.filter((part) => sizes.get(part.number) === part.size && part.crc32 !== '');
  }
  return (attempt.previous?.done ?? []).flatMap((entry): PartRecord[] => {
    const [number, crc32] = entry.split(':');
    const size = sizes.get(Number(number));
    if (size === undefined || crc32 === undefined) return [];
    return [{ number: Number(number), size, crc32, tag: '' }];
  });
};

const bytesOf = (parts: readonly { readonly size: number }[]): number =>
  parts.reduce((sum, part) => sum + part.size, 0);

const transfer = async (
  ports: Ports,
  input: ChunkInput,
  attempt: Attempt,
): Promise<ChunkOutcome> => {
  const { plan, opened } = input;
  const { signal, progress } = attempt;
  invariant(plan.target !== null, 'bytes move only where there is a target');
  const { source, options } = await ports.connections.source(plan.source);
  const open = await ports.connections.target(plan.target);
  const ranges = rangesOf(input);
  const before = await partsBefore(input, ranges, open, attempt);
  progress.resumeFrom(bytesOf(before));
  const held = new Set(before.map((part) => part.number));
  const remembers = open.connector.target?.capabilities.listsParts !== true;
  const remember = (part: PartRecord): void => {
    if (remembers) attempt.done.push(`${String(part.number)}:${part.crc32}`);
  };
  before.forEach(remember);
  const reader = await source.open(options, opened.source, signal);
  let copied: readonly PartRecord[];
  try {
    copied = await copyParts(
      {
        reader,
        target: open.target,
        upload: opened.upload,
        parts: ranges.filter((range) => !held.has(range.number)),
        budget: ports.budget,
        progress,
        draining: ports.draining,
        confirmed: (part) => {
          remember(part);
          ports.faults.reach('part-written');
        },
      },
      signal,
    );
    await reader.verify(signal);
  } finally {
    await reader[Symbol.asyncDispose]();
  }
  const parts = [...before, ...copied].sort((a, b) => a.number - b.number);
  return {
    first: input.first,
    count: input.count,
    bytes: bytesOf(parts),
    crc32: crcOfPieces(parts),
    digest: partsDigest(parts),
    // What the target holds was read, even if its attempt died before the heartbeat that would have said so.
    bytesRead: Math.max(attempt.readBefore, bytesOf(before)) + progress.readBytes,
    retries: attempt.retries,
  };
};

const watchedOf = (input: ChunkInput): Watched => ({
  timing: input.plan.timing,
  attemptsWithoutProgress: input.plan.retry.attemptsWithoutProgress,
  totalBytes: bytesOf(rangesOf(input)),
  object: `${input.opened.upload.order.address.key} parts ${String(input.first)}–${String(input.first + input.count - 1)}`,
  movesBytes: true,
});

export const transferChunk =
  (ports: Ports) =>
  (input: ChunkInput): Promise<ChunkOutcome> =>
    runAttempt(ports, watchedOf(input), (attempt) => transfer(ports, input, attempt));
