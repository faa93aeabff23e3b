/** The hidden files that a target writes before they get their name. */
import { createHash } from 'node:crypto';
import type { ObjectOrder } from '../../core/plan/file.js';
import { baseName, folderName, joinPath, temporaryName } from '../folder-files.js';
import type { SftpClient } from './client.js';

const tagChars = 16;

/** Every attempt of a unit writes the same bytes to the same name; another source version has another name. */
const orderTag = ({ unit, copiedFrom, size }: ObjectOrder): string =>
  createHash('sha256')
    .update(JSON.stringify([unit, copiedFrom, size]))
    .digest('hex')
    .slice(0, tagChars);

export const temporaryOf = (order: ObjectOrder): string => {
  const { key } = order.address;
  return joinPath(folderName(key), temporaryName(baseName(key), orderTag(order)));
};

/** Temporaries of exactly that file in its folder; none where its name is so long that others share the short form. */
export const temporariesOf = async (
  client: SftpClient,
  key: string,
): Promise<readonly { readonly path: string; readonly modified: string }[]> => {
  const folder = folderName(key);
  const prefix = temporaryName(baseName(key), '');
  if (!temporaryName(baseName(key), '0'.repeat(tagChars)).startsWith(prefix)) return [];
  const handle = await client.openFolder(folder === '' ? '.' : folder);
  const found: { readonly path: string; readonly modified: string }[] = [];
  try {
    for (;;) {
      const entries = await client.readFolder(handle);
      if (entries === null) return found;
      const ours = entries.filter(({ name }) => name.startsWith(prefix));
      found.push(...ours.map(({ name, modified }) => ({ path: joinPath(folder, name), modified })));
    }
  } finally {
    await client.close(handle);
  }
};
