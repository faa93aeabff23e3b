import { describe, expect, it } from 'vitest';
import { firstMark, floorOf, isNew, moveMark, setMarkTo } from './sensor-mark.js';

const hourMs = 3_600_000;
const at = 1_700_000_000;
const file = (digest: string, timeS: number) => ({ digest: digest.padEnd(16, '0'), timeS });

describe('isNew', () => {
  it('takes everything before the first file', () => {
    expect(isNew(firstMark, hourMs, null)(file('a', 0))).toBe(true);
  });

  it('takes nothing older than the initial cursor, before and after the first file', () => {
    const before = isNew(firstMark, hourMs, String(at));
    expect([before(file('a', at - 1)), before(file('a', at))]).toEqual([false, true]);
    const after = isNew(moveMark(firstMark, [file('a', at + 10)], hourMs), hourMs, String(at));
    expect([after(file('b', at - 1)), after(file('b', at))]).toEqual([false, true]);
  });

  it('takes another file of the same second, and not the same file again (G2)', () => {
    const test = isNew(moveMark(firstMark, [file('a', at)], hourMs), hourMs, null);
    expect([test(file('a', at)), test(file('b', at))]).toEqual([false, true]);
  });

  it('takes a file that appears late with a time within the lookback, and none from before it (G2)', () => {
    const test = isNew(moveMark(firstMark, [file('a', at)], hourMs), hourMs, null);
    expect(test(file('late', at - 3600))).toBe(true);
    expect(test(file('too late', at - 3600.5))).toBe(false);
  });
});

describe('moveMark', () => {
  it('never goes back', () => {
    const mark = moveMark(firstMark, [file('a', at)], hourMs);
    expect(moveMark(mark, [file('b', at - 100)], hourMs).timeS).toBe(at);
  });

  it('forgets what fell out of the lookback and keeps what lies on its edge', () => {
    const mark = moveMark(firstMark, [file('a', at), file('b', at + 0.5)], hourMs);
    const later = moveMark(mark, [file('c', at + 3600)], hourMs);
    expect(later.seen).toHaveLength(3);
    expect(moveMark(later, [file('d', at + 3601)], hourMs).seen).toHaveLength(2);
  });

  it('keeps the generation', () => {
    expect(moveMark({ ...firstMark, generation: 7 }, [file('a', at)], hourMs).generation).toBe(7);
  });

  it('changes nothing when nothing was taken', () => {
    expect(moveMark(firstMark, [], hourMs)).toEqual(firstMark);
  });
});

describe('floorOf', () => {
  it('is null while nothing bounds the files from below', () => {
    expect(floorOf(firstMark, hourMs, null)).toBeNull();
  });
});

describe('setMarkTo', () => {
  it('takes what is newer than the time, and nothing of the lookback before it', () => {
    const test = isNew(setMarkTo(firstMark, at), hourMs, null);
    expect([test(file('a', at - 10)), test(file('b', at)), test(file('c', at + 0.5))]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('keeps its bound when the mark has moved on', () => {
    const mark = moveMark(setMarkTo(firstMark, at), [file('a', at + 5)], hourMs);
    expect(isNew(mark, hourMs, null)(file('old', at - 10))).toBe(false);
    expect(isNew(mark, hourMs, null)(file('late', at + 1))).toBe(true);
  });

  it('takes again what was taken, under a new generation', () => {
    const mark = moveMark(firstMark, [file('a', at)], hourMs);
    expect(isNew(setMarkTo(mark, at - 1), hourMs, null)(file('a', at))).toBe(true);
    expect(setMarkTo(mark, null)).toEqual({ timeS: null, seen: [], generation: 2 });
  });
});
