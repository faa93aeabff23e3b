/**
 * One death of a worker process, seen from outside: killed when the target holds enough, replaced by another process,
 * and the target holds more. What the target holds is told by a client of its own, who does what by Temporal.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from './stage.js';
import { waitUntil } from './wait-until.js';

export interface Movement {
  /** Workflow of the asset. */
  readonly assetId: string;
  /** How the names of the activities end that move: `.transfer`. */
  readonly activity: string;
  /** What the target holds so far: bytes or rows. */
  stored(): Promise<number>;
  /** What it is going to hold. */
  readonly whole: number;
  /** `31.2 MB in S3`. */
  text(stored: number): string;
}

export interface Death {
  readonly pid: number;
  /** What the target held right after it. */
  readonly stored: number;
  /** Until another process had taken over, as Temporal tells. */
  readonly takenOverMs: number;
  readonly newPid: number;
  /** Until the target held more. */
  readonly nextMs: number;
}

/** The worker dies when the target holds this share. */
const killAt = 0.4;

const bar = (share: number): string => {
  const width = 24;
  const full = Math.round(Math.min(1, share) * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
};

export const showStored = (
  { screen }: Stage,
  movement: Movement,
  stored: number,
  note = '',
): void => {
  const share = Math.min(1, stored / movement.whole);
  const text = `${bar(share)} ${String(Math.floor(share * 100)).padStart(3)} %  ${movement.text(stored)}`;
  screen.live(`   ${text}${note === '' ? '' : `; ${note}`}`);
};

/** The process that moves, once the target holds enough. */
const victim = (stage: Stage, movement: Movement): Promise<number> =>
  waitUntil(
    async () => {
      const stored = await movement.stored();
      showStored(stage, movement, stored);
      if (stored < killAt * movement.whole) return null;
      const pending = await stage.temporal.pending(movement.assetId);
      const moving = pending.find(
        ({ isRunning, activity }) => isRunning && activity.endsWith(movement.activity),
      );
      return moving?.workerPid ?? null;
    },
    { what: 'a movement in its middle', timeoutMs: 60_000, pauseMs: 100, signal: stage.signal },
  );

const takeOver = async (stage: Stage, { assetId }: Movement, pid: number, killedMs: number) => {
  const newPid = await waitUntil(
    async () => {
      const pending = await stage.temporal.pending(assetId);
      const taken = pending.find((one) => one.isRunning && one.workerPid !== pid);
      return taken?.workerPid ?? null;
    },
    { what: 'another worker process', timeoutMs: 60_000, pauseMs: 50, signal: stage.signal },
  );
  return { newPid, takenOverMs: performance.now() - killedMs };
};

const untilMore = async (
  stage: Stage,
  movement: Movement,
  before: number,
  killedMs: number,
): Promise<number> => {
  await waitUntil(
    async () => {
      const stored = await movement.stored();
      showStored(stage, movement, stored, 'the worker was killed');
      return stored > before ? stored : null;
    },
    { what: 'more at the target', timeoutMs: 60_000, pauseMs: 50, signal: stage.signal },
  );
  return performance.now() - killedMs;
};

export const killInTheMiddle = async (stage: Stage, movement: Movement): Promise<Death> => {
  const pid = await victim(stage, movement);
  process.kill(pid, 'SIGKILL');
  const killedMs = performance.now();
  // What the server had received whole before the death is stored by then; the dead process sends nothing more.
  await sleep(100, undefined, { signal: stage.signal });
  const stored = await movement.stored();
  stage.screen.line(
    `   kill -9 ${String(pid)}: the worker process is dead; ${movement.text(stored)}`,
  );
  const [taken, nextMs] = await Promise.all([
    takeOver(stage, movement, pid, killedMs),
    untilMore(stage, movement, stored, killedMs),
  ]);
  return { pid, stored, nextMs, ...taken };
};
