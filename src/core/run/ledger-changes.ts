/**
 * The rules of the ledger, as functions from document to document. Whoever stores the result does so on condition that
 * nobody wrote meanwhile.
 *
 * Keeps true: at most one window is open; the token only rises; a window is published at most once, only by the holder of
 * the newest token, and the mark moves in that same step.
 */
import type { Mark } from '../plan/rows.js';
import {
  type AuditEntry,
  type Beginning,
  type LedgerDocument,
  type LedgerName,
  ledgerVersion,
  type OpenWindow,
  type PublishedWindow,
} from './ledger.js';

const publishedMax = 20;
const auditMax = 100;
const namesMax = 20;

export const emptyLedger = ({ project, asset, partition }: LedgerName): LedgerDocument => ({
  version: ledgerVersion,
  project,
  asset,
  partition,
  token: 0,
  mark: null,
  open: null,
  published: [],
  windows: 0,
  audit: [],
});

/**
 * What an attempt finds that wants to move what `shapeHash` describes. `assetToken`: the fence of the whole asset now; a
 * window that was opened under another one could not be published and is discarded. Absent: there is none to compare.
 */
export const begin = (
  document: LedgerDocument | null,
  wanted: { readonly shapeHash: string; readonly assetToken?: number },
): Beginning => {
  const open = document?.open ?? null;
  const { shapeHash, assetToken = open?.assetToken } = wanted;
  if (open?.shapeHash === shapeHash && open.assetToken === assetToken) {
    return { kind: 'finish', window: open };
  }
  return { kind: 'open', low: document?.mark ?? null, discard: open };
};

/**
 * 1 for the first window that begins at `low`, 2 for the next: one more than the newest published window, if that began
 * there too. Names of objects carry it, so that two windows never share one.
 */
export const repeatOf = (document: LedgerDocument | null, low: string | null): number => {
  const newest = document?.published.at(-1);
  return newest?.low === low ? newest.repeat + 1 : 1;
};

export type WindowFacts = Omit<OpenWindow, 'token'>;

export interface Opened {
  readonly document: LedgerDocument;
  readonly window: OpenWindow;
}

/** Opens a window under a new token. One that was open must have been discarded before. */
export const openWindow = (
  document: LedgerDocument | null,
  name: LedgerName,
  facts: WindowFacts,
): Opened => {
  const before = document ?? emptyLedger(name);
  const window: OpenWindow = { ...facts, token: before.token + 1 };
  return { document: { ...before, token: window.token, open: window }, window };
};

/** Goes on with an open window under a new token: whoever opened it can publish nothing any more. Null: it is not open. */
export const takeOver = (
  document: LedgerDocument,
  windowId: string,
  owner: string,
): Opened | null => {
  const { open } = document;
  if (open?.id !== windowId) return null;
  const window: OpenWindow = { ...open, owner, token: document.token + 1 };
  return { document: { ...document, token: window.token, open: window }, window };
};

export interface PublishFacts {
  readonly windowId: string;
  readonly token: number;
  /** The new mark; null keeps the old one. */
  readonly mark: Mark | null;
  readonly rows: number;
  /** ISO 8601. */
  readonly publishedAt: string;
  /** What stands at the target now; the first 20 are kept. */
  readonly names: readonly string[];
  /** The fence of the whole asset now. Absent: there is none to compare. */
  readonly assetToken?: number;
}

export type Publishing =
  | { readonly kind: 'published'; readonly document: LedgerDocument }
  /** An earlier attempt published it. */
  | { readonly kind: 'already'; readonly window: PublishedWindow }
  /** A newer token was given out, the window was discarded, or a full refresh of the asset began; `token` is the newer one. */
  | { readonly kind: 'stale'; readonly token: number };

/** Null: the holder of `token` may publish that window. */
const newerToken = (
  document: LedgerDocument | null,
  open: OpenWindow | null,
  { windowId, token, assetToken }: PublishFacts,
): number | null => {
  if (open?.id !== windowId || document?.token !== token) return document?.token ?? 0;
  return assetToken === undefined || assetToken === open.assetToken ? null : assetToken;
};

const entryOf = (
  document: LedgerDocument,
  { low, high }: OpenWindow,
  { windowId, token, rows, publishedAt, names }: PublishFacts,
): PublishedWindow => {
  const start = low?.value ?? null;
  return {
    id: windowId,
    low: start,
    high: high?.value ?? null,
    repeat: repeatOf(document, start),
    token,
    rows,
    publishedAt,
    names: names.slice(0, namesMax),
  };
};

/** Closes the window and moves the mark. A window that stands among the published ones stays published as it was. */
export const publishWindow = (document: LedgerDocument | null, facts: PublishFacts): Publishing => {
  const before = document?.published.find(({ id }) => id === facts.windowId);
  if (before !== undefined) return { kind: 'already', window: before };
  const open = document?.open ?? null;
  const newer = newerToken(document, open, facts);
  if (newer !== null || document === null || open === null) {
    return { kind: 'stale', token: newer ?? 0 };
  }
  const published = entryOf(document, open, facts);
  return {
    kind: 'published',
    document: {
      ...document,
      mark: facts.mark ?? document.mark,
      open: null,
      published: [...document.published, published].slice(-publishedMax),
      windows: document.windows + 1,
    },
  };
};

/** Forgets a window that will not be published; null when there is nothing to forget, or it is not ours to forget. */
export const abandonWindow = (
  document: LedgerDocument | null,
  windowId: string,
  token: number,
): LedgerDocument | null =>
  document?.open?.id === windowId && document.token === token ? { ...document, open: null } : null;

/**
 * A mark that somebody sets by hand. What is open is closed: its bounds mean nothing any more. Who stores the result has
 * discarded before what that window made, because its names are forgotten.
 */
export const setMark = (
  document: LedgerDocument | null,
  name: LedgerName,
  mark: Mark | null,
  entry: AuditEntry,
): LedgerDocument => {
  const before = document ?? emptyLedger(name);
  return {
    ...before,
    token: before.token + 1,
    mark,
    open: null,
    audit: [...before.audit, entry].slice(-auditMax),
  };
};

/** Makes every window of the asset that is open anywhere unpublishable: a full refresh begins. */
export const raiseFence = (document: LedgerDocument | null, name: LedgerName): LedgerDocument => {
  const before = document ?? emptyLedger(name);
  return { ...before, token: before.token + 1 };
};
