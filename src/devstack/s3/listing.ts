/**
 * One page of a listing: keys and common prefixes after a position, in the order of UTF-8 bytes. Keeps true:
 * a group of keys that share a prefix up to the delimiter counts as one entry and appears on one page only.
 */
import { compareKeys } from './key-order.js';
import type { ObjectIndex } from './object-index.js';

export interface ListingRequest {
  readonly prefix: string;
  /** Empty: no grouping. */
  readonly delimiter: string;
  /** Entries after this one: a key, or a common prefix that was listed before. Empty: from the beginning. */
  readonly after: string;
  readonly maxEntries: number;
}

export interface ListingPage {
  readonly keys: readonly string[];
  readonly commonPrefixes: readonly string[];
  /** The last entry if more follow. */
  readonly next: string | undefined;
}

/** Reads one page. */
export function listPage(index: ObjectIndex, wanted: ListingRequest): ListingPage {
  const { prefix, after, maxEntries } = wanted;
  const sorted = index.sortedKeys();
  const keys: string[] = [];
  const commonPrefixes: string[] = [];
  let last = after;
  let position = index.firstNotBefore(compareKeys(after, prefix) > 0 ? after : prefix);
  for (let key = sorted[position]; key?.startsWith(prefix); key = sorted[++position]) {
    const group = groupOf(key, wanted);
    const entry = group ?? key;
    // Everything up to the position was listed before, and so was the rest of a group.
    if (after !== '' && (compareKeys(entry, after) <= 0 || entry === last)) continue;
    if (group !== undefined && commonPrefixes.at(-1) === group) continue;
    if (keys.length + commonPrefixes.length >= maxEntries) {
      return { keys, commonPrefixes, next: maxEntries === 0 ? undefined : last };
    }
    (group === undefined ? keys : commonPrefixes).push(entry);
    last = entry;
  }
  return { keys, commonPrefixes, next: undefined };
}

function groupOf(key: string, { prefix, delimiter }: ListingRequest): string | undefined {
  if (delimiter === '') return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}
