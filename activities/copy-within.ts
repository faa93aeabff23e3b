/**
 * `<kind>.copy-within`: the server copies objects of one connection by itself. A batch that is tried again asks the target
 * first: what an earlier attempt of this run had copied is not copied again.
 */
import { invariant } from '../src/core/errors/invariant.js';
import { isErrorOf, TidemarkError } from '../src/core/errors/error.js';
import { sourceChanged, sourceMissing } from '../src/connectors/file-errors.js';
import type { FileIdentity } from '../src/core/plan/file.js';
import { resultKeysMax, type PlannedItem } from '../src/core/plan/plan.js';
import type { BatchOutcome } from '../src/core/run/outcome.js';
import { draining, stillChanging } from '../src/transfer/errors.js';
import { type BatchInput, runBatch } from './batch.js';
import type { Attempt } from './heartbeat.js';
import type { OpenSource, OpenTarget, Ports } from './ports.js';
import { removeSource } from './remove-source.js';
import { orderOf } from './unit-order.js';

const filesAtOnce = 16;
/** How often one file may change under our hands. */
const versionsMax = 4;

interface Work {
  readonly ports: Ports;
  readonly input: BatchInput;
  readonly attempt: Attempt;
  readonly from: OpenSource;
  readonly to: OpenTarget;
}

const copyVersion = async (
  { ports, input, from, to }: Work,
  item: PlannedItem,
  identity: FileIdentity,
  signal: AbortSignal,
): Promise<void> => {
  const { plan } = input;
  const { target } = to;
  invariant(target.copyWithin !== undefined, 'the route is chosen only where it is declared');
  const order = orderOf(ports, plan, item, identity);
  await target.copyWithin({ options: from.options, identity }, order, plan.ownerStartedMs, signal);
};

const copyItem = async (
  work: Work,
  item: PlannedItem,
  signal: AbortSignal,
): Promise<FileIdentity> => {
  const { from, attempt, ports } = work;
  const { path } = item.source;
  let identity = item.source;
  for (let version = 1; ; version++) {
    try {
      await copyVersion(work, item, identity, signal);
      attempt.progress.confirmedBytes += identity.size;
      ports.faults.reach('file-written');
      return identity;
    } catch (error) {
      if (!isErrorOf(error, sourceChanged)) throw error;
      if (version >= versionsMax)
        throw new TidemarkError(stillChanging, `${path} changed ${String(version)} times`, {
          cause: error,
        });
      const now = await from.source.identify(from.options, path, signal);
      if (now === null)
        throw new TidemarkError(sourceMissing, `${path} vanished while it was being copied`);
      identity = now;
    }
  }
};

/** Every item once, several at once; the first failure stops the others and is thrown once all have ended. */
const copyAll = async (
  work: Work,
  items: readonly PlannedItem[],
  outer: AbortSignal,
): Promise<ReadonlyMap<PlannedItem, FileIdentity>> => {
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  const done = new Map<PlannedItem, FileIdentity>();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (!signal.aborted && !work.ports.draining.aborted) {
      const item = items[next++];
      if (item === undefined) return;
      try {
        done.set(item, await copyItem(work, item, signal));
      } catch (error) {
        stop.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: filesAtOnce }, lane));
  outer.throwIfAborted();
  stop.signal.throwIfAborted();
  if (done.size < items.length)
    throw new TidemarkError(draining, `${String(items.length - done.size)} files are left`);
  return done;
};

/** Items that an earlier attempt of this run has copied. */
const copiedBefore = async (
  { ports, input, attempt, to }: Work,
  items: readonly PlannedItem[],
): Promise<ReadonlyMap<PlannedItem, FileIdentity>> => {
  const copied = new Map<PlannedItem, FileIdentity>();
  if (attempt.retries === 0) return copied;
  const addresses = items.map((item) => item.target);
  const found = await to.target.objects(addresses, attempt.signal);
  items.forEach((item, index) => {
    const object = found[index] ?? null;
    const isOurs = object?.unit === ports.planner.unitOf(input.plan.owner, item.source);
    if (isOurs && object.size === item.source.size) copied.set(item, item.source);
  });
  return copied;
};

const sizeOf = (identities: readonly FileIdentity[]): number =>
  identities.reduce((sum, { size }) => sum + size, 0);

const copy = async (ports: Ports, input: BatchInput, attempt: Attempt): Promise<BatchOutcome> => {
  const { plan } = input;
  invariant(plan.target !== null, 'objects are copied only where there is a target');
  const from = await ports.connections.source(plan.source);
  const to = await ports.connections.target(plan.target);
  const work = { ports, input, attempt, from, to };
  const items = input.items.filter((item) => item.skip !== true);
  const before = await copiedBefore(work, items);
  attempt.progress.phase = 'copied by the server';
  attempt.progress.resumeFrom(sizeOf([...before.values()]));
  const todo = items.filter((item) => !before.has(item));
  const done = new Map([...before, ...(await copyAll(work, todo, attempt.signal))]);
  if (plan.deleteSource) {
    const held = input.items.filter((item) => item.skip === true).map((item) => item.source);
    for (const identity of [...held, ...done.values()])
      await removeSource(ports, plan, identity, attempt.signal);
  }
  const bytes = sizeOf([...done.values()]);
  return {
    files: done.size,
    bytes,
    // Each size was compared when the copy was made.
    targetBytes: bytes,
    crc32: '00000000',
    targetCrc32: null,
    bytesRead: bytes,
    retries: attempt.retries,
    keys: [...done.keys()].slice(0, resultKeysMax + 1).map(({ target }) => target.key),
  };
};

export const copyWithin =
  (ports: Ports) =>
  (input: BatchInput): Promise<BatchOutcome> =>
    runBatch(ports, input, false, (attempt) => copy(ports, input, attempt));
