/**
 * A folder on this machine as a place for both suites: files are written, read and counted with node:fs, never with
 * the connector. What differs between connectors is how a path of this folder is named.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface FolderPlaceFacts {
  readonly connection: unknown;
  /** The folder on this machine. */
  readonly folder: string;
  /** The same folder as the connector names it. */
  readonly named: string;
}

const orNull = async (body: Promise<Buffer>): Promise<Buffer | null> => {
  try {
    return await body;
  } catch {
    return null;
  }
};

export const temporaryFolder = async (prefix: string) => {
  const folder = await mkdtemp(path.join(tmpdir(), prefix));
  return {
    folder,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
};

export const folderPlace = ({ connection, folder, named }: FolderPlaceFacts) => {
  let clock = 1_600_000_000;
  const at = (relativePath: string): string => path.join(folder, relativePath);
  return {
    connection,
    connectionName: path.basename(folder),
    options: ({ pattern, file }: { readonly pattern?: string; readonly file?: string } = {}) => ({
      path: named,
      recursive: true,
      ...(pattern === undefined ? {} : { pattern }),
      ...(file === undefined ? {} : { file_name: file }),
    }),
    targetOptions: () => ({ path: named }),
    missing: () => ({ path: `${named}/no-such-folder` }),
    pathOf: (relativePath: string) => `${named}/${relativePath}`,
    /** Each writing has a second of its own: that is all that SFTP's times tell apart. */
    write: async (relativePath: string, body: Buffer) => {
      await mkdir(path.dirname(at(relativePath)), { recursive: true });
      await writeFile(at(relativePath), body);
      clock += 1;
      await utimes(at(relativePath), clock, clock);
    },
    remove: (relativePath: string) => rm(at(relativePath)),
    exists: async (relativePath: string) => (await orNull(readFile(at(relativePath)))) !== null,
    read: (relativePath: string) => orNull(readFile(at(relativePath))),
    leftovers: async () => {
      const names = await readdir(folder, { recursive: true });
      return names.filter((name) => /\.tidemark-|\.filepart$/.test(path.basename(name)));
    },
    foreignUpload: async (relativePath: string) => {
      const name = `.${relativePath}.filepart`;
      await writeFile(at(name), 'somebody else writes here');
      return name;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
};
