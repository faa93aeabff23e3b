/**
 * The walk through a folder and, if asked, the folders below it: in UTF-16 order of the paths, resumable after any
 * path, bounded in depth and number. What reads a folder is an argument, so every connector of folders walks alike.
 *
 * Keeps true: a path is yielded at most once, and every path that exists through the walk is yielded.
 */
import { defineError, TidemarkError } from '../core/errors/error.js';
import { joinPath } from './folder-files.js';

export const listingTooLarge = defineError({
  code: 'source/listing-too-large',
  recovery: 'never',
  summary: 'A folder tree is deeper or holds more entries than one listing may visit.',
  fix: 'Name a narrower `path`, or move files away after they were copied (`delete_source`).',
});

export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
  readonly size: number;
  /** Decimal epoch seconds. */
  readonly modified: string;
}

export interface WalkedFile {
  readonly path: string;
  readonly size: number;
  readonly modified: string;
}

/** Bounds of one walk: a tree beyond them is a mistake in `path` more often than data. */
export const WALK_DEPTH_MAX = 64;
export const WALK_ENTRIES_MAX = 2_000_000;

export interface WalkRequest {
  readonly root: string;
  readonly recursive: boolean;
  /** Paths up to and with this one are left out; whole folders before it are not even read. */
  readonly after: string | null;
  readonly takes: (entry: FolderEntry) => boolean;
  readonly readFolder: (path: string) => Promise<readonly FolderEntry[]>;
}

interface Budget {
  entries: number;
}

/** A folder sorts as `name/`: that is where its files stand among their neighbours' paths. */
const sortKey = (entry: FolderEntry): string =>
  entry.kind === 'folder' ? `${entry.name}/` : entry.name;

const refuse = (request: WalkRequest, what: string): never => {
  throw new TidemarkError(listingTooLarge, `listing ${JSON.stringify(request.root)}: ${what}`);
};

async function* walkFolder(
  request: WalkRequest,
  folder: string,
  depth: number,
  budget: Budget,
): AsyncGenerator<WalkedFile, void, undefined> {
  if (depth > WALK_DEPTH_MAX) refuse(request, `more than ${WALK_DEPTH_MAX} folders deep`);
  const entries = await request.readFolder(folder);
  budget.entries += entries.length;
  if (budget.entries > WALK_ENTRIES_MAX) refuse(request, `more than ${WALK_ENTRIES_MAX} entries`);
  const sorted = entries
    .filter((entry) => (entry.kind === 'folder' ? request.recursive : request.takes(entry)))
    .map((entry) => ({ entry, key: sortKey(entry) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  for (const { entry, key } of sorted) {
    const path = joinPath(folder, entry.name);
    const { after } = request;
    if (entry.kind === 'folder') {
      const below = joinPath(folder, key);
      if (after !== null && below < after && !after.startsWith(below)) continue;
      yield* walkFolder(request, path, depth + 1, budget);
    } else if (entry.kind === 'file' && (after === null || path > after)) {
      yield { path, size: entry.size, modified: entry.modified };
    }
  }
}

/** Files below `root` in order; reads a folder only when the walk reaches it. */
export const walk = (request: WalkRequest): AsyncGenerator<WalkedFile, void, undefined> =>
  walkFolder(request, request.root, 0, { entries: 0 });
