/** Follows a run to its end, with lines of progress for people who look. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  endOfRun,
  lookAtRun,
  type RunEnd,
  type RunLook,
  type StartedRun,
} from '../runtime/client/runs.js';
import type { Connected } from './live.js';
import { decimalBytesText } from './bytes-text.js';

const lookMs = 1000;

const progressText = ({ progress, moving }: RunLook): string | null => {
  if (progress === null) return null;
  const assets = Object.values(progress.assets);
  const done = assets.filter(({ state }) => state === 'done');
  const bytes = done.reduce((sum, asset) => sum + asset.bytes, 0);
  const objects = moving.map(
    ({ object, percent, rate, eta }) => `${object} ${String(percent)} % at ${rate}, ${eta} left`,
  );
  return [
    `${String(done.length)} of ${String(assets.length)} assets done, ${decimalBytesText(bytes)}`,
    ...objects,
  ].join('; ');
};

/** Ends with `signal`. A line only when something changed. */
const showProgress = async (
  { client, terminal }: Connected,
  run: StartedRun,
  signal: AbortSignal,
): Promise<void> => {
  let last: string | null = null;
  while (!signal.aborted) {
    const text = progressText(await lookAtRun(client, run));
    if (text !== null && text !== last && !signal.aborted) terminal.err(`  ${text}`);
    last = text ?? last;
    await sleep(lookMs, undefined, { signal }).catch(() => undefined);
  }
};

const interrupted = async (signal: AbortSignal): Promise<null> => {
  if (!signal.aborted) await once(signal, 'abort');
  return null;
};

/** Null when the user stopped looking; the run goes on. */
export const followRun = async (connected: Connected, run: StartedRun): Promise<RunEnd | null> => {
  const { terminal, client } = connected;
  const ended = new AbortController();
  const showing = terminal.color ? showProgress(connected, run, ended.signal) : Promise.resolve();
  const end = endOfRun(client, run, ended.signal);
  // When the user has stopped looking, nobody waits for how it ends.
  end.catch(() => undefined);
  try {
    return await Promise.race([end, interrupted(terminal.signal)]);
  } finally {
    ended.abort();
    await showing;
  }
};
