/** Small texts on the disk, replaced as a whole and durably: what ledgers need. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { baseName, folderName, joinPath, temporaryName } from '../folder-files.js';
import type { TextFiles } from '../folder-ledger.js';
import { isMissing, type ConfinedFolder } from './confined.js';
import { linkNew, syncFolder, unlinkIfThere } from './disk.js';

const writeNew = async (realPath: string, text: string): Promise<void> => {
  const file = await open(realPath, 'wx');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
};

export const textFiles = (folder: ConfinedFolder): TextFiles => ({
  read: (named, signal) =>
    folder.doing(`reading ${named}`, signal, async () => {
      try {
        return await readFile(await folder.real(named), { encoding: 'utf8', signal });
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    }),
  write: (named, text, isNew, signal) =>
    folder.doing(`writing ${named}`, signal, async () => {
      const realPath = await folder.real(named);
      const hidden = temporaryName(baseName(named), randomBytes(8).toString('hex'));
      const temporary = await folder.real(joinPath(folderName(named), hidden));
      await mkdir(path.dirname(realPath), { recursive: true });
      try {
        await writeNew(temporary, text);
        signal.throwIfAborted();
        if (isNew) {
          if (!(await linkNew(temporary, realPath))) return false;
        } else await rename(temporary, realPath);
        await syncFolder(path.dirname(realPath));
        return true;
      } finally {
        await unlinkIfThere(temporary);
      }
    }),
});
