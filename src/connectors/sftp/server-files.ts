/** What writing over SFTP needs of single files: looking without an error for what is missing, folders, whole reads. */
import { crc32 } from 'node:zlib';
import { formatCrc32 } from '../../core/values/crc32.js';
import { folderName } from '../folder-files.js';
import type { FileStat, Handle, OpenFlags, SftpClient } from './client.js';
import { hasStatus } from './errors.js';

export const statOrNull = async (client: SftpClient, path: string): Promise<FileStat | null> => {
  try {
    return await client.stat(path);
  } catch (error) {
    if (hasStatus(error, 'missing')) return null;
    throw error;
  }
};

export const removeIfThere = async (client: SftpClient, path: string): Promise<void> => {
  try {
    await client.remove(path);
  } catch (error) {
    if (!hasStatus(error, 'missing')) throw error;
  }
};

/** Makes a folder and those above it; one that another writer makes at the same time is fine. */
const makeFolders = async (client: SftpClient, path: string): Promise<void> => {
  if (path === '' || path === '/' || (await statOrNull(client, path))?.kind === 'folder') return;
  await makeFolders(client, folderName(path));
  try {
    await client.makeFolder(path);
  } catch (error) {
    if ((await statOrNull(client, path))?.kind !== 'folder') throw error;
  }
};

export const openTemporary = async (
  client: SftpClient,
  path: string,
  flags: OpenFlags,
): Promise<Handle> => {
  try {
    return await client.open(path, flags);
  } catch (error) {
    if (flags === 'r+' || !hasStatus(error, 'missing')) throw error;
    await makeFolders(client, folderName(path));
    return client.open(path, flags);
  }
};

/** The bytes of a file from its beginning, in pieces that are valid until the next one. */
export async function* fileBytes(
  client: SftpClient,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const buffer = Buffer.allocUnsafeSlow(client.readBytesMax);
  const handle = await client.open(path, 'r');
  try {
    for (let position = 0; ;) {
      signal.throwIfAborted();
      const range = { offset: 0, length: buffer.length, position };
      const bytes = await client.read(handle, buffer, range);
      if (bytes === 0) return;
      yield buffer.subarray(0, bytes);
      position += bytes;
    }
  } finally {
    // Not awaited: nothing depends on the answer.
    void client.close(handle).catch(() => undefined);
  }
}

export const fileCrc32 = async (
  client: SftpClient,
  path: string,
  signal: AbortSignal,
): Promise<string> => {
  let crc = 0;
  for await (const piece of fileBytes(client, path, signal)) crc = crc32(piece, crc);
  return formatCrc32(crc);
};
