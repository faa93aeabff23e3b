/**
 * The objects of one bucket in memory: by key, in the order of listings, and by path on disk. Keeps true:
 * the sorted keys and the map hold the same keys; a path belongs to one key, also where case is ignored.
 */
import { compareKeys } from './key-order.js';
import type { ObjectRecord } from './record.js';

export class ObjectIndex {
  readonly #records = new Map<string, ObjectRecord>();
  readonly #keyOfFoldedPath = new Map<string, string>();
  #sorted: string[] = [];
  #isSorted = true;

  get size(): number {
    return this.#records.size;
  }

  get(key: string): ObjectRecord | undefined {
    return this.#records.get(key);
  }

  put(record: ObjectRecord): void {
    if (!this.#records.has(record.key)) this.#insertKey(record.key);
    this.#records.set(record.key, record);
    this.#keyOfFoldedPath.set(foldPath(record.path), record.key);
  }

  delete(key: string): void {
    const record = this.#records.get(key);
    if (record === undefined) return;
    this.#records.delete(key);
    this.#keyOfFoldedPath.delete(foldPath(record.path));
    const keys = this.sortedKeys();
    keys.splice(this.firstNotBefore(key), 1);
  }

  /** Whether the path is free for `key` as far as the index knows. */
  mayUse(path: string, key: string): boolean {
    const holder = this.#keyOfFoldedPath.get(foldPath(path));
    return holder === undefined || holder === key;
  }

  /** All keys in the order of listings. Not to be changed by the caller. */
  sortedKeys(): string[] {
    if (!this.#isSorted) {
      this.#sorted.sort(compareKeys);
      this.#isSorted = true;
    }
    return this.#sorted;
  }

  /** Position of the first key that is not before `bound`. */
  firstNotBefore(bound: string): number {
    const keys = this.sortedKeys();
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(keys[middle] ?? '', bound) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insertKey(key: string): void {
    const last = this.#sorted[this.#sorted.length - 1];
    // Sorting is put off until somebody lists: many puts in a row cost one sort.
    if (last !== undefined && compareKeys(last, key) > 0) this.#isSorted = false;
    this.#sorted.push(key);
  }
}

function foldPath(path: string): string {
  return path.normalize('NFC').toLowerCase();
}
