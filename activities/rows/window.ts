/** What the activities of rows share: the ledger of an asset, and its window as it travels. */
import { TidemarkError } from '../../src/core/errors/error.js';
import { invariant } from '../../src/core/errors/invariant.js';
import type { AssetPlan } from '../../src/core/plan/plan.js';
import type { Mark, RowsPlan, WindowRange } from '../../src/core/plan/rows.js';
import type { LedgerDocument, LedgerName, OpenWindow } from '../../src/core/run/ledger.js';
import { hasLedger } from '../../src/core/run/rows-run.js';
import type { Begun } from '../../src/core/run/rows-state.js';
import type { LedgerStore } from '../../src/connectors/row-connector.js';
import { ledgerStale as staleWindow } from '../../src/connectors/ledger-errors.js';
import type { OpenTarget, Ports } from '../ports.js';

export const rowsOf = (plan: AssetPlan): RowsPlan => {
  invariant(plan.rows !== undefined, `asset ${plan.name} moves rows`);
  return plan.rows;
};

export const targetOf = (plan: AssetPlan) => {
  invariant(plan.target !== null, 'rows move only where there is a target');
  return plan.target;
};

export const ledgerNameOf = (plan: AssetPlan): LedgerName => rowsOf(plan).ledger;

export const keepsLedger = (plan: AssetPlan): boolean => hasLedger(rowsOf(plan));

export const fileLedger = (ports: Ports, plan: AssetPlan, open: OpenTarget): LedgerStore =>
  open.target.ledger(ports.planner.ledgerFolder(plan));

/** The store of an asset's ledger, whatever its target is. */
export const ledgerOf = async (ports: Ports, plan: AssetPlan): Promise<LedgerStore> => {
  const { load } = rowsOf(plan);
  if (load === null) return fileLedger(ports, plan, await ports.connections.target(targetOf(plan)));
  const { target } = await ports.connections.rowTarget(targetOf(plan));
  return target.ledger(load.ledgerSchema);
};

const withoutTies = (mark: Mark | null): Mark | null =>
  mark === null ? null : { ...mark, seen: null };

/** The digests of ties may be 20,000: they stay in the ledger, and the history stays small. */
export const slim = (
  window: OpenWindow,
): { readonly window: OpenWindow; readonly hasTies: boolean } => ({
  window: { ...window, low: withoutTies(window.low), high: withoutTies(window.high) },
  hasTies: [window.low, window.high].some((mark) => mark !== null && mark.seen !== null),
});

/** The window as its ledger has it; null once it is not open any more. */
export const openInLedger = async (
  ports: Ports,
  plan: AssetPlan,
  windowId: string,
  signal: AbortSignal,
): Promise<{ readonly document: LedgerDocument; readonly window: OpenWindow } | null> => {
  const store = await ledgerOf(ports, plan);
  const found = await store.read(ledgerNameOf(plan), signal);
  const window = found?.document.open ?? null;
  if (found === null || window?.id !== windowId) return null;
  return { document: found.document, window };
};

/** The window as this run opened it. Another run that took it over has a newer token: then this one may not go on. */
export const requireOurs = (
  plan: AssetPlan,
  ours: OpenWindow,
  found: OpenWindow | null,
): OpenWindow => {
  if (found?.token === ours.token) return found;
  throw new TidemarkError(
    staleWindow,
    `asset ${plan.name}: window ${ours.id} is not open any more under token ${String(ours.token)}`,
  );
};

/** The bounds of a read; null where it has no cursor. */
export const rangeOf = (window: OpenWindow | null): WindowRange | null => {
  const high = window?.high ?? null;
  if (window === null || high === null) return null;
  return {
    column: high.column,
    type: high.type,
    low: window.low?.value ?? null,
    seenAtLow: window.low?.seen ?? null,
    high: high.value,
    seenAtHigh: high.seen,
  };
};

/** The bounds of a read, with the ties that the ledger remembers. */
export const readRange = async (
  ports: Ports,
  plan: AssetPlan,
  begun: Begun,
  signal: AbortSignal,
): Promise<WindowRange | null> => {
  const { window, hasTies } = begun;
  if (window === null || !hasTies) return rangeOf(window);
  const found = await openInLedger(ports, plan, window.id, signal);
  return rangeOf(requireOurs(plan, window, found?.window ?? null));
};
