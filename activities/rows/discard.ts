/**
 * `<kind>.discard-window` and `<kind>.restart`: what a window made and will not publish is removed by name (G8); the
 * ledger then says that nothing is open. Idempotent.
 */
import { TidemarkError } from '../../src/core/errors/error.js';
import type { UploadHandle } from '../../src/core/plan/file.js';
import type { AssetPlan } from '../../src/core/plan/plan.js';
import type { OpenWindow } from '../../src/core/run/ledger.js';
import { restartsMax } from '../../src/core/run/rows-run.js';
import type { Begun } from '../../src/core/run/rows-state.js';
import { stillChanging } from '../../src/transfer/errors.js';
import { abandonWindow, claimWindow } from '../../src/transfer/ledger-steps.js';
import { runLight } from '../light.js';
import type { Ports } from '../ports.js';
import { ledgerNameOf, ledgerOf, rowsOf, targetOf } from './window.js';

export interface DiscardInput {
  readonly plan: AssetPlan;
  readonly begun: Begun;
  readonly uploads: readonly UploadHandle[];
}

export interface RestartInput extends DiscardInput {
  /** 1 for the first restart. */
  readonly restart: number;
}

/** The key that a window's names have for an object: container and key. */
export const objectName = (container: string, key: string): string =>
  JSON.stringify([container, key]);

const discardObjects = async (
  ports: Ports,
  plan: AssetPlan,
  old: OpenWindow,
  signal: AbortSignal,
): Promise<void> => {
  const { target } = await ports.connections.target(targetOf(plan));
  for (const name of old.names) {
    const [container, key] = JSON.parse(name) as [string, string];
    await target.discard({ container, key }, `${old.id}/`, Date.parse(old.openedAt), signal);
  }
};

/** Everything temporary of a window that nobody will finish. */
export const discardWindow = async (
  ports: Ports,
  plan: AssetPlan,
  old: OpenWindow,
  signal: AbortSignal,
): Promise<void> => {
  const { load } = rowsOf(plan);
  if (load === null) return discardObjects(ports, plan, old, signal);
  const { target } = await ports.connections.rowTarget(targetOf(plan));
  return target.discard(load, old.names, signal);
};

const abortUploads = async (
  ports: Ports,
  { plan, uploads }: DiscardInput,
  signal: AbortSignal,
): Promise<void> => {
  if (uploads.length === 0) return;
  const { target } = await ports.connections.target(targetOf(plan));
  for (const upload of uploads) await target.abort(upload, signal);
};

const discard = async (ports: Ports, input: DiscardInput, signal: AbortSignal): Promise<void> => {
  const { plan, begun } = input;
  await abortUploads(ports, input, signal);
  if (begun.window === null) return;
  const store = await ledgerOf(ports, plan);
  // First the fence: what a late attempt of this run publishes meanwhile must not be removed below it.
  const { window } = await claimWindow(store, ledgerNameOf(plan), begun.window, signal);
  if (window === null) return;
  await discardWindow(ports, plan, window, signal);
  await abandonWindow(store, ledgerNameOf(plan), window, signal);
};

const restart = async (ports: Ports, input: RestartInput, signal: AbortSignal): Promise<void> => {
  const { plan, begun } = input;
  await abortUploads(ports, input, signal);
  if (begun.load !== null) {
    const { target } = await ports.connections.rowTarget(targetOf(plan));
    await target.restart(begun.load, signal);
  }
  if (input.restart <= restartsMax) return;
  throw new TidemarkError(
    stillChanging,
    `asset ${plan.name}: its source changed ${String(input.restart)} times in this run`,
  );
};

export const discardRows =
  (ports: Ports) =>
  (input: DiscardInput): Promise<null> =>
    runLight(ports, async (signal) => {
      await discard(ports, input, signal);
      return null;
    });

export const restartRows =
  (ports: Ports) =>
  (input: RestartInput): Promise<null> =>
    runLight(ports, async (signal) => {
      await restart(ports, input, signal);
      return null;
    });
