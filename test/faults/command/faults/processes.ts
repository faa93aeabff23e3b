/** Processes that die or stand still. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Arena, drawMoment, type Fault, textOf } from '../fault.js';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const signalWorker = ({ stage }: Arena, signal: NodeJS.Signals): number | undefined => {
  const pid = stage.supervisor.pid();
  if (pid !== undefined) process.kill(pid, signal);
  return pid;
};

/** The process may have been killed by its supervisor meanwhile. */
const goOn = (pid: number | undefined): void => {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGCONT');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
};

export const killWorker: Fault = {
  name: 'kill-worker',
  title: 'SIGKILL of the worker, once to three times',
  fits: () => true,
  draw: (dice, movement) => {
    const moment = drawMoment(dice, movement);
    const pausesMs = Array.from({ length: dice.pick([0, 0, 1, 2]) }, () => dice.between(200, 2500));
    const again = pausesMs.map((ms) => `, again after ${seconds(ms)}`).join('');
    return {
      text: `SIGKILL of the worker ${textOf(moment)}${again}`,
      play: async (arena) => {
        if (!(await arena.reach(moment))) return;
        signalWorker(arena, 'SIGKILL');
        arena.struck();
        for (const ms of pausesMs) {
          await sleep(ms);
          if (arena.isOver()) return;
          signalWorker(arena, 'SIGKILL');
        }
      },
    };
  },
};

export const stopWorker: Fault = {
  name: 'stop-worker',
  title: 'SIGSTOP of the worker, SIGCONT up to 8 s later',
  fits: () => true,
  draw: (dice, movement) => {
    const moment = drawMoment(dice, movement);
    const ms = dice.between(500, 8000);
    return {
      text: `SIGSTOP of the worker ${textOf(moment)} for ${seconds(ms)}`,
      play: async (arena) => {
        if (!(await arena.reach(moment))) return;
        const pid = signalWorker(arena, 'SIGSTOP');
        arena.struck();
        await sleep(ms);
        goOn(pid);
      },
    };
  },
};

/** Long enough for what the frozen one had under way, and for what it would still do. */
const wakingMs = 3000;

export const freezeWorker: Fault = {
  name: 'freeze-worker',
  title: 'SIGSTOP of the worker while another one takes over, SIGCONT up to 20 s later',
  fits: () => true,
  draw: (dice, movement) => {
    const moment = drawMoment(dice, movement);
    const ms = dice.between(7000, 20_000);
    return {
      text: `SIGSTOP of the worker ${textOf(moment)}, another one takes over, SIGCONT after ${seconds(ms)} or at its end`,
      play: async (arena) => {
        if (!(await arena.reach(moment))) return;
        const pid = signalWorker(arena, 'SIGSTOP');
        arena.struck();
        // The server forgets whom it would hand tasks to: another worker gets them at once.
        arena.stage.temporalProxy.cutNow();
        const other = arena.stage.world.startWorker();
        await Promise.race([arena.ended, sleep(ms)]);
        goOn(pid);
        await arena.ended;
        await sleep(wakingMs);
        other.kill('SIGKILL');
      },
    };
  },
};

export const killTemporal: Fault = {
  name: 'kill-temporal',
  title: "SIGKILL of Temporal's server, started again on what it had",
  fits: () => true,
  draw: (dice, movement) => {
    const moment = drawMoment(dice, movement);
    return {
      text: `SIGKILL of Temporal ${textOf(moment)}`,
      play: async (arena) => {
        if (!(await arena.reach(moment))) return;
        await arena.stage.temporal.kill();
        arena.struck();
        await arena.stage.temporal.restart();
      },
    };
  },
};

export const killPostgres: Fault = {
  name: 'kill-postgres',
  title: 'SIGKILL of PostgreSQL, started again on what it had',
  fits: ({ from, to }) => from === 'postgres' || to === 'postgres',
  draw: (dice, movement) => {
    const moment = drawMoment(dice, movement);
    return {
      text: `SIGKILL of PostgreSQL ${textOf(moment)}`,
      play: async (arena) => {
        if (!(await arena.reach(moment))) return;
        await arena.stage.postgres.kill();
        arena.struck();
        await arena.stage.postgres.restart();
      },
    };
  },
};
