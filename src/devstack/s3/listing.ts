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
  const keys: string[] = [];
  const commonPrefixes: string[] = [];
  let last: string | undefined;
  for (const { name, isGroup } of entriesOf(index, wanted)) {
    // A page of 0 entries has no last one, and so no next page.
    if (keys.length + commonPrefixes.length >= wanted.maxEntries)
      return { keys, commonPrefixes, next: last };
    (isGroup ? commonPrefixes : keys).push(name);
    last = name;
  }
  return { keys, commonPrefixes, next: undefined };
}

interface Entry {
  /** A key, or the prefix that a group of keys shares. */
  readonly name: string;
  readonly isGroup: boolean;
}

/** All entries after the position, in order. The keys of a group follow one another and give it once. */
function* entriesOf(index: ObjectIndex, wanted: ListingRequest): Generator<Entry> {
  const { prefix, after } = wanted;
  const sorted = index.sortedKeys();
  let last = after;
  let position = index.firstNotBefore(compareKeys(after, prefix) > 0 ? after : prefix);
  for (let key = sorted[position]; key?.startsWith(prefix); key = sorted[++position]) {
    const entry = entryOf(key, wanted);
    // Everything up to the position was listed before, and so was the rest of a group.
    if (entry.name === last || compareKeys(entry.name, after) <= 0) continue;
    last = entry.name;
    yield entry;
  }
}

function entryOf(key: string, { prefix, delimiter }: ListingRequest): Entry {
  const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return end < 0
    ? { name: key, isGroup: false }
    : { name: key.slice(0, end + delimiter.length), isGroup: true };
}
