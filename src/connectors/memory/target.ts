/** Files in memory as a target: conditional writes, uploads in parts and their recovery, as a server would do it. */
import { crc32 as checksum } from 'node:zlib';
import { TidemarkError } from '../../core/errors/error.js';
import { formatCrc32 } from '../../core/values/crc32.js';
import type {
  ObjectOrder,
  PartRecord,
  TargetObject,
  UploadHandle,
  WrittenObject,
} from '../../core/plan/file.js';
import type { FileTarget } from '../connector.js';
import { targetConflict, targetMismatch, uploadGone } from '../file-errors.js';
import { faulted, type OpenMemory } from './faults.js';
import { openLedger } from './ledger.js';
import type { MemoryFile, MemoryFolder, MemoryUpload } from './store.js';

const objectOf = (file: MemoryFile): TargetObject => ({
  size: file.bytes.length,
  tag: file.tag,
  crc32: file.crc32,
  ...(file.unit === undefined ? {} : { unit: file.unit }),
  ...(file.copiedFrom === undefined ? {} : { copiedFrom: file.copiedFrom }),
});

/** Of an order without a size the unit alone tells. */
const isWork = (file: MemoryFile | undefined, order: ObjectOrder): file is MemoryFile =>
  file !== undefined &&
  file.unit === order.unit &&
  (order.size === null || file.bytes.length === order.size) &&
  file.copiedFrom === order.copiedFrom;

const mismatch = (order: ObjectOrder, what: string): TidemarkError =>
  new TidemarkError(targetMismatch, `writing ${JSON.stringify(order.address.key)}: ${what}`, {
    details: { key: order.address.key, unit: order.unit },
  });

/** Throws unless what stands there may be replaced: what was planned, or an older try of the same unit. */
const requireExpected = (order: ObjectOrder, found: MemoryFile | undefined): void => {
  const { expected } = order;
  const isExpected = 'absent' in expected ? found === undefined : found?.tag === expected.tag;
  if (isExpected || found?.unit === order.unit) return;
  throw new TidemarkError(
    targetConflict,
    `writing ${JSON.stringify(order.address.key)}: ${found === undefined ? 'what stood there was deleted' : 'somebody else has written it'} since the run was planned`,
    { details: { key: order.address.key, unit: order.unit, found: found?.unit ?? null } },
  );
};

const written = (order: ObjectOrder, file: MemoryFile): WrittenObject => ({
  address: order.address,
  size: file.bytes.length,
  tag: file.tag,
  crc32: file.crc32,
});

/** One step: nothing runs between the look and the write. */
const publish = (folder: MemoryFolder, planned: ObjectOrder, bytes: Buffer): WrittenObject => {
  const order = { ...planned, size: planned.size ?? bytes.length };
  const found = folder.files.get(order.address.key);
  if (isWork(found, order)) return written(order, found);
  requireExpected(order, found);
  const file: MemoryFile = {
    bytes,
    modified: (order.modified ?? String(Date.now() / 1000)).replace(/\..*/, ''),
    tag: folder.nextName('tag'),
    crc32: formatCrc32(checksum(bytes)),
    unit: order.unit,
    copiedFrom: order.copiedFrom,
  };
  folder.files.set(order.address.key, file);
  return written(order, file);
};

const requireUpload = (folder: MemoryFolder, { id, order }: UploadHandle): MemoryUpload => {
  const upload = folder.uploads.get(id);
  if (upload !== undefined) return upload;
  throw new TidemarkError(
    uploadGone,
    `writing ${JSON.stringify(order.address.key)}: its upload does not exist any more`,
    { details: { key: order.address.key, unit: order.unit } },
  );
};

const openUpload = (folder: MemoryFolder, order: ObjectOrder, startedAfterMs: number): string => {
  const empty = [...folder.uploads.values()].filter(
    (upload) =>
      upload.key === order.address.key &&
      upload.unit === order.unit &&
      upload.startedMs >= startedAfterMs &&
      upload.parts.size === 0,
  );
  const [adopted, ...others] = empty;
  for (const other of others) folder.uploads.delete(other.id);
  if (adopted !== undefined) return adopted.id;
  const id = folder.nextName('upload');
  const { unit } = order;
  const key = order.address.key;
  folder.uploads.set(id, { id, key, unit, startedMs: Date.now(), parts: new Map() });
  return id;
};

const complete = (
  folder: MemoryFolder,
  upload: UploadHandle,
  parts: readonly PartRecord[],
): WrittenObject => {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const order = { ...upload.order, size: upload.order.size ?? size };
  const found = folder.files.get(order.address.key);
  if (!folder.uploads.has(upload.id) && isWork(found, order)) return written(order, found);
  const held = requireUpload(folder, upload).parts;
  const bodies = parts.map((part, index) => {
    const body = held.get(part.number);
    if (part.number === index + 1 && body?.record.tag === part.tag) return body.bytes;
    throw mismatch(
      order,
      `the upload does not hold part ${String(part.number)} as it was recorded`,
    );
  });
  const bytes = Buffer.concat(bodies);
  if (bytes.length !== order.size) {
    throw mismatch(
      order,
      `the parts have ${String(bytes.length)} bytes, not ${String(order.size)}`,
    );
  }
  const result = publish(folder, order, bytes);
  folder.uploads.delete(upload.id);
  return result;
};

const writePart = (
  folder: MemoryFolder,
  upload: UploadHandle,
  part: { readonly number: number; readonly crc32: string },
  body: Buffer,
): PartRecord => {
  const { parts } = requireUpload(folder, upload);
  const bytes = Buffer.from(body);
  const found = formatCrc32(checksum(bytes));
  if (found !== part.crc32) {
    throw mismatch(
      upload.order,
      `part ${String(part.number)} has CRC32 ${found}, not ${part.crc32}`,
    );
  }
  // The tag is the content's: the same part written twice is the same part.
  const tag = `${found}-${String(bytes.length)}`;
  const record = { number: part.number, size: bytes.length, crc32: found, tag };
  parts.set(part.number, { record, bytes });
  return record;
};

const bodyTarget = (memory: OpenMemory): Pick<FileTarget, 'put' | 'writePart'> => ({
  put: async (order, body, crc32, signal) => {
    await memory.context.throttle(body.length, signal);
    if (formatCrc32(checksum(body)) !== crc32) throw mismatch(order, 'the body arrived damaged');
    const touch = { path: order.address.key, from: 0, to: body.length };
    return faulted(memory, touch, signal, () => publish(memory.folder, order, Buffer.from(body)));
  },
  writePart: async (upload, part, body, { progress, signal }) => {
    await memory.context.throttle(body.length, signal);
    const touch = {
      path: upload.order.address.key,
      from: part.position,
      to: part.position + body.length,
    };
    const record = await faulted(memory, touch, signal, () =>
      writePart(memory.folder, upload, part, body),
    );
    progress(body.length);
    return record;
  },
});

/** Only what units with that prefix wrote: memory knows of every upload whose it is. */
const discard = (
  folder: MemoryFolder,
  key: string,
  unitPrefix: string,
  startedAfterMs: number,
): void => {
  for (const upload of [...folder.uploads.values()]) {
    const isOurs = upload.unit.startsWith(unitPrefix) && upload.startedMs >= startedAfterMs;
    if (upload.key === key && isOurs) folder.uploads.delete(upload.id);
  }
  if (folder.files.get(key)?.unit?.startsWith(unitPrefix) === true) folder.files.delete(key);
};

export const openTarget = (memory: OpenMemory): FileTarget => {
  const { folder } = memory;
  return {
    ...bodyTarget(memory),
    objects: async (addresses, signal) => {
      signal.throwIfAborted();
      return addresses.map(({ key }) => {
        const file = folder.files.get(key);
        return file === undefined ? null : objectOf(file);
      });
    },
    openUpload: async (order, partBytes, startedAfterMs, signal) => {
      signal.throwIfAborted();
      return { id: openUpload(folder, order, startedAfterMs), order, partBytes };
    },
    listParts: async (upload, signal) => {
      signal.throwIfAborted();
      if (isWork(folder.files.get(upload.order.address.key), upload.order)) return [];
      const { parts } = requireUpload(folder, upload);
      return [...parts.values()].map((part) => part.record).sort((a, b) => a.number - b.number);
    },
    complete: async (upload, parts, signal) => {
      signal.throwIfAborted();
      return complete(folder, upload, parts);
    },
    abort: async (upload, signal) => {
      signal.throwIfAborted();
      folder.uploads.delete(upload.id);
    },
    discard: async ({ key }, unitPrefix, startedAfterMs, signal) => {
      signal.throwIfAborted();
      discard(folder, key, unitPrefix, startedAfterMs);
    },
    ledger: (place) => openLedger(memory, place),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
};
