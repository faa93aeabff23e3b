/**
 * Small texts on the server, replaced as a whole: what ledgers need.
 *
 * Keeps true: a text that was written once can be read at any moment. Where the server cannot rename over a file, the old
 * one stands beside it under `.previous` in between.
 */
import { randomBytes } from 'node:crypto';
import { baseName, folderName, joinPath, temporaryName } from '../folder-files.js';
import type { TextFiles } from '../folder-ledger.js';
import type { SftpClient } from './client.js';
import { declared, hasStatus } from './errors.js';
import type { SftpPool } from './pool.js';
import { fileBytes, openTemporary, removeIfThere, statOrNull } from './server-files.js';

const previousOf = (path: string): string => `${path}.previous`;

const readText = async (
  client: SftpClient,
  path: string,
  signal: AbortSignal,
): Promise<string | null> => {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of fileBytes(client, path, signal)) pieces.push(Buffer.from(piece));
  } catch (error) {
    if (hasStatus(error, 'missing')) return null;
    throw error;
  }
  return Buffer.concat(pieces).toString();
};

const writeText = async (client: SftpClient, path: string, text: string): Promise<void> => {
  const body = Buffer.from(text);
  const handle = await openTemporary(client, path, 'c');
  try {
    for (let offset = 0; offset < body.length; offset += client.writeBytesMax) {
      const length = Math.min(client.writeBytesMax, body.length - offset);
      await client.write(handle, body, { offset, length, position: offset });
    }
    if (client.syncs) await client.sync(handle);
  } finally {
    await client.close(handle);
  }
};

/** False where something stands at the path already: a plain rename refuses that. */
const renameNew = async (client: SftpClient, from: string, to: string): Promise<boolean> => {
  try {
    await client.rename(from, to);
    return true;
  } catch (error) {
    if (hasStatus(error, 'failure') && (await statOrNull(client, to)) !== null) return false;
    throw error;
  }
};

const moveIn = async (
  client: SftpClient,
  from: string,
  to: string,
  isNew: boolean,
): Promise<boolean> => {
  if (isNew) return renameNew(client, from, to);
  if (client.renamesOver) {
    await client.renameOver(from, to);
    return true;
  }
  if ((await statOrNull(client, to)) !== null) {
    await removeIfThere(client, previousOf(to));
    await client.rename(to, previousOf(to));
  }
  return renameNew(client, from, to);
};

export const textFiles = (pool: SftpPool): TextFiles => {
  const doing = async <T>(
    what: string,
    signal: AbortSignal,
    work: (client: SftpClient) => Promise<T>,
  ): Promise<T> => {
    try {
      return await pool.use(signal, ({ client }) => work(client));
    } catch (error) {
      throw declared(error, pool.context.connectionName, what);
    }
  };
  return {
    read: (path, signal) =>
      doing(`reading ${path}`, signal, async (client) => {
        const text = await readText(client, path, signal);
        return text ?? readText(client, previousOf(path), signal);
      }),
    write: (path, text, isNew, signal) =>
      doing(`writing ${path}`, signal, async (client) => {
        const hidden = temporaryName(baseName(path), randomBytes(8).toString('hex'));
        const temporary = joinPath(folderName(path), hidden);
        try {
          await writeText(client, temporary, text);
          signal.throwIfAborted();
          if (await moveIn(client, temporary, path, isNew)) return true;
        } catch (error) {
          // Not awaited: a cancelled attempt must end now.
          void client.remove(temporary).catch(() => undefined);
          throw error;
        }
        await removeIfThere(client, temporary);
        return false;
      }),
  };
};
