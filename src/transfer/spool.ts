/**
 * Files of a conversion that must be whole before they can be read: in a private folder of this process, gone with the
 * conversion. What a killed process left is removed by the next one that needs a folder.
 */
import { createReadStream } from 'node:fs';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const pieceBytes = 256 * 1024;
const folderName = /^tidemark-spool-(\d+)-/;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process lives too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

const sweep = async (): Promise<void> => {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(folderName.exec(name)?.[1] ?? 0);
    if (pid > 0 && !isAlive(pid))
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
};

export interface Spool extends AsyncDisposable {
  path(name: string): string;
}

export const openSpool = async (): Promise<Spool> => {
  await sweep();
  const folder = await mkdtemp(join(tmpdir(), `tidemark-spool-${String(process.pid)}-`));
  return {
    path: (name) => join(folder, name),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
};

export const spoolPieces = async (path: string, pieces: AsyncIterable<Buffer>): Promise<void> => {
  await using file = await open(path, 'wx', 0o600);
  for await (const piece of pieces)
    for (let at = 0; at < piece.length;) at += (await file.write(piece, at)).bytesWritten;
};

export async function* spooledPieces(path: string): AsyncGenerator<Buffer> {
  for await (const piece of createReadStream(path, { highWaterMark: pieceBytes }))
    yield piece as Buffer;
}
