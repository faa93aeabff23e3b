/** Declared faults: each happens to the operations that it names, counted in the life of the process. */
import { TidemarkError } from '../../core/errors/error.js';
import { connectionRefused } from '../file-errors.js';
import type { TableFault } from './options.js';
import type { Database } from './store.js';

/** The fault of this operation; null: it works. Counts the operation. */
export const nextFault = (
  database: Database,
  faults: readonly TableFault[],
  on: TableFault['on'],
): TableFault['do'] | null => {
  const place = database.asked.get(on) ?? 0;
  database.asked.set(on, place + 1);
  const hit = faults.find(
    (fault) => fault.on === on && fault.at <= place && place < fault.at + fault.times,
  );
  return hit?.do ?? null;
};

export const lostConnection = (on: TableFault['on'], what: string): TidemarkError =>
  new TidemarkError(connectionRefused, `${on} of ${what}: the declared fault happened`);

/** Waits for ever; rejects with the signal's reason. */
const stall = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const end = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });

/** Does what the fault says in the middle of an operation; a lost answer is left to its end. */
export const suffer = async (
  fault: TableFault['do'] | null,
  place: { readonly on: TableFault['on']; readonly what: string },
  signal: AbortSignal,
): Promise<void> => {
  signal.throwIfAborted();
  if (fault === 'stall') await stall(signal);
  if (fault === 'fail') throw lostConnection(place.on, place.what);
};
