/**
 * G1 to G8 at once: forty disturbances that a seed chooses, over every movement, each compared with an undisturbed run by
 * readers of their own. `npm run faults` plays any number of them, of any seed.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { fromEnv } from './command/from-env.js';
import { faults } from './command/faults/all.js';
import { movements } from './command/movements/all.js';
import { lineOf, totalsLine } from './command/report.js';
import { isGood, type RoundReport, Suite } from './command/suite.js';

const seed = process.env['TIDEMARK_FAULT_SEED'] ?? '5';
const rounds = Number(process.env['TIDEMARK_FAULT_ROUNDS'] ?? 40);
/** What planted bugs are looked for with: some movements, some faults. */
const chosenMovements = fromEnv('TIDEMARK_FAULT_MOVEMENTS', movements);
const chosenFaults = fromEnv('TIDEMARK_FAULT_KINDS', faults);

const roundsOf = (index: number): number =>
  Math.floor(rounds / chosenMovements.length) + (index < rounds % chosenMovements.length ? 1 : 0);

describe('runs that are disturbed as a seed says', () => {
  const suite = new Suite({ seed, faults: chosenFaults });
  const reports: RoundReport[] = [];

  afterAll(async () => {
    process.stdout.write(`${totalsLine(reports)}\n`);
    await suite.abandonStage();
  });

  it.each(chosenMovements.map((movement, index) => ({ ...movement, rounds: roundsOf(index) })))(
    'G1 G4 G5 G6 G7 G8 G13: $name ends as an undisturbed run does and leaves nothing',
    async (movement) => {
      for (let number = 1; number <= movement.rounds; number++) {
        const report = await suite.round(movement, number);
        reports.push(report);
        process.stdout.write(`${lineOf(report)}\n`);
        expect(isGood(report), lineOf(report)).toBe(true);
      }
    },
    600_000,
  );
});
