/**
 * Listening to cancellation. One signal serves every transfer of an activity, so it has far more listeners than the
 * ten that Node takes for a leak; each is taken off when its work is done.
 */
import { setMaxListeners } from 'node:events';

/** Calls back once when the signal aborts; the returned function takes the listener off. */
export const onAbort = (signal: AbortSignal, listener: () => void): (() => void) => {
  setMaxListeners(0, signal);
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
};

/** Rejects as soon as the signal aborts, whatever becomes of the promise. */
export const abortable = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    const release = onAbort(signal, () => reject(signal.reason as Error));
    if (signal.aborted) reject(signal.reason as Error);
    promise.then(resolve, reject).finally(release);
  });
