/**
 * Lists, checks and reads files of a local folder.
 *
 * Keeps true: files come in the order of their paths and strictly after the last page; only regular files are offered;
 * a file is opened or deleted only while it is the planned version.
 */
import type { BigIntStats } from 'node:fs';
import { lstat, opendir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { TidemarkError } from '../../core/errors/error.js';
import type { FileIdentity } from '../../core/plan/file.js';
import type { FileReader, FileSource, ListedFile, ListPage, OpenContext } from '../connector.js';
import { sourceMissing } from '../file-errors.js';
import {
  baseName,
  folderName,
  listedFile,
  MODIFYING_MS,
  nameSelector,
  type FolderSourceOptions,
} from '../folder-files.js';
import { FolderPages } from '../folder-pages.js';
import { walk, type FolderEntry } from '../folder-walk.js';
import { withoutLedgers } from '../ledger-place.js';
import { ConfinedFolder, isMissing } from './confined.js';
import type { LocalConnection } from './options.js';
import { assertSame, identityOf, LocalReader, modifiedText } from './reader.js';

const entryOf = (name: string, stats: BigIntStats): FolderEntry => ({
  name,
  kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other',
  size: Number(stats.size),
  modified: modifiedText(stats),
});

const readFolder = async (realPath: string, signal: AbortSignal): Promise<FolderEntry[]> => {
  const entries: FolderEntry[] = [];
  for await (const { name } of await opendir(realPath)) {
    signal.throwIfAborted();
    try {
      entries.push(entryOf(name, await lstat(path.join(realPath, name), { bigint: true })));
    } catch (error) {
      // It went away between the two looks.
      if (!isMissing(error)) throw error;
    }
  }
  return entries;
};

class LocalSource implements FileSource<FolderSourceOptions> {
  readonly #folder: ConfinedFolder;
  readonly #pages = new FolderPages();

  constructor(folder: ConfinedFolder) {
    this.#folder = folder;
  }

  list(
    options: FolderSourceOptions,
    after: string | null,
    pageFiles: number,
    signal: AbortSignal,
  ): Promise<ListPage> {
    return this.#folder.doing(`listing ${options.path}`, signal, () =>
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
    const root = this.#folder.named(options.path);
    const stats = await stat(await this.#folder.real(root), { bigint: true });
    const nowMs = Date.now();
    const takesName = nameSelector(options);
    const takes = (entry: FolderEntry): boolean =>
      takesName(entry.name) &&
      !(options.check_is_modifying && nowMs - Number(entry.modified) * 1000 < MODIFYING_MS);
    if (stats.isFile()) {
      const taken = takes(entryOf(baseName(root), stats)) && (after === null || root > after);
      if (taken) yield listedFile(folderName(root), identityOf(root, stats));
      return;
    }
    if (!stats.isDirectory()) {
      throw new TidemarkError(
        sourceMissing,
        `connection ${this.#folder.context.connectionName}: ${root} is neither a folder nor a regular file`,
      );
    }
    const files = walk({
      root,
      recursive: options.recursive,
      after,
      takes,
      readFolder: async (named) =>
        withoutLedgers(
          await readFolder(await this.#folder.real(named), scope.signal),
          named === root,
        ),
    });
    for await (const file of files) yield listedFile(root, file);
  }

  identify(
    _options: FolderSourceOptions,
    named: string,
    signal: AbortSignal,
  ): Promise<FileIdentity | null> {
    return this.#folder.doing(`looking at ${named}`, signal, async () => {
      try {
        const stats = await stat(await this.#folder.real(named), { bigint: true });
        return stats.isFile() ? identityOf(named, stats) : null;
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  async pin(
    _options: FolderSourceOptions,
    identity: FileIdentity,
    signal: AbortSignal,
  ): Promise<FileIdentity> {
    await using reader = await LocalReader.open(this.#folder, identity, signal);
    return { ...identity, ends: await reader.ends(signal) };
  }

  open(
    _options: FolderSourceOptions,
    identity: FileIdentity,
    signal: AbortSignal,
  ): Promise<FileReader> {
    return LocalReader.open(this.#folder, identity, signal);
  }

  async remove(
    options: FolderSourceOptions,
    identity: FileIdentity,
    signal: AbortSignal,
  ): Promise<void> {
    if ((await this.identify(options, identity.path, signal)) === null) return;
    // Opening compares size, time and both ends where they are pinned.
    const reader = await LocalReader.open(this.#folder, identity, signal);
    await reader[Symbol.asyncDispose]();
    await this.#folder.doing(`deleting ${identity.path}`, signal, async () => {
      const realPath = await this.#folder.real(identity.path);
      assertSame(this.#folder, identity, await lstat(realPath, { bigint: true }));
      await unlink(realPath);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is kept open between calls.
  }
}

export const openSource = (
  connection: LocalConnection,
  context: OpenContext,
): FileSource<FolderSourceOptions> => new LocalSource(new ConfinedFolder(connection, context));
