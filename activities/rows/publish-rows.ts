/**
 * `<kind>.publish-rows`: makes a window visible, moves its mark and closes it in the ledger. In a database that is one
 * transaction; objects are completed first, on condition that nobody wrote there since the window was opened, and then the
 * ledger is replaced by compare-and-swap. After a lost answer the ledger and the objects say what happened.
 */
import { crc32 } from 'node:zlib';
import { TidemarkError } from '../../src/core/errors/error.js';
import { invariant } from '../../src/core/errors/invariant.js';
import { partsDiffer } from '../../src/connectors/file-errors.js';
import type { FileTarget } from '../../src/connectors/connector.js';
import type { PartRecord, UploadHandle, WrittenObject } from '../../src/core/plan/file.js';
import type { AssetPlan } from '../../src/core/plan/plan.js';
import type { LaneCheckpoint } from '../../src/core/run/lane.js';
import type { Begun, DoneLane, RowsPublished } from '../../src/core/run/rows-state.js';
import { formatCrc32 } from '../../src/core/values/crc32.js';
import { partsDigestChain } from '../../src/transfer/lane-checkpoint.js';
import { publishToLedger } from '../../src/transfer/ledger-steps.js';
import { crcMismatch } from '../errors.js';
import { runAttempt } from '../heartbeat.js';
import type { OpenTarget, Ports } from '../ports.js';
import { ledgerNameOf, ledgerOf, openInLedger, requireOurs, targetOf } from './window.js';

export interface PublishRowsInput {
  readonly plan: AssetPlan;
  readonly begun: Begun;
  readonly done: readonly DoneLane[];
}

const rowsIn = (done: readonly DoneLane[]): number =>
  done.reduce((sum, { outcome }) => sum + outcome.rows, 0);

const publishLoad = async (
  ports: Ports,
  { plan, begun, done }: PublishRowsInput,
  signal: AbortSignal,
): Promise<RowsPublished> => {
  const { load } = begun;
  invariant(load !== null, 'a load was prepared');
  const { target } = await ports.connections.rowTarget(targetOf(plan));
  const found = await openInLedger(ports, plan, load.window.id, signal);
  const files = done.flatMap(({ plan: { file } }) =>
    file === null ? [] : [{ path: file.path, digest: ports.planner.digestOf(file) }],
  );
  const order = {
    load,
    mark: found?.window.high ?? null,
    rows: rowsIn(done),
    files,
    nowIso: new Date(ports.nowMs()).toISOString(),
  };
  ports.faults.reach('before-publish');
  const outcome = await target.publish(order, signal);
  ports.faults.reach('published');
  return { load: outcome, objects: [] };
};

const wholeOf = (checkpoint: LaneCheckpoint): PartRecord => ({
  number: 1,
  size: checkpoint.bytes,
  crc32: checkpoint.crc32,
  tag: '',
});

/** The parts that the lane recorded, as the target holds them. */
const recordedParts = async (
  open: OpenTarget,
  upload: UploadHandle,
  checkpoint: LaneCheckpoint,
  signal: AbortSignal,
): Promise<readonly PartRecord[]> => {
  if (open.connector.target?.capabilities.listsParts !== true) return [wholeOf(checkpoint)];
  const held = await open.target.listParts(upload, signal);
  const parts = held.filter((part) => part.number <= checkpoint.parts);
  if (parts.length === checkpoint.parts && partsDigestChain(parts) === checkpoint.digest)
    return parts;
  throw new TidemarkError(
    partsDiffer,
    `upload of ${upload.order.address.key}: its ${String(checkpoint.parts)} parts are not the recorded ones`,
  );
};

const emptyCrc = formatCrc32(crc32(Buffer.alloc(0)));

/** An upload without parts cannot be completed: an empty object is put, and the upload goes. */
const putEmpty = async (
  target: FileTarget,
  upload: UploadHandle,
  signal: AbortSignal,
): Promise<WrittenObject> => {
  const written = await target.put(upload.order, Buffer.alloc(0), emptyCrc, signal);
  await target.abort(upload, signal);
  return written;
};

const completeLane = async (
  open: OpenTarget,
  { upload, outcome }: DoneLane,
  signal: AbortSignal,
): Promise<RowsPublished['objects'][number]> => {
  const { checkpoint } = outcome;
  invariant(upload !== null && checkpoint !== null, 'a lane of objects has an upload');
  const { order } = upload;
  const { container, key } = order.address;
  const [found] = await open.target.objects([order.address], signal);
  // An attempt whose answer was lost completed it.
  const isWritten = found?.unit === order.unit && found.size === checkpoint.bytes;
  if (checkpoint.parts === 0) {
    const { size, crc32: crc } = await putEmpty(open.target, upload, signal);
    return { container, key, size, crc32: crc };
  }
  const parts = isWritten
    ? [wholeOf(checkpoint)]
    : await recordedParts(open, upload, checkpoint, signal);
  const written = await open.target.complete(upload, parts, signal);
  if (written.crc32 !== null && written.crc32 !== checkpoint.crc32) {
    throw new TidemarkError(
      crcMismatch,
      `${key}: the rows that were written have CRC32 ${checkpoint.crc32}, the target reports ${written.crc32}`,
    );
  }
  return { container, key, size: written.size, crc32: written.crc32 };
};

const publishObjects = async (
  ports: Ports,
  input: PublishRowsInput,
  signal: AbortSignal,
): Promise<RowsPublished> => {
  const { plan, begun, done } = input;
  const { window } = begun;
  const open = await ports.connections.target(targetOf(plan));
  const found = window === null ? null : await openInLedger(ports, plan, window.id, signal);
  // Not open any more: published by an attempt whose answer was lost, or discarded; the ledger's own step tells.
  if (window !== null && found !== null) requireOurs(plan, window, found.window);
  ports.faults.reach('before-complete');
  const objects: RowsPublished['objects'][number][] = [];
  for (const lane of done) objects.push(await completeLane(open, lane, signal));
  ports.faults.reach('completed');
  if (window !== null) {
    await publishToLedger(
      await ledgerOf(ports, plan),
      ledgerNameOf(plan),
      {
        window,
        mark: found?.window.high ?? null,
        rows: rowsIn(done),
        nowIso: new Date(ports.nowMs()).toISOString(),
        names: objects.map(({ key }) => key),
      },
      signal,
    );
    ports.faults.reach('published');
  }
  return { load: null, objects };
};

export const publishRows =
  (ports: Ports) =>
  (input: PublishRowsInput): Promise<RowsPublished> =>
    runAttempt(
      ports,
      {
        timing: input.plan.timing,
        attemptsWithoutProgress: input.plan.retry.attemptsWithoutProgress,
        totalBytes: 0,
        object: `publish ${input.plan.name}`,
        movesBytes: false,
      },
      ({ signal, progress }) => {
        progress.phase = 'publishing';
        return input.begun.load === null
          ? publishObjects(ports, input, signal)
          : publishLoad(ports, input, signal);
      },
    );
