/** `npm run faults`: disturbs every movement in every way, from a seed, and compares with undisturbed runs. */
import { resolve } from 'node:path';
import { type FaultsOptions, readOptions, usage, UsageError } from './options.js';
import { lineOf, totalsLine } from './report.js';
import type { Stage } from './stage.js';
import { isGood, type RoundReport, Suite } from './suite.js';
import { writeTable } from './write-table.js';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const play = async (options: FaultsOptions, suite: Suite): Promise<number> => {
  const reports: RoundReport[] = [];
  let broken = 0;
  for (const movement of options.movements) {
    if (!suite.hasFaults(movement)) {
      say(`${movement.name}: none of the chosen faults fits`);
      continue;
    }
    try {
      for (const number of options.rounds) {
        const report = await suite.round(movement, number);
        reports.push(report);
        say(lineOf(report));
      }
    } catch (error) {
      broken++;
      say(`${movement.name}: BROKEN: ${reasonOf(error)}`);
      await suite.abandonStage();
    }
  }
  if (options.isWriting) say(await writeTable(options, reports));
  say(
    `${totalsLine(reports)}${broken === 0 ? '' : `; ${String(broken)} movements could not be played`}`,
  );
  return broken === 0 && reports.length > 0 && reports.every(isGood) ? 0 : 1;
};

const main = async (): Promise<number> => {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === null) {
      say(usage());
      return 0;
    }
    say(`seed ${options.seed}`);
    const program = resolve('dist/src/runtime/worker/worker-process.js');
    const { seed, faults } = options;
    const onStage = (stage: Stage): void => {
      for (const { name, isPossible } of faults)
        if (isPossible?.(stage) === false)
          say(`${name} is left out: this machine does not allow it`);
    };
    await using suite = new Suite({ seed, faults, program, onStage });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        void suite.abandonStage().finally(() => process.exit(130));
      });
    }
    return await play(options, suite);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    say(error.message);
    return 2;
  }
};

process.exitCode = await main();
