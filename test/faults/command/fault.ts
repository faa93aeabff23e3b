/** What goes wrong: one declaration each, listed in `faults/all.ts`. */
import type { Dice } from './dice.js';
import type { Movement, Version } from './movement.js';
import type { Stage } from './stage.js';
import type { Traffic } from './traffic.js';

/** An undisturbed run of the movement. */
export interface Calm {
  readonly seconds: number;
  readonly traffic: Traffic;
}

/** A run under way, for the fault that strikes it. */
export interface Arena {
  readonly stage: Stage;
  readonly movement: Movement;
  readonly calm: Calm;
  /** Settles, and never rejects, when the run ends in any way. */
  readonly ended: Promise<void>;
  isOver(): boolean;
  /** Waits for a share of the run; false when the run was over before. */
  reach(moment: Moment): Promise<boolean>;
  /** To be called in the moment of the fault; later calls do not count. */
  struck(): void;
  /** Since the run began. */
  traffic(): Traffic;
  /** The source became that version before it was read to its end: no other may arrive. */
  mustHold(version: Version): void;
}

export interface Moment {
  readonly by: 'bytes' | 'time';
  /** Of what the undisturbed run moved or took. */
  readonly share: number;
}

export interface Strike {
  /** What happens where and when. */
  readonly text: string;
  /** What the source becomes by it. */
  readonly version?: Version;
  /** Does it, from the run's beginning on; resolves when the fault is over and healed. */
  play(arena: Arena): Promise<void>;
}

export interface Fault {
  /** As given to `--fault`. */
  readonly name: string;
  readonly title: string;
  fits(movement: Movement): boolean;
  /** False where this machine does not let us; default: possible. */
  isPossible?(stage: Stage): boolean;
  draw(dice: Dice, movement: Movement, calm: Calm): Strike;
}

/** Mostly a share of the bytes; by time the steps before the first and after the last byte are met too. */
export const drawMoment = (dice: Dice, { paced }: Movement): Moment => {
  const by = paced === 'bytes' && dice.share() < 0.7 ? 'bytes' : 'time';
  return { by, share: 0.02 + 0.96 * dice.share() };
};

export const textOf = ({ by, share }: Moment): string =>
  `at ${(share * 100).toFixed(1)} % of the ${by}`;
