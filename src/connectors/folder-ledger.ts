/**
 * Ledgers as files of a folder, for every connector of folders. A file is compared with what was expected and then
 * replaced by a rename: between the two another writer is not seen, so here the asset's workflow id is the only lock.
 *
 * Keeps true: a ledger is replaced as a whole; one that appeared or changed before the comparison is never replaced;
 * after a lost answer the file says whether it was written.
 */
import { createHash } from 'node:crypto';
import type { TargetAddress } from '../core/plan/file.js';
import { ledgerText, parseLedger } from './ledger-document.js';
import { ledgerKey } from './ledger-place.js';
import type { LedgerStore } from './row-connector.js';

/** What a connector of folders does with small texts. */
export interface TextFiles {
  /** The whole text; null where there is no file. */
  read(path: string, signal: AbortSignal): Promise<string | null>;
  /**
   * Writes beside the path, makes it durable and gives it its name. `isNew`: nothing stands there; false when something
   * does after all. Leaves nothing behind when it fails, as far as it can.
   */
  write(path: string, text: string, isNew: boolean, signal: AbortSignal): Promise<boolean>;
}

const tagOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const readTag = async (
  files: TextFiles,
  path: string,
  signal: AbortSignal,
): Promise<string | null> => {
  const text = await files.read(path, signal);
  return text === null ? null : tagOf(text);
};

export const folderLedger = (files: TextFiles, folder: TargetAddress): LedgerStore => ({
  read: async (name, signal) => {
    const path = ledgerKey(folder, name);
    const text = await files.read(path, signal);
    return text === null ? null : { document: parseLedger(text, path, name), tag: tagOf(text) };
  },
  write: async (name, document, expected, signal) => {
    const path = ledgerKey(folder, name);
    const text = ledgerText(document);
    const own = tagOf(text);
    const found = await readTag(files, path, signal);
    if (found !== expected) return found === own ? own : null;
    try {
      if (await files.write(path, text, found === null, signal)) return own;
    } catch (error) {
      signal.throwIfAborted();
      if ((await readTag(files, path, signal)) === own) return own;
      throw error;
    }
    return (await readTag(files, path, signal)) === own ? own : null;
  },
});
