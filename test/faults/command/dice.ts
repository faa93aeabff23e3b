/** Chance that a seed repeats: what a round does, and the bytes of its files, are functions of the text of its seed. */
import { createCipheriv, createHash } from 'node:crypto';

export interface Dice {
  /** At least 0, below 1. */
  share(): number;
  /** Whole numbers, both ends included. */
  between(least: number, most: number): number;
  pick<T>(list: readonly T[]): T;
  /** The list in another order. */
  shuffled<T>(list: readonly T[]): readonly T[];
}

const keyOf = (seed: string): Buffer => createHash('sha256').update(seed).digest();

/** Bytes that nothing compresses, the same for the same seed. */
export const bytesOf = (seed: string, length: number): Buffer => {
  const key = keyOf(seed);
  const cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16, 32));
  return cipher.update(Buffer.alloc(length));
};

export const diceOf = (seed: string): Dice => {
  // Mulberry32: small, and good enough to choose moments.
  let state = keyOf(seed).readUInt32LE(0);
  const share = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number): number =>
    least + Math.floor(share() * (most - least + 1));
  return {
    share,
    between,
    pick: (list) => {
      const found = list[between(0, list.length - 1)];
      if (found === undefined) throw new Error('nothing to pick from');
      return found;
    },
    shuffled: (list) =>
      list
        .map((entry) => [share(), entry] as const)
        .sort(([a], [b]) => a - b)
        .map(([, entry]) => entry),
  };
};
