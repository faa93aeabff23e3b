/** Ledgers in memory: an exact compare-and-swap, with the declared faults of writes in its way. */
import { crc32 } from 'node:zlib';
import type { TargetAddress } from '../../core/plan/file.js';
import { formatCrc32 } from '../../core/values/crc32.js';
import { ledgerText, parseLedger } from '../ledger-document.js';
import { ledgerKey } from '../ledger-place.js';
import type { LedgerStore } from '../row-connector.js';
import { faulted, type OpenMemory } from './faults.js';
import type { MemoryFolder } from './store.js';

/** One step: nothing runs between the look and the write. */
const swap = (
  folder: MemoryFolder,
  key: string,
  text: string,
  expected: string | null,
): string | null => {
  if ((folder.files.get(key)?.tag ?? null) !== expected) return null;
  const bytes = Buffer.from(text);
  const tag = folder.nextName('tag');
  const modified = String(Math.floor(Date.now() / 1000));
  folder.files.set(key, { bytes, modified, tag, crc32: formatCrc32(crc32(bytes)) });
  return tag;
};

export const openLedger = (memory: OpenMemory, place: TargetAddress): LedgerStore => {
  const { files } = memory.folder;
  return {
    read: async (name, signal) => {
      signal.throwIfAborted();
      const key = ledgerKey(place, name);
      const file = files.get(key);
      if (file === undefined) return null;
      return { document: parseLedger(file.bytes.toString(), key, name), tag: file.tag };
    },
    write: async (name, document, expected, signal) => {
      const key = ledgerKey(place, name);
      const text = ledgerText(document);
      const touch = { path: key, from: 0, to: Buffer.byteLength(text) };
      try {
        return await faulted(memory, touch, signal, () => swap(memory.folder, key, text, expected));
      } catch (error) {
        signal.throwIfAborted();
        const found = files.get(key);
        if (found?.bytes.toString() !== text) throw error;
        return found.tag;
      }
    },
  };
};
