/**
 * Writes bytes at the position of an open file. Keeps true: a write that took only some of the bytes is
 * continued, so that none is lost.
 */
import type { FileHandle } from 'node:fs/promises';

export async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done)).bytesWritten;
}
