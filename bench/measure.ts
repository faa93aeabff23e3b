/** Repetitions of several contestants in turn, and what is told of them: median, least, most. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadavg } from 'node:os';

export interface Timed {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export interface Contestant {
  readonly name: string;
  run(): Promise<Timed>;
  /** Instead of the check of the round: throws unless the target holds what this one should have written. */
  check?(): Promise<void>;
  /** In the first rounds only: for what is slow and needs no median. */
  readonly rounds?: number;
}

export interface Measured {
  readonly name: string;
  readonly runs: readonly Timed[];
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
};

export const medianSeconds = ({ runs }: Measured): number => median(runs.map((run) => run.seconds));

export interface Rounds {
  readonly repetitions: number;
  /** Before every run: the target is empty. */
  prepare(): Promise<void>;
  /** After every run: throws unless the target holds what it should. */
  check(): Promise<void>;
}

const quietMs = 300;

/** Every contestant once in each round, in turn, so that what else happens on the machine meets all of them. */
export const measure = async (
  contestants: readonly Contestant[],
  rounds: Rounds,
): Promise<readonly Measured[]> => {
  const runs = contestants.map((): Timed[] => []);
  for (let round = 0; round < rounds.repetitions; round++) {
    for (const [index, contestant] of contestants.entries()) {
      if (round >= (contestant.rounds ?? rounds.repetitions)) continue;
      await rounds.prepare();
      await sleep(quietMs);
      const timed = await contestant.run();
      await (contestant.check ?? rounds.check)();
      runs[index]?.push(timed);
      const load = loadavg()[0]?.toFixed(1) ?? '';
      process.stderr.write(`  ${contestant.name}: ${timed.seconds.toFixed(2)} s (load ${load})\n`);
    }
  }
  return contestants.map(({ name }, index) => ({ name, runs: runs[index] ?? [] }));
};

export const repetitions = Number(process.env['BENCH_REPETITIONS'] ?? 3);
