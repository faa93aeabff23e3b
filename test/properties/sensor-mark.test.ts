/** A sensor that polls a folder in which files appear, late or in the same second, and what its mark makes of it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  firstMark,
  isNew,
  moveMark,
  type SeenItem,
  type SensorMark,
} from '../../src/core/run/sensor-mark.js';

const lookbackS = 1000;
const lookbackMs = lookbackS * 1000;
const startS = 1_700_000_000;

interface Arrival {
  /** Polls before the one that first lists the file. */
  readonly poll: number;
  /** How long before its appearance its time lies, seconds; below the lookback it must be taken. */
  readonly ageS: number;
  readonly fraction: number;
}

const arrivals = fc.array(
  fc.record({
    poll: fc.nat({ max: 8 }),
    ageS: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: lookbackS / 2 })),
    fraction: fc.constantFrom(0, 0.25, 0.999),
  }),
  { maxLength: 40 },
);

interface File extends SeenItem {
  readonly poll: number;
}

const filesOf = (found: readonly Arrival[]): readonly File[] =>
  found.map(({ poll, ageS, fraction }, index) => ({
    poll,
    digest: index.toString(16).padStart(16, '0'),
    // A poll is ten seconds after the one before.
    timeS: startS + poll * 10 - ageS + fraction,
  }));

/** Every poll lists everything that has appeared; takes what is new, item by item or all at once. */
const pollAll = (
  files: readonly File[],
  isBatch: boolean,
): { taken: readonly string[]; mark: SensorMark } => {
  let mark = firstMark;
  const taken: string[] = [];
  for (let poll = 0; poll <= 9; poll++) {
    const test = isNew(mark, lookbackMs, null);
    const hits = files
      .filter((file) => file.poll <= poll && test(file))
      .sort((a, b) => a.timeS - b.timeS);
    taken.push(...hits.map(({ digest }) => digest));
    if (isBatch && hits.length > 0) mark = moveMark(mark, hits, lookbackMs);
    if (!isBatch) for (const hit of hits) mark = moveMark(mark, [hit], lookbackMs);
    mark = JSON.parse(JSON.stringify(mark)) as SensorMark;
  }
  return { taken, mark };
};

describe('the mark of a sensor', () => {
  it('takes every file that appears within the lookback exactly once, late or in the same second (G2)', () => {
    fc.assert(
      fc.property(arrivals, fc.boolean(), (found, isBatch) => {
        const files = filesOf(found);
        const { taken } = pollAll(files, isBatch);
        expect([...taken].sort()).toEqual(files.map(({ digest }) => digest));
      }),
    );
  });

  it('remembers only what may still be listed within the lookback (G12)', () => {
    fc.assert(
      fc.property(arrivals, (found) => {
        const { mark } = pollAll(filesOf(found), true);
        const oldest = (mark.timeS ?? 0) - lookbackS;
        const times = mark.seen.map((entry) => Number.parseInt(entry.split(':')[1] ?? '', 36));
        expect(times.every((timeS) => timeS >= Math.floor(oldest))).toBe(true);
      }),
    );
  });

  it('never takes an identity again, however often it was handed over (G1)', () => {
    fc.assert(
      fc.property(arrivals, (found) => {
        const files = filesOf(found);
        const { mark } = pollAll(files, false);
        const again = moveMark(mark, files.slice(0, 5), lookbackMs);
        expect(files.filter(isNew(again, lookbackMs, null))).toEqual([]);
      }),
    );
  });
});
