/** What the command takes: names and numbers are checked before anything starts. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Fault } from './fault.js';
import { faults } from './faults/all.js';
import type { Movement } from './movement.js';
import { movements } from './movements/all.js';

export interface FaultsOptions {
  readonly movements: readonly Movement[];
  readonly faults: readonly Fault[];
  readonly seed: string;
  /** Numbers of the rounds of each movement. */
  readonly rounds: readonly number[];
  /** Writes the table of docs/guarantees.md. */
  readonly isWriting: boolean;
}

export class UsageError extends Error {}

const roundsDefault = 3;

export const usage =
  (): string => `npm run faults -- [--movement NAME]… [--fault NAME]… [--kills N] [--seed TEXT] [--round N] [--write]

Disturbs runs from a seed and compares each with an undisturbed one. Exit code 1: something was different, left or hung.

  --movement NAME  only this one; repeatable. Default: all
  --fault NAME     only this one; repeatable. Default: all that fit
  --kills N        rounds of each movement; default ${String(roundsDefault)}
  --seed TEXT      repeats the choices of an earlier run; default: drawn, and printed
  --round N        only the round of that number, as a line of an earlier run names it
  --write          puts the table into docs/guarantees.md

movements:
${movements.map(({ name, title }) => `  ${name.padEnd(18)} ${title}`).join('\n')}

faults:
${faults.map(({ name, title }) => `  ${name.padEnd(18)} ${title}`).join('\n')}
`;

const named = <T extends { readonly name: string }>(
  option: string,
  list: readonly T[],
  names: readonly string[] | undefined,
): readonly T[] => {
  const known = list.map(({ name }) => name);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--${option} "${unknown}" is not known; there are: ${known.join(', ')}`);
  return list.filter(({ name }) => names?.includes(name) ?? true);
};

const numberOf = (option: string, text: string): number => {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError(`--${option} "${text}" is no whole number above 0`);
};

const parsed = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        movement: { type: 'string', multiple: true },
        fault: { type: 'string', multiple: true },
        kills: { type: 'string' },
        seed: { type: 'string' },
        round: { type: 'string' },
        write: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
};

/** Null: help was asked for. Throws UsageError. */
export const readOptions = (args: readonly string[]): FaultsOptions | null => {
  const values = parsed(args);
  if (values.help === true) return null;
  const kills = values.kills === undefined ? roundsDefault : numberOf('kills', values.kills);
  return {
    movements: named('movement', movements, values.movement),
    faults: named('fault', faults, values.fault),
    seed: values.seed ?? String(randomInt(1_000_000)),
    rounds:
      values.round === undefined
        ? Array.from({ length: kills }, (_, index) => index + 1)
        : [numberOf('round', values.round)],
    isWriting: values.write === true,
  };
};
