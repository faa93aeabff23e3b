/**
 * `<kind>.transfer` of small files. On a retry the target is asked first: what an earlier attempt of this run wrote is
 * not read again.
 */
import type { BatchOutcome } from '../src/core/run/outcome.js';
import type { PlannedItem } from '../src/core/plan/plan.js';
import { copyBatch, type WrittenFile } from '../src/transfer/copy-batch.js';
import { type BatchInput, runBatch } from './batch.js';
import type { Attempt } from './heartbeat.js';
import type { OpenTarget, Ports } from './ports.js';
import { removeSource } from './remove-source.js';
import { orderOf } from './unit-order.js';

interface Sums {
  files: number;
  bytes: number;
  targetBytes: number;
  source: number;
  /** Null once a target did not report. */
  target: number | null;
  readonly keys: string[];
}

const hex = (sum: number): string => (sum % 2 ** 32).toString(16).padStart(8, '0');

const add = (sums: Sums, item: PlannedItem, written: WrittenFile): void => {
  sums.files++;
  sums.bytes += written.identity.size;
  sums.targetBytes += written.object.size;
  sums.source += Number.parseInt(written.crc32, 16);
  const reported = written.object.crc32;
  if (reported === null) sums.target = null;
  else if (sums.target !== null) sums.target += Number.parseInt(reported, 16);
  if (sums.keys.length < 1000) sums.keys.push(item.target.key);
};

/** Items that an earlier attempt of this run has written; they count, and are not read again. */
const writtenBefore = async (
  ports: Ports,
  { plan, items }: BatchInput,
  open: OpenTarget,
  signal: AbortSignal,
): Promise<ReadonlyMap<PlannedItem, WrittenFile>> => {
  const found = await open.target.objects(
    items.map((item) => item.target),
    signal,
  );
  const written = new Map<PlannedItem, WrittenFile>();
  items.forEach((item, index) => {
    const object = found[index] ?? null;
    if (object?.unit !== ports.planner.unitOf(plan.owner, item.source)) return;
    if (object.size !== item.source.size) return;
    // Its CRC32 was verified by the target when it was written; without it, it counts as zero on both sides.
    const crc32 = object.crc32 ?? '00000000';
    const { size, tag } = object;
    const done = { address: item.target, size, tag, crc32: object.crc32 ?? crc32 };
    written.set(item, { object: done, identity: item.source, crc32 });
  });
  return written;
};

const transfer = async (
  ports: Ports,
  input: BatchInput,
  attempt: Attempt,
): Promise<BatchOutcome> => {
  const { plan } = input;
  const { signal, progress } = attempt;
  const source = await ports.connections.source(plan.source);
  const target = plan.target === null ? null : await ports.connections.target(plan.target);
  const sums: Sums = { files: 0, bytes: 0, targetBytes: 0, source: 0, target: 0, keys: [] };
  const items = input.items.filter((item) => item.skip !== true);
  const before =
    attempt.retries === 0 || target === null
      ? new Map<PlannedItem, WrittenFile>()
      : await writtenBefore(ports, { plan, items }, target, signal);
  for (const [item, written] of before) add(sums, item, written);
  // What the target holds, in the versions that were copied, which need not be those that were planned.
  const held = [
    ...input.items.filter((item) => item.skip === true).map((item) => item.source),
    ...[...before.values()].map(({ identity }) => identity),
  ];
  progress.resumeFrom(sums.bytes);
  const todo = items.filter((item) => !before.has(item));
  if (target !== null) {
    await copyBatch(
      {
        source: source.source,
        options: source.options,
        target: target.target,
        files: todo.map((item) => ({
          source: item.source,
          order: (identity) => orderOf(ports, plan, item, identity),
        })),
        budget: ports.budget,
        progress,
        draining: ports.draining,
        written: (index, file) => {
          const item = todo[index];
          if (item !== undefined) add(sums, item, file);
          held.push(file.identity);
          ports.faults.reach('file-written');
        },
      },
      signal,
    );
  }
  if (plan.deleteSource) {
    for (const identity of held) await removeSource(ports, plan, identity, signal);
  }
  return {
    files: sums.files,
    bytes: sums.bytes,
    targetBytes: sums.targetBytes,
    crc32: hex(sums.source),
    targetCrc32: sums.target === null ? null : hex(sums.target),
    bytesRead: attempt.readBefore + progress.readBytes,
    retries: attempt.retries,
    keys: sums.keys,
  };
};

export const transferBatch =
  (ports: Ports) =>
  (input: BatchInput): Promise<BatchOutcome> =>
    runBatch(ports, input, true, (attempt) => transfer(ports, input, attempt));
