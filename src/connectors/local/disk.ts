/**
 * What writing to a disk needs: looking without an error for what is missing, making names durable, and reading back
 * what was written.
 */
import { constants, type BigIntStats } from 'node:fs';
import { link, open, stat, unlink, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { formatCrc32 } from '../../core/values/crc32.js';
import { isMissing, osCode } from './confined.js';

const STEP_BYTES = 1024 * 1024;

export const statOrNull = async (realPath: string): Promise<BigIntStats | null> => {
  try {
    return await stat(realPath, { bigint: true });
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
};

export const unlinkIfThere = async (realPath: string): Promise<void> => {
  try {
    await unlink(realPath);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
};

export const syncFolder = async (realPath: string): Promise<void> => {
  const folder = await open(realPath, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

/** CRC32 of a whole file: from the page cache, as it was written a moment ago. */
export const fileCrc32 = async (file: FileHandle, signal: AbortSignal): Promise<string> => {
  const buffer = Buffer.allocUnsafeSlow(STEP_BYTES);
  let crc = 0;
  for (let position = 0; ;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return formatCrc32(crc);
    crc = crc32(buffer.subarray(0, bytesRead), crc);
    position += bytesRead;
  }
};

/** Gives the temporary its name, durable with the folder's next sync; false where something stands there already. */
export const linkNew = async (temporary: string, realPath: string): Promise<boolean> => {
  try {
    await link(temporary, realPath);
  } catch (error) {
    if (osCode(error) === 'EEXIST') return false;
    throw error;
  }
  await unlinkIfThere(temporary);
  return true;
};
