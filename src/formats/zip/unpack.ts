/**
 * The only importer of yauzl: the files of an archive, read by ranges.
 *
 * Keeps true: what is wrong with names, methods and sizes is found before an entry is read; an entry is what the archive
 * says of it, byte for byte (CRC32), or reading it fails.
 */
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { TidemarkError } from '../../core/errors/error.js';
import type { ArchiveEntry, Archives, RandomBytes } from '../conversions.js';
import { isBomb } from '../conversions.js';
import { badZip, bomb } from '../errors.js';

const blockBytes = 1024 * 1024;
/** Names of this many are held in memory, and no more. */
const entriesMax = 50_000;

const refuse = (what: string, cause?: unknown): TidemarkError =>
  new TidemarkError(badZip, `reading an archive: ${what}`, cause === undefined ? {} : { cause });

/** Blocks of a range, one ahead of the reader. */
async function* blocks(archive: RandomBytes, from: number, to: number): AsyncGenerator<Buffer> {
  const read = async (at: number): Promise<Buffer> => {
    const buffer = Buffer.allocUnsafe(Math.min(blockBytes, to - at));
    await archive.read(at, buffer);
    return buffer;
  };
  let next = from < to ? read(from) : null;
  for (let at = from; next !== null;) {
    const block = await next;
    at += block.length;
    next = at < to ? read(at) : null;
    // Its failure is thrown when it is its turn.
    next?.catch(() => undefined);
    yield block;
  }
}

/** What an error of the source was, before yauzl saw it. */
interface SourceFailure {
  error: unknown;
}

class Ranges extends yauzl.RandomAccessReader {
  readonly #archive: RandomBytes;
  readonly #failure: SourceFailure;

  constructor(archive: RandomBytes, failure: SourceFailure) {
    super();
    this.#archive = archive;
    this.#failure = failure;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const failure = this.#failure;
    const pieces = blocks(this.#archive, start, end);
    const noted = async function* (): AsyncGenerator<Buffer> {
      try {
        yield* pieces;
      } catch (error) {
        failure.error = error;
        throw error;
      }
    };
    return Readable.from(noted(), { objectMode: false });
  }
}

const openArchive = (archive: RandomBytes, failure: SourceFailure): Promise<ZipFile> =>
  new Promise((resolve, reject) => {
    yauzl.fromRandomAccessReader(
      new Ranges(archive, failure),
      archive.bytes,
      { lazyEntries: true, autoClose: false, validateEntrySizes: true },
      (error, file) => {
        if (error === null) resolve(file);
        else reject(error);
      },
    );
  });

/** Names of all entries; yauzl refuses those that leave the archive. */
const listed = (file: ZipFile): Promise<readonly Entry[]> =>
  new Promise((resolve, reject) => {
    const found: Entry[] = [];
    file.on('entry', (entry: Entry) => {
      found.push(entry);
      if (found.length > entriesMax)
        reject(refuse(`it holds more than ${String(entriesMax)} files`));
      else file.readEntry();
    });
    file.once('end', () => {
      resolve(found);
    });
    file.once('error', reject);
    file.readEntry();
  });

const symbolicLink = 0o120000;
const fileTypeMask = 0o170000;

const assertTakeable = (entry: Entry): void => {
  const name = JSON.stringify(entry.fileName);
  if (entry.isEncrypted()) throw refuse(`${name} is encrypted`);
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
    throw refuse(
      `${name} has the method ${String(entry.compressionMethod)}; stored and deflate are taken`,
    );
  if (((entry.externalFileAttributes >>> 16) & fileTypeMask) === symbolicLink)
    throw refuse(`${name} is a link`);
  if (entry.fileName.split('/').some((step) => step === '' || step === '.' || step === '..'))
    throw refuse(`${name} is no path within the archive`);
};

/** Archives whose entries share bytes are bigger than all their bytes could say. */
const assertNoBomb = (entries: readonly Entry[], archive: RandomBytes): void => {
  const total = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  const [worst] = entries.filter((entry) => isBomb(entry.uncompressedSize, entry.compressedSize));
  if (worst === undefined && !isBomb(total, archive.bytes)) return;
  throw new TidemarkError(
    bomb,
    `reading an archive of ${String(archive.bytes)} bytes: ${worst === undefined ? 'its files have' : `${JSON.stringify(worst.fileName)} has`} ${String(worst?.uncompressedSize ?? total)} bytes`,
  );
};

const assertDistinct = (entries: readonly Entry[]): void => {
  const names = new Set<string>();
  for (const { fileName } of entries) {
    if (names.has(fileName)) throw refuse(`${JSON.stringify(fileName)} is in it twice`);
    names.add(fileName);
  }
};

const openEntry = (file: ZipFile, entry: Entry): Promise<Readable> =>
  new Promise((resolve, reject) => {
    file.openReadStream(entry, (error, stream) => {
      if (error === null) resolve(stream);
      else reject(error);
    });
  });

/** yauzl's and zlib's own words, as ours; what the source or the caller said passes. */
const declared = (error: unknown, failure: SourceFailure, what: string): unknown => {
  if (failure.error !== null) return failure.error;
  return error instanceof TidemarkError || (error instanceof Error && error.name === 'AbortError')
    ? error
    : refuse(what, error);
};

async function* bytesOf(
  { file, failure }: { readonly file: ZipFile; readonly failure: SourceFailure },
  entry: Entry,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const name = JSON.stringify(entry.fileName);
  let sum = 0;
  let stream: Readable | null = null;
  try {
    stream = await openEntry(file, entry);
    for await (const piece of stream) {
      signal.throwIfAborted();
      sum = crc32(piece as Buffer, sum);
      yield piece as Buffer;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw declared(error, failure, `${name} is damaged`);
  } finally {
    stream?.destroy();
  }
  if (sum >>> 0 !== entry.crc32 >>> 0)
    throw refuse(`${name} has another CRC32 than the archive says`);
}

export const entries: Archives['entries'] = async (archive, signal) => {
  const failure: SourceFailure = { error: null };
  let file: ZipFile;
  let found: readonly Entry[];
  try {
    signal.throwIfAborted();
    file = await openArchive(archive, failure);
    found = (await listed(file)).filter(({ fileName }) => !fileName.endsWith('/'));
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : 'unknown';
    throw declared(error, failure, `it cannot be read (${reason})`);
  }
  found.forEach(assertTakeable);
  assertDistinct(found);
  assertNoBomb(found, archive);
  return found.map((entry): ArchiveEntry => ({
    name: entry.fileName,
    bytes: entry.uncompressedSize,
    packedBytes: entry.compressedSize,
    open: (given) => bytesOf({ file, failure }, entry, given),
  }));
};
