/**
 * The pump of one file that is changed on its way: read once from its beginning to its end, unpacked, converted, cut and
 * packed, and written as one object or several.
 *
 * Keeps true: an object appears only complete, and only while the file still is the version that was planned; a second
 * attempt writes the same objects and doubles none; memory does not grow with the file.
 */
import type { FileReader, FileSource, FileTarget } from '../connectors/connector.js';
import { TidemarkError } from '../core/errors/error.js';
import { invariant } from '../core/errors/invariant.js';
import type { FileIdentity, ObjectOrder, TargetAddress, TargetObject } from '../core/plan/file.js';
import {
  entryKey,
  packingOf,
  pieceKey,
  type RecordFormat,
  type Recoding,
} from '../core/plan/recoding.js';
import { spoolCsv } from '../core/plan/rows.js';
import type { Codec } from '../formats/codec.js';
import type { ArchiveEntry, Conversions } from '../formats/conversions.js';
import { severalEntries } from '../formats/errors.js';
import type { FormatDeclaration } from '../formats/format.js';
import { filePieces } from './file-blocks.js';
import { LaneBuffers } from './lane-buffers.js';
import type { MemoryBudget } from './memory-budget.js';
import { type FinishedObject, ObjectWriter } from './object-writer.js';
import { fromParquet, toParquet } from './recode-parquet.js';
import { columnsOf, cut, gzipped, recoded, withoutBomb } from './recode-streams.js';
import type { TransferProgress } from './transfer-progress.js';

const blockBytesMax = 1024 * 1024;
/** Parts of one object on their way, where the budget has room. */
const partsAtOnce = 3;

export interface FileRecoding {
  readonly source: FileSource<unknown>;
  readonly options: unknown;
  readonly target: FileTarget;
  readonly identity: FileIdentity;
  /** As planned: of an archive the folder, of pieces the name that they are numbered from. */
  readonly address: TargetAddress;
  readonly recoding: Recoding;
  readonly conversions: Conversions;
  readonly formats: readonly FormatDeclaration[];
  readonly budget: MemoryBudget;
  readonly progress: TransferProgress;
  readonly partBytes: number;
  readonly startedAfterMs: number;
  /** An attempt before this one may have left an upload behind. */
  readonly isRetry: boolean;
  /** The order for an object at that address where `found` stands; `undefined`: as it was planned. */
  order(address: TargetAddress, found: TargetObject | null | undefined): ObjectOrder;
  /** Does that object hold the same version, made in the same way? */
  isHeld(found: TargetObject): boolean;
  written(object: FinishedObject): void;
}

export interface RecodedRows {
  readonly read: number;
  readonly written: number;
}

interface Work extends FileRecoding {
  readonly reader: FileReader;
  readonly block: Buffer;
  readonly buffers: LaneBuffers;
  readonly signal: AbortSignal;
  readonly rows: { read: number; written: number };
}

/** One stream of records or bytes: the file itself, or an entry of it. */
interface Part {
  readonly key: string;
  /** For names within archives. */
  readonly name: string;
  /** May be called again: a file of JSON is read twice. */
  open(): AsyncIterable<Buffer>;
}

interface Output {
  readonly key: string;
  open(): AsyncIterable<Buffer>;
}

const nameOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

const codecOf = ({ conversions }: Work, { kind }: RecordFormat): Codec => {
  const codec = conversions.codecs.find((known) => known.kind === kind);
  invariant(codec !== undefined, `format ${kind} has a codec`);
  return codec;
};

const wholeFile = (work: Work, packing: 'none' | 'gzip'): Part => {
  const { identity, reader, budget, progress, block, signal, address } = work;
  const { path, size } = identity;
  const order = { path, reader, fileBytes: size, budget, progress, own: block };
  return {
    key: address.key,
    name: nameOf(address.key),
    open: () => {
      const pieces = filePieces(order, { compression: packing, from: 0 }, signal);
      return packing === 'gzip' ? withoutBomb(pieces, path, size) : pieces;
    },
  };
};

const entriesOf = async (work: Work): Promise<readonly Part[]> => {
  const { identity, reader, progress, signal, recoding, address, conversions } = work;
  const archive = {
    bytes: identity.size,
    read: (position: number, buffer: Buffer) =>
      reader.read(position, buffer, progress.read, signal),
  };
  const entries = await conversions.zip.entries(archive, signal);
  if (recoding.isNamed && entries.length !== 1)
    throw new TidemarkError(
      severalEntries,
      `${JSON.stringify(identity.path)} holds ${String(entries.length)} files, and key names one object`,
    );
  return entries.map((entry: ArchiveEntry): Part => ({
    key: entryKey(recoding, address.key, entry.name),
    name: nameOf(entry.name),
    open: () => entry.open(signal),
  }));
};

/** Columns that a writer needs before the first record, where neither the options nor the file's head name them. */
const namesFor = async (work: Work, part: Part): Promise<readonly string[] | null> => {
  const { recoding } = work;
  if (recoding.records === null) return null;
  const { from, to, columns } = recoding.records;
  const codec = codecOf(work, from);
  const takesRecords = to.kind !== 'parquet' && codecOf(work, to).takesRecords;
  if (columns !== null || codec.namesColumns || takesRecords) return columns;
  return columnsOf(part.open(), codec.reader(from, null));
};

async function* converted(work: Work, part: Part): AsyncGenerator<Buffer> {
  const { recoding, rows } = work;
  if (recoding.records === null) {
    yield* part.open();
    return;
  }
  const { from, to } = recoding.records;
  const steps = {
    engine: work.conversions.parquet,
    signal: work.signal,
    progress: work.progress,
    counted: ({ read, written }: RecodedRows): void => {
      rows.read += read;
      rows.written += written;
    },
  };
  if (from.kind === 'parquet') {
    const { columns } = recoding.records;
    yield* fromParquet(part.open(), columns, codecOf(work, to).writer(to), steps);
    return;
  }
  const columns = await namesFor(work, part);
  const reader = codecOf(work, from).reader(from, columns);
  if (to.kind === 'parquet') {
    const csv = codecOf(work, spoolCsv).writer(spoolCsv);
    yield* toParquet(part.open(), { reader, csv }, to, steps);
    return;
  }
  const writer = codecOf(work, to).writer(to);
  yield* recoded(part.open(), reader, writer);
  rows.read += reader.records;
  rows.written += writer.records;
}

const withoutSuffix = (name: string, suffix: string): string =>
  name.toLowerCase().endsWith(suffix) ? name.slice(0, -suffix.length) : name;

const packed = (work: Work, key: string, pieces: AsyncIterable<Buffer>): AsyncIterable<Buffer> => {
  const { recoding, identity, conversions } = work;
  if (recoding.pack === 'gzip') return gzipped(pieces);
  if (recoding.pack === 'none') return pieces;
  const name = withoutSuffix(nameOf(key), '.zip');
  return conversions.zip.pack(pieces, { name, modifiedS: Number(identity.modified) });
};

async function* outputsOf(work: Work, part: Part): AsyncGenerator<Output> {
  const { pieces } = work.recoding;
  if (pieces === null) {
    yield { key: part.key, open: () => packed(work, part.key, converted(work, part)) };
    return;
  }
  const declaration = work.formats.find(({ kind }) => kind === pieces.format.kind);
  invariant(declaration !== undefined, 'what is cut has a scanner');
  let number = 0;
  for await (const stream of cut(converted(work, part), declaration, pieces)) {
    const key = pieceKey(part.key, ++number);
    let isRead = false;
    const open = (): AsyncIterable<Buffer> => {
      isRead = true;
      return packed(work, key, stream);
    };
    yield { key, open };
    // The next piece begins where this one ends.
    if (!isRead) for await (const _ of stream);
  }
}

/** What has to be expected at an address that nobody looked at when the run was planned. */
const look = async (work: Work, address: TargetAddress): Promise<TargetObject | null> =>
  (await work.target.objects([address], work.signal))[0] ?? null;

const write = async (work: Work, output: Output): Promise<void> => {
  const { target, buffers, partBytes, startedAfterMs, progress, signal, reader } = work;
  const address = { ...work.address, key: output.key };
  const isPlanned = output.key === work.address.key;
  const found = isPlanned ? undefined : await look(work, address);
  if (found !== undefined && found !== null && work.isHeld(found)) return;
  const order = work.order(address, found);
  // What a dead attempt had begun: its upload only, never an object.
  if (work.isRetry) await target.discard(address, `${order.unit}/`, startedAfterMs, signal);
  const confirmed = (): void => {
    progress.confirmedBytes = progress.baseBytes + progress.readBytes;
  };
  const writer = new ObjectWriter({
    ...{ target, order, buffers, partBytes, startedAfterMs, progress, signal },
    isRetry: work.isRetry,
    confirmed,
  });
  try {
    for await (const piece of output.open()) await writer.write(piece);
    work.written(await writer.finish(() => reader.verify(signal)));
  } finally {
    await writer.discard();
  }
};

const recode = async (work: Work): Promise<void> => {
  const packing = packingOf(work.recoding, work.identity.path);
  const parts = packing === 'zip' ? await entriesOf(work) : [wholeFile(work, packing)];
  for (const part of parts)
    for await (const output of outputsOf(work, part)) await write(work, output);
};

/** Throws `source/changed` when the file is another version; what was finished by then stays. */
export const recodeFile = async (
  order: FileRecoding,
  signal: AbortSignal,
): Promise<RecodedRows> => {
  const blockBytes = Math.max(1, Math.min(blockBytesMax, order.identity.size));
  // Both at once: two files that each hold one of them would wait for each other.
  using lease = await order.budget.take(blockBytes + order.partBytes, signal);
  const block = lease.buffer.subarray(0, blockBytes);
  using buffers = new LaneBuffers(lease.buffer.subarray(blockBytes), order.budget, partsAtOnce);
  const reader = await order.source.open(order.options, order.identity, signal);
  const rows = { read: 0, written: 0 };
  try {
    await recode({ ...order, reader, block, buffers, signal, rows });
  } finally {
    await reader[Symbol.asyncDispose]();
  }
  return rows;
};
