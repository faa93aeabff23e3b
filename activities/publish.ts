/**
 * `<kind>.publish`: makes a large file visible from exactly the parts that were recorded, if the source still is the
 * version that was planned and the target still is what it was.
 */
import { invariant } from '../src/core/errors/invariant.js';
import { TidemarkError } from '../src/core/errors/error.js';
import type { PartRecord } from '../src/core/plan/file.js';
import type { AssetPlan } from '../src/core/plan/plan.js';
import type { ChunkOutcome, OpenedUnit, UnitOutcome } from '../src/core/run/outcome.js';
import { partsDiffer } from '../src/connectors/file-errors.js';
import { crcOfPieces, partsDigest } from '../src/transfer/parts.js';
import { crcMismatch } from './errors.js';
import { removeSource } from './remove-source.js';
import { type Attempt, runAttempt } from './heartbeat.js';
import type { OpenTarget, Ports } from './ports.js';

export interface PublishInput {
  readonly plan: AssetPlan;
  readonly opened: OpenedUnit;
  readonly chunks: readonly ChunkOutcome[];
}

const wholeOf = (input: PublishInput): PartRecord => ({
  number: 1,
  size: input.opened.source.size,
  crc32: crcOfPieces(input.chunks.map(({ crc32, bytes }) => ({ crc32, size: bytes }))),
  tag: '',
});

/** The parts to complete from: those that the target holds, if they are the ones that the chunks recorded. */
const recordedParts = async (
  input: PublishInput,
  open: OpenTarget,
  signal: AbortSignal,
): Promise<readonly PartRecord[]> => {
  if (open.connector.target?.capabilities.listsParts !== true) return [wholeOf(input)];
  const held = await open.target.listParts(input.opened.upload, signal);
  const byNumber = new Map(held.map((part) => [part.number, part]));
  for (const { first, count, digest } of input.chunks) {
    const parts = Array.from({ length: count }, (_, index) => byNumber.get(first + index));
    const found = parts.filter((part) => part !== undefined);
    if (found.length !== count || partsDigest(found) !== digest) {
      throw new TidemarkError(
        partsDiffer,
        `upload of ${input.opened.upload.order.address.key}: parts ${String(first)} to ${String(first + count - 1)} are not the recorded ones`,
      );
    }
  }
  const last = input.chunks.reduce((sum, chunk) => sum + chunk.count, 0);
  return held.filter((part) => part.number <= last);
};

const verifySource = async (
  ports: Ports,
  { plan, opened }: PublishInput,
  signal: AbortSignal,
): Promise<void> => {
  const { source, options } = await ports.connections.source(plan.source);
  // An attempt whose answer was lost has published and deleted it: `complete` knows, and refuses anything else.
  if (plan.deleteSource && (await source.identify(options, opened.source.path, signal)) === null)
    return;
  const reader = await source.open(options, opened.source, signal);
  try {
    await reader.verify(signal);
  } finally {
    await reader[Symbol.asyncDispose]();
  }
};

const publishUnit = async (
  ports: Ports,
  input: PublishInput,
  { signal, progress }: Attempt,
): Promise<UnitOutcome> => {
  const { plan, opened } = input;
  invariant(plan.target !== null, 'only what has a target is published');
  progress.phase = 'completing';
  const open = await ports.connections.target(plan.target);
  const whole = wholeOf(input);
  const isPublished = await wasPublished(input, open, signal);
  if (!isPublished) await verifySource(ports, input, signal);
  ports.faults.reach('before-complete');
  const parts = isPublished ? [whole] : await recordedParts(input, open, signal);
  const written = await open.target.complete(opened.upload, parts, signal);
  ports.faults.reach('completed');
  if (written.crc32 !== null && written.crc32 !== whole.crc32) {
    throw new TidemarkError(
      crcMismatch,
      `${written.address.key}: read ${whole.crc32}, the target reports ${written.crc32}`,
    );
  }
  if (plan.deleteSource) await removeSource(ports, plan, opened.source, signal);
  return {
    files: 1,
    bytes: opened.source.size,
    targetBytes: written.size,
    crc32: whole.crc32,
    targetCrc32: written.crc32,
    keys: [written.address.key],
  };
};

/** After a lost answer the upload is gone and its object stands: the target recognises our unit and says so. */
const wasPublished = async (
  input: PublishInput,
  open: OpenTarget,
  signal: AbortSignal,
): Promise<boolean> => {
  const { order } = input.opened.upload;
  const [found] = await open.target.objects([order.address], signal);
  return found?.unit === order.unit && found.size === order.size;
};

export const publish =
  (ports: Ports) =>
  (input: PublishInput): Promise<UnitOutcome> =>
    runAttempt(
      ports,
      {
        timing: input.plan.timing,
        attemptsWithoutProgress: input.plan.retry.attemptsWithoutProgress,
        totalBytes: input.opened.source.size,
        object: input.opened.upload.order.address.key,
        movesBytes: false,
      },
      (attempt) => publishUnit(ports, input, attempt),
    );
