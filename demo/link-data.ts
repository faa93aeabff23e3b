/** Puts the prepared data below the SFTP server's root: as links, so that 500 MB are there at once. */
import { copyFile, link, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PreparedFiles } from './prepare-data.js';

const place = async (from: string, to: string): Promise<void> => {
  await mkdir(dirname(to), { recursive: true });
  // The root may be on another file system than the data.
  await link(from, to).catch(() => copyFile(from, to));
};

/** Folders of the data that a partner would offer; the rest goes elsewhere. */
const sources = ['flights', 'reference'] as const;

/** Empties the folders that the demo uses and fills them anew; other folders are left alone. */
export const linkData = async (
  prepared: string,
  files: PreparedFiles,
  root: string,
): Promise<void> => {
  for (const folder of [...sources, 'inbox', 'outbox']) {
    await rm(join(root, folder), { recursive: true, force: true });
  }
  await mkdir(join(root, 'inbox'), { recursive: true });
  for (const path of Object.keys(files)) {
    if (!sources.some((folder) => path.startsWith(`${folder}/`))) continue;
    await place(join(prepared, path), join(root, path));
  }
};
