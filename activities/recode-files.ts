/**
 * `<kind>.recode`: files that are changed on their way, small and large. A file is the unit: a killed attempt's files
 * start again, write the same objects under the same conditions, and double none.
 */
import { isErrorOf, TidemarkError } from '../src/core/errors/error.js';
import { invariant } from '../src/core/errors/invariant.js';
import { sourceChanged, sourceMissing, sourceTruncated } from '../src/connectors/file-errors.js';
import type { FileIdentity } from '../src/core/plan/file.js';
import { resultKeysMax, type PlannedItem } from '../src/core/plan/plan.js';
import type { BatchOutcome } from '../src/core/run/outcome.js';
import { draining, stillChanging } from '../src/transfer/errors.js';
import { recodeFile, type FileRecoding } from '../src/transfer/recode-file.js';
import { type BatchInput, runBatch } from './batch.js';
import type { Attempt } from './heartbeat.js';
import type { OpenSource, OpenTarget, Ports } from './ports.js';
import { removeSource } from './remove-source.js';
import { orderOf } from './unit-order.js';

/** Files of one activity at once; each has buffers of a part and a block. */
const filesAtOnce = 4;
/** How often one file may change under our hands. */
const versionsMax = 4;

interface Sums {
  files: number;
  bytes: number;
  targetBytes: number;
  objects: number;
  madeBytes: number;
  rowsRead: number;
  rowsWritten: number;
  crc: number;
  /** Null once a target did not report. */
  targetCrc: number | null;
  readonly keys: string[];
}

interface Work {
  readonly ports: Ports;
  readonly input: BatchInput;
  readonly attempt: Attempt;
  readonly from: OpenSource;
  readonly to: OpenTarget;
  readonly sums: Sums;
}

/** Rows count once the file is done: an attempt at an older version of it wrote none that stayed. */
const recodingOf = (
  { ports, input, attempt, from, to, sums }: Work,
  item: PlannedItem,
  identity: FileIdentity,
): FileRecoding => {
  const { plan } = input;
  const { recoding } = plan;
  invariant(recoding !== undefined, 'a plan of this route says how files are changed');
  const origin = ports.planner.originOf(identity, recoding);
  return {
    source: from.source,
    options: from.options,
    target: to.target,
    identity,
    address: item.target,
    recoding,
    conversions: ports.conversions,
    formats: ports.formats,
    budget: ports.budget,
    progress: attempt.progress,
    partBytes: plan.sizes.partBytes,
    startedAfterMs: plan.ownerStartedMs,
    isRetry: attempt.retries > 0,
    order: (address, found) => ({
      ...orderOf(ports, plan, item, identity),
      address,
      size: null,
      ...(found === undefined
        ? {}
        : { expected: found === null ? { absent: true } : { tag: found.tag } }),
    }),
    isHeld: (found) => found.copiedFrom === origin,
    written: ({ object, bytes, crc32 }) => {
      sums.objects++;
      sums.madeBytes += bytes;
      sums.targetBytes += object.size;
      sums.crc += Number.parseInt(crc32, 16);
      if (object.crc32 === null) sums.targetCrc = null;
      else if (sums.targetCrc !== null) sums.targetCrc += Number.parseInt(object.crc32, 16);
      if (sums.keys.length <= resultKeysMax) sums.keys.push(object.address.key);
      ports.faults.reach('file-written');
    },
  };
};

const hasChanged = (error: unknown): boolean =>
  isErrorOf(error, sourceChanged) || isErrorOf(error, sourceTruncated);

const nextVersion = async (
  { from }: Work,
  path: string,
  version: number,
  { cause, signal }: { readonly cause: unknown; readonly signal: AbortSignal },
): Promise<FileIdentity> => {
  if (version >= versionsMax)
    throw new TidemarkError(
      stillChanging,
      `${path} changed ${String(version)} times while it was being read`,
      { cause },
    );
  const now = await from.source.identify(from.options, path, signal);
  if (now !== null) return now;
  throw new TidemarkError(sourceMissing, `${path} vanished while it was being read`);
};

/** A large file's identity is completed first, as for every large unit. */
const pinned = async (
  { input, from }: Work,
  identity: FileIdentity,
  signal: AbortSignal,
): Promise<FileIdentity> => {
  if (identity.size <= input.plan.sizes.singleBytesMax) return identity;
  try {
    return await from.source.pin(from.options, identity, signal);
  } catch (error) {
    // Opening it finds the same, and looks again.
    if (hasChanged(error)) return identity;
    throw error;
  }
};

/** The version that was recoded in the end. */
const recodeItem = async (
  work: Work,
  item: PlannedItem,
  signal: AbortSignal,
): Promise<FileIdentity> => {
  const { sums } = work;
  let identity = await pinned(work, item.source, signal);
  for (let version = 1; ; version++) {
    try {
      const rows = await recodeFile(recodingOf(work, item, identity), signal);
      sums.files++;
      sums.bytes += identity.size;
      sums.rowsRead += rows.read;
      sums.rowsWritten += rows.written;
      return identity;
    } catch (error) {
      if (!hasChanged(error)) throw error;
      identity = await nextVersion(work, item.source.path, version, { cause: error, signal });
    }
  }
};

/** Every item once, several at once; the first failure stops the others and is thrown once all have ended. */
const recodeAll = async (
  work: Work,
  items: readonly PlannedItem[],
  outer: AbortSignal,
): Promise<readonly FileIdentity[]> => {
  const { ports } = work;
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  const done: FileIdentity[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (!signal.aborted && !ports.draining.aborted) {
      const item = items[next++];
      if (item === undefined) return;
      try {
        done.push(await recodeItem(work, item, signal));
      } catch (error) {
        stop.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: filesAtOnce }, lane));
  outer.throwIfAborted();
  stop.signal.throwIfAborted();
  const left = items.length - done.length;
  if (left > 0)
    throw new TidemarkError(draining, `${String(left)} files are left, the worker stops`);
  return done;
};

const hex = (sum: number): string => (sum % 2 ** 32).toString(16).padStart(8, '0');

const nothing = (): Sums => ({
  ...{ files: 0, bytes: 0, targetBytes: 0, objects: 0, madeBytes: 0, rowsRead: 0, rowsWritten: 0 },
  crc: 0,
  targetCrc: 0,
  keys: [],
});

const recode = async (ports: Ports, input: BatchInput, attempt: Attempt): Promise<BatchOutcome> => {
  const { plan } = input;
  const { signal, progress } = attempt;
  invariant(plan.target !== null, 'files are changed only where there is a target');
  const from = await ports.connections.source(plan.source);
  const to = await ports.connections.target(plan.target);
  const sums = nothing();
  progress.resumeFrom(0);
  progress.phase = 'copying';
  const items = input.items.filter((item) => item.skip !== true);
  const done = await recodeAll({ ports, input, attempt, from, to, sums }, items, signal);
  if (plan.deleteSource) {
    const held = input.items.filter((item) => item.skip === true).map((item) => item.source);
    for (const identity of [...held, ...done]) await removeSource(ports, plan, identity, signal);
  }
  const { files, bytes, targetBytes, objects, madeBytes, rowsRead, rowsWritten, keys } = sums;
  return {
    ...{ files, bytes, targetBytes, keys },
    made: { objects, bytes: madeBytes, rowsRead, rowsWritten },
    crc32: hex(sums.crc),
    targetCrc32: sums.targetCrc === null ? null : hex(sums.targetCrc),
    bytesRead: attempt.readBefore + progress.readBytes,
    retries: attempt.retries,
  };
};

export const recodeFiles =
  (ports: Ports) =>
  (input: BatchInput): Promise<BatchOutcome> =>
    runBatch(ports, input, true, (attempt) => recode(ports, input, attempt));
