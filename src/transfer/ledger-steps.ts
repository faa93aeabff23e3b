/**
 * What a run does with a ledger: read, decide, write if nobody wrote meanwhile, else again. The decisions are the pure
 * functions of `ledger-changes`; storing is the target's.
 */
import { ledgerConflict, ledgerStale } from '../connectors/ledger-errors.js';
import type { LedgerStore } from '../connectors/row-connector.js';
import { TidemarkError } from '../core/errors/error.js';
import type { Mark } from '../core/plan/rows.js';
import type { LedgerDocument, LedgerName, OpenWindow } from '../core/run/ledger.js';
import {
  abandonWindow as abandoned,
  begin,
  type Opened,
  openWindow,
  publishWindow,
  repeatOf,
  takeOver,
} from '../core/run/ledger-changes.js';

const triesMax = 10;

/** Where a new window lies, and what it may make. */
export interface WindowBounds {
  readonly low: Mark | null;
  readonly high: Mark | null;
  readonly names: readonly string[];
}

export interface BeginFacts {
  /** Of the window, if one is opened. */
  readonly id: string;
  readonly shapeHash: string;
  readonly owner: string;
  /** ISO 8601. */
  readonly nowIso: string;
  /**
   * Removes what an older window made; called before the new one is opened, and after its holder has lost the right to
   * publish. Idempotent.
   */
  discard(old: OpenWindow): Promise<void>;
  /** Fixes the bounds; null: nothing is new. `repeat` numbers the windows that began at the ledger's mark. */
  bounds(low: Mark | null, repeat: number): Promise<WindowBounds | null>;
}

export type Begun =
  | { readonly kind: 'opened'; readonly window: OpenWindow; readonly repeat: number }
  | { readonly kind: 'finish'; readonly window: OpenWindow; readonly repeat: number }
  | { readonly kind: 'nothing' };

/** Repeats a step until its write succeeded. */
const untilWritten = async <T>(name: LedgerName, step: () => Promise<T | null>): Promise<T> => {
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const done = await step();
    if (done !== null) return done;
  }
  throw new TidemarkError(
    ledgerConflict,
    `the ledger of asset ${name.asset} was changed by others ${String(triesMax)} times in a row`,
  );
};

/** The fence of the whole asset, which a partition compares; null for the whole asset, whose own token is its fence. */
const assetFence = async (
  store: LedgerStore,
  name: LedgerName,
  signal: AbortSignal,
): Promise<number | null> => {
  if (name.partition === '') return null;
  const whole = await store.read({ ...name, partition: '' }, signal);
  return whole?.document.token ?? 0;
};

/** One try of a beginning: what it found, and the ways to go on. */
interface Try {
  readonly store: LedgerStore;
  readonly name: LedgerName;
  readonly facts: BeginFacts;
  readonly signal: AbortSignal;
  readonly document: LedgerDocument | null;
  readonly tag: string | null;
  readonly fence: number | null;
}

const takenOver = async (
  { store, name, facts, signal, document, tag }: Try,
  windowId: string,
): Promise<{ readonly opened: Opened; readonly tag: string } | null> => {
  const opened = document === null ? null : takeOver(document, windowId, facts.owner);
  if (opened === null) return null;
  const written = await store.write(name, opened.document, tag, signal);
  return written === null ? null : { opened, tag: written };
};

/**
 * The same number when a window is opened and when it is finished, because the mark does not move in between: names of
 * objects hang on it.
 */
const repeatAtMark = (document: LedgerDocument | null): number =>
  repeatOf(document, document?.mark?.value ?? null);

const finish = async (attempt: Try, old: OpenWindow): Promise<Begun | null> => {
  const taken = await takenOver(attempt, old.id);
  if (taken === null) return null;
  const { window } = taken.opened;
  return { kind: 'finish', window, repeat: repeatAtMark(attempt.document) };
};

const open = async (attempt: Try, low: Mark | null): Promise<Begun | null> => {
  const { store, name, facts, signal, document, tag, fence } = attempt;
  const { id, shapeHash, owner, nowIso } = facts;
  const repeat = repeatAtMark(document);
  const bounds = await facts.bounds(low, repeat);
  if (bounds === null) return { kind: 'nothing' };
  const shape = { id, shapeHash, owner, openedAt: nowIso, assetToken: fence ?? 0 };
  const opened = openWindow(document, name, { ...shape, ...bounds });
  const written = await store.write(name, opened.document, tag, signal);
  return written === null ? null : { kind: 'opened', window: opened.window, repeat };
};

/** A holder that still works must not publish while its objects go: the fence is raised first. */
const discardAndOpen = async (
  attempt: Try,
  low: Mark | null,
  old: OpenWindow,
): Promise<Begun | null> => {
  const taken = await takenOver(attempt, old.id);
  if (taken === null) return null;
  await attempt.facts.discard(old);
  return open({ ...attempt, document: taken.opened.document, tag: taken.tag }, low);
};

/**
 * Finishes the open window of the same shape, or opens one, from which moment nobody else can publish. Throws
 * `ledger/conflict`, and what the callbacks throw.
 */
export const beginWindow = (
  store: LedgerStore,
  name: LedgerName,
  facts: BeginFacts,
  signal: AbortSignal,
): Promise<Begun> =>
  untilWritten(name, async () => {
    const fence = await assetFence(store, name, signal);
    const found = await store.read(name, signal);
    const document = found?.document ?? null;
    const attempt: Try = { store, name, facts, signal, document, tag: found?.tag ?? null, fence };
    const { shapeHash } = facts;
    const beginning = begin(document, {
      shapeHash,
      ...(fence === null ? {} : { assetToken: fence }),
    });
    if (beginning.kind === 'finish') return finish(attempt, beginning.window);
    const { low, discard: old } = beginning;
    return old === null ? open(attempt, low) : discardAndOpen(attempt, low, old);
  });

export interface LedgerEntry {
  readonly window: OpenWindow;
  /** The new mark; null keeps the old one. */
  readonly mark: Mark | null;
  readonly rows: number;
  readonly nowIso: string;
  readonly names: readonly string[];
}

const stale = (name: LedgerName, window: OpenWindow, token: number): TidemarkError =>
  new TidemarkError(
    ledgerStale,
    `publishing asset ${name.asset}: window ${window.id} has token ${String(window.token)} of its own and ${String(window.assetToken)} of the asset, and the ledger is at ${String(token)}: another run has taken over`,
  );

/**
 * Closes the window and moves the mark; true when this call did it. Throws `ledger/stale`, and `ledger/conflict`. The fence of
 * the whole asset stands in another ledger: a full refresh that begins between the look at it and the write is not seen.
 */
export const publishToLedger = (
  store: LedgerStore,
  name: LedgerName,
  entry: LedgerEntry,
  signal: AbortSignal,
): Promise<boolean> =>
  untilWritten(name, async () => {
    const { window, mark, rows, nowIso, names } = entry;
    const found = await store.read(name, signal);
    const fence = await assetFence(store, name, signal);
    const result = publishWindow(found?.document ?? null, {
      windowId: window.id,
      token: window.token,
      mark,
      rows,
      names,
      publishedAt: nowIso,
      ...(fence === null ? {} : { assetToken: fence }),
    });
    if (result.kind === 'already') return false;
    if (result.kind === 'stale') throw stale(name, window, result.token);
    const tag = found?.tag ?? null;
    return (await store.write(name, result.document, tag, signal)) === null ? null : true;
  });

/**
 * Takes the window away from everybody else, before what it made is removed. Null: it is not open any more, or another
 * run has taken it over; then nothing of it may be removed. A repetition by the same owner claims it again.
 */
export const claimWindow = (
  store: LedgerStore,
  name: LedgerName,
  window: OpenWindow,
  signal: AbortSignal,
): Promise<{ readonly window: OpenWindow | null }> =>
  untilWritten(name, async () => {
    const found = await store.read(name, signal);
    if (found?.document.open?.owner !== window.owner) return { window: null };
    const taken = takeOver(found.document, window.id, window.owner);
    if (taken === null) return { window: null };
    const written = await store.write(name, taken.document, found.tag, signal);
    return written === null ? null : { window: taken.window };
  });

/** The ledger says that nothing is open. Idempotent. */
export const abandonWindow = async (
  store: LedgerStore,
  name: LedgerName,
  window: OpenWindow,
  signal: AbortSignal,
): Promise<void> => {
  await untilWritten(name, async () => {
    const found = await store.read(name, signal);
    const document = abandoned(found?.document ?? null, window.id, window.token);
    if (found === null || document === null) return true;
    return (await store.write(name, document, found.tag, signal)) === null ? null : true;
  });
};
