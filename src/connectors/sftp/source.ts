/**
 * Lists, checks and reads files over SFTP.
 *
 * Keeps true: files come in the order of their paths and strictly after the last page; only regular files are offered;
 * a file is opened or deleted only while it is the planned version.
 */
import { TidemarkError } from '../../core/errors/error.js';
import type { FileIdentity } from '../../core/plan/file.js';
import type { FileReader, FileSource, ListedFile, ListPage, OpenContext } from '../connector.js';
import { sourceMissing } from '../file-errors.js';
import {
  folderName,
  joinPath,
  listedFile,
  MODIFYING_MS,
  nameSelector,
  plainPath,
  type FolderSourceOptions,
} from '../folder-files.js';
import { FolderPages } from '../folder-pages.js';
import { walk, type FolderEntry } from '../folder-walk.js';
import { withoutLedgers } from '../ledger-place.js';
import type { FileStat, SftpClient } from './client.js';
import { declared, hasStatus } from './errors.js';
import type { SftpConnection } from './options.js';
import { SftpPool } from './pool.js';
import { assertSame, SftpReader } from './reader.js';

const readWholeFolder = async (
  client: SftpClient,
  path: string,
  signal: AbortSignal,
): Promise<readonly FolderEntry[]> => {
  const handle = await client.openFolder(path);
  try {
    const entries: FolderEntry[] = [];
    for (;;) {
      signal.throwIfAborted();
      const more = await client.readFolder(handle);
      if (more === null) return entries;
      entries.push(...more);
    }
  } finally {
    // Not awaited: nothing depends on the answer.
    void client.close(handle).catch(() => undefined);
  }
};

class SftpSource implements FileSource<FolderSourceOptions> {
  readonly #pool: SftpPool;
  readonly #pages = new FolderPages();

  constructor(pool: SftpPool) {
    this.#pool = pool;
  }

  async #doing<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw declared(error, this.#pool.context.connectionName, doing);
    }
  }

  /** The absolute form of a path: a relative one is below the folder of the login. */
  async #absolute(path: string, signal: AbortSignal): Promise<string> {
    const plain = plainPath(path);
    if (plain.startsWith('/')) return plain;
    const home = await this.#pool.use(signal, (link) => link.client.realpath('.'));
    return plain === '' ? home : joinPath(home, plain);
  }

  #stat(path: string, signal: AbortSignal): Promise<FileStat> {
    return this.#pool.use(signal, (link) => link.client.stat(path));
  }

  list(
    options: FolderSourceOptions,
    after: string | null,
    pageFiles: number,
    signal: AbortSignal,
  ): Promise<ListPage> {
    return this.#doing(`listing ${options.path}`, () =>
      this.#pages.page({ options, after, pageFiles, signal }, (scope) =>
        this.#files(options, after, scope),
      ),
    );
  }

  async *#files(
    options: FolderSourceOptions,
    after: string | null,
    scope: { readonly signal: AbortSignal },
  ): AsyncGenerator<ListedFile, void, undefined> {
    const root = await this.#absolute(options.path, scope.signal);
    const stat = await this.#stat(root, scope.signal);
    const nowMs = Date.now();
    const takesName = nameSelector(options);
    const takes = (entry: FolderEntry): boolean =>
      takesName(entry.name) &&
      !(options.check_is_modifying && nowMs - Number(entry.modified) * 1000 < MODIFYING_MS);
    if (stat.kind !== 'folder') {
      yield* this.#single(root, stat, after, takes);
      return;
    }
    const readFolder = async (path: string): Promise<readonly FolderEntry[]> => {
      const entries = await this.#pool.use(scope.signal, (link) =>
        readWholeFolder(link.client, path, scope.signal),
      );
      return withoutLedgers(entries, path === root);
    };
    const files = walk({ root, recursive: options.recursive, after, takes, readFolder });
    for await (const file of files) yield listedFile(root, file);
  }

  *#single(
    path: string,
    stat: FileStat,
    after: string | null,
    takes: (entry: FolderEntry) => boolean,
  ): Generator<ListedFile, void, undefined> {
    if (stat.kind !== 'file') {
      throw new TidemarkError(
        sourceMissing,
        `connection ${this.#pool.context.connectionName}: ${path} is neither a folder nor a regular file`,
      );
    }
    const file = listedFile(folderName(path), { path, ...stat });
    if (!takes({ name: file.relativePath, ...stat }) || (after !== null && path <= after)) return;
    yield file;
  }

  identify(
    _options: FolderSourceOptions,
    path: string,
    signal: AbortSignal,
  ): Promise<FileIdentity | null> {
    return this.#doing(`looking at ${path}`, async () => {
      try {
        const { kind, size, modified } = await this.#stat(path, signal);
        return kind === 'file' ? { path, size, modified } : null;
      } catch (error) {
        if (hasStatus(error, 'missing')) return null;
        throw error;
      }
    });
  }

  async pin(
    _options: FolderSourceOptions,
    identity: FileIdentity,
    signal: AbortSignal,
  ): Promise<FileIdentity> {
    await using reader = await SftpReader.open(this.#pool, identity, signal);
    return { ...identity, ends: await reader.ends(signal) };
  }

  open(
    _options: FolderSourceOptions,
    identity: FileIdentity,
    signal: AbortSignal,
  ): Promise<FileReader> {
    return SftpReader.open(this.#pool, identity, signal);
  }

  async remove(
    options: FolderSourceOptions,
    identity: FileIdentity,
    signal: AbortSignal,
  ): Promise<void> {
    const now = await this.identify(options, identity.path, signal);
    if (now === null) return;
    // Opening compares size, time and both ends where they are pinned.
    const reader = await SftpReader.open(this.#pool, identity, signal);
    await reader[Symbol.asyncDispose]();
    await this.#doing(`deleting ${identity.path}`, async () => {
      assertSame(this.#pool, identity, await this.#stat(identity.path, signal));
      await this.#pool.use(signal, (link) => link.client.remove(identity.path));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }
}

/** Opens nothing yet: the first call connects. */
export const openSource = (
  connection: SftpConnection,
  context: OpenContext,
): FileSource<FolderSourceOptions> => new SftpSource(new SftpPool(connection, context));
