/** Files in memory as a source: the whole contract, with the declared faults in its way. */
import { crc32 } from 'node:zlib';
import { TidemarkError } from '../../core/errors/error.js';
import type { FileIdentity } from '../../core/plan/file.js';
import { formatCrc32 } from '../../core/values/crc32.js';
import type { FileReader, FileSource, ListedFile } from '../connector.js';
import { sourceChanged, sourceTruncated } from '../file-errors.js';
import { dataSets, type DataFile } from './data-sets.js';
import { suffer, takeFault, type OpenMemory } from './faults.js';
import { itemFieldsOf } from './item-fields.js';
import type { MemoryConnection, MemorySourceOptions } from './options.js';
import { chooser, relativePathOf } from './paths.js';
import type { MemoryFile, MemoryFolder } from './store.js';

/** Bytes between two looks at the signal and two calls of `progress`. */
const sliceBytes = 64 * 1024;

const declaredFiles = (connection: MemoryConnection): readonly DataFile[] => [
  ...(connection.data_set === undefined ? [] : dataSets[connection.data_set]),
  ...Object.entries(connection.files ?? {}).map(([path, text]) => ({
    path,
    text,
    modified: '1700000000',
  })),
];

/** Puts the declared files into the folder, each once in the life of the process. */
export const seed = (folder: MemoryFolder, connection: MemoryConnection): void => {
  for (const { path, text, modified } of declaredFiles(connection)) {
    if (folder.seeded.has(path)) continue;
    folder.seeded.add(path);
    const bytes = Buffer.from(text);
    const tag = folder.nextName('tag');
    folder.files.set(path, { bytes, modified, tag, crc32: formatCrc32(crc32(bytes)) });
  }
};

const identityOf = (path: string, file: MemoryFile): FileIdentity => ({
  path,
  size: file.bytes.length,
  modified: file.modified,
  etag: file.tag,
});

const requireSame = (memory: OpenMemory, identity: FileIdentity, doing: string): MemoryFile => {
  const file = memory.folder.files.get(identity.path);
  if (
    file !== undefined &&
    file.bytes.length === identity.size &&
    file.modified === identity.modified &&
    (identity.etag === undefined || file.tag === identity.etag)
  ) {
    return file;
  }
  const what = file === undefined ? 'does not exist any more' : 'is another version';
  throw new TidemarkError(
    sourceChanged,
    `${doing} ${JSON.stringify(identity.path)}: it ${what} than when it was listed`,
    { details: { path: identity.path } },
  );
};

const list = async (
  memory: OpenMemory,
  request: { readonly options: MemorySourceOptions; readonly after: string | null },
  pageFiles: number,
  signal: AbortSignal,
) => {
  const { folder, connection } = memory;
  const { options, after } = request;
  const paths = folder.paths().filter(chooser(options));
  const rest = paths.filter((path) => after === null || path > after);
  const files: ListedFile[] = [];
  for (const path of rest.slice(0, pageFiles)) {
    const file = folder.files.get(path);
    if (file === undefined) continue;
    const relativePath = relativePathOf(options.prefix, path);
    const identity = identityOf(path, file);
    const place = paths.indexOf(path);
    const touch = { on: 'list', path, from: place, to: place + 1 } as const;
    const fault = takeFault(folder, connection.faults, touch);
    await suffer(fault, path, signal);
    const listed = { identity, relativePath, fields: itemFieldsOf(relativePath, identity) };
    files.push(listed, ...(fault?.do === 'duplicate' ? [listed] : []));
  }
  const last = files.at(-1)?.identity.path ?? null;
  return { files, next: rest.length > pageFiles ? last : null };
};

const copySlices = async (
  memory: OpenMemory,
  request: { readonly file: MemoryFile; readonly path: string; readonly position: number },
  buffer: Buffer,
  io: { readonly progress: (bytes: number) => void; readonly signal: AbortSignal },
): Promise<void> => {
  const { file, path, position } = request;
  const { folder, connection, context } = memory;
  for (let done = 0; done < buffer.length; done += sliceBytes) {
    io.signal.throwIfAborted();
    const from = position + done;
    const length = Math.min(sliceBytes, buffer.length - done);
    const touch = { on: 'read', path, from, to: from + length } as const;
    await suffer(takeFault(folder, connection.faults, touch), path, io.signal);
    await context.throttle(length, io.signal);
    file.bytes.copy(buffer, done, from, from + length);
    io.progress(length);
  }
};

const openReader = (memory: OpenMemory, identity: FileIdentity): FileReader => {
  const file = requireSame(memory, identity, 'opening');
  const { path, size } = identity;
  return {
    read: async (position, buffer, progress, signal) => {
      if (position + buffer.length > size) {
        throw new TidemarkError(
          sourceTruncated,
          `reading ${JSON.stringify(path)}: it ended at byte ${String(size)}`,
          { details: { path, position: size } },
        );
      }
      await copySlices(memory, { file, path, position }, buffer, { progress, signal });
    },
    verify: async (signal) => {
      signal.throwIfAborted();
      requireSame(memory, identity, 'checking');
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
};

export const openSource = (memory: OpenMemory): FileSource<MemorySourceOptions> => {
  seed(memory.folder, memory.connection);
  const { files } = memory.folder;
  return {
    list: async (options, after, pageFiles, signal) => {
      signal.throwIfAborted();
      return list(memory, { options, after }, pageFiles, signal);
    },
    identify: async (_options, path, signal) => {
      signal.throwIfAborted();
      const file = files.get(path);
      return file === undefined ? null : identityOf(path, file);
    },
    pin: async (_options, identity, signal) => {
      signal.throwIfAborted();
      requireSame(memory, identity, 'pinning');
      return identity;
    },
    open: async (_options, identity, signal) => {
      signal.throwIfAborted();
      return openReader(memory, identity);
    },
    remove: async (_options, identity, signal) => {
      signal.throwIfAborted();
      if (!files.has(identity.path)) return;
      requireSame(memory, identity, 'deleting');
      files.delete(identity.path);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
};
