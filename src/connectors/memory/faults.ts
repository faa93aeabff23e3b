/** Declared faults: each fires at its position, as often as it says, and then never again in this process. */
import { TidemarkError } from '../../core/errors/error.js';
import { canonicalJson } from '../../core/values/json.js';
import { connectionRefused, sourceTruncated } from '../file-errors.js';
import type { OpenContext } from '../connector.js';
import type { MemoryConnection, MemoryFault } from './options.js';
import type { MemoryFolder } from './store.js';

export interface OpenMemory {
  readonly folder: MemoryFolder;
  readonly connection: MemoryConnection;
  readonly context: OpenContext;
}

/** What an operation touches: the bytes [from, to) of a file, or the places of a listing. */
export interface Touch {
  readonly on: MemoryFault['on'];
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

const applies = (fault: MemoryFault, touch: Touch): boolean =>
  fault.on === touch.on &&
  (fault.path === undefined || fault.path === touch.path) &&
  touch.from <= fault.at &&
  // An empty file has one place, its beginning.
  fault.at < Math.max(touch.to, touch.from + 1);

/** The next fault for that touch, counted as fired; null when there is none. */
export const takeFault = (
  folder: MemoryFolder,
  faults: readonly MemoryFault[],
  touch: Touch,
): MemoryFault | null => {
  for (const fault of faults) {
    if (!applies(fault, touch)) continue;
    const name = canonicalJson({ ...fault, path: fault.path ?? '' });
    const fired = folder.fired.get(name) ?? 0;
    if (fired >= fault.times) continue;
    folder.fired.set(name, fired + 1);
    return fault;
  }
  return null;
};

/** Waits for ever; rejects with the signal's reason. */
const stall = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const end = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });

export const lostConnection = (fault: MemoryFault, path: string): TidemarkError =>
  new TidemarkError(
    connectionRefused,
    `${fault.on} of ${JSON.stringify(path)}: the declared fault "${fault.do}" happened at ${String(fault.at)}`,
    { details: { path, at: fault.at } },
  );

/** Does what a fault says, before the operation; `duplicate` is left to the operation. */
export const suffer = async (
  fault: MemoryFault | null,
  path: string,
  signal: AbortSignal,
): Promise<void> => {
  if (fault === null || fault.do === 'duplicate') return;
  if (fault.do === 'stall') await stall(signal);
  if (fault.do === 'truncate') {
    throw new TidemarkError(
      sourceTruncated,
      `reading ${JSON.stringify(path)}: it ended at byte ${String(fault.at)}`,
      { details: { path, position: fault.at } },
    );
  }
  throw lostConnection(fault, path);
};

/** Carries out a write with its declared faults: before it, or after it (the answer is lost). */
export const faulted = async <T>(
  { folder, connection }: OpenMemory,
  touch: { readonly path: string; readonly from: number; readonly to: number },
  signal: AbortSignal,
  write: () => T,
): Promise<T> => {
  signal.throwIfAborted();
  const fault = takeFault(folder, connection.faults, { on: 'write', ...touch });
  await suffer(fault, touch.path, signal);
  const result = write();
  if (fault?.do === 'duplicate') throw lostConnection(fault, touch.path);
  return result;
};
