import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TimePartitions, TimePartitionType } from '../../core/plan/partitions.js';
import {
  boundMs,
  completePieces,
  isoText,
  lastPieces,
  outsideReason,
  pieceOfKey,
  repeatedKey,
  type TimePiece,
  usualFormats,
} from './time-pieces.js';

const spec = (type: TimePartitionType, more: Partial<TimePartitions> = {}): TimePartitions => ({
  type,
  start: '2025-01-01',
  end: null,
  minuteOffset: 0,
  hourOffset: 0,
  dayOffset: type === 'monthly' ? 1 : 0,
  timeZone: 'UTC',
  format: usualFormats[type],
  cron: type === 'cron' ? '0 6 * * 1-5' : null,
  ...more,
});

const take = (pieces: Iterable<TimePiece>, count: number): readonly TimePiece[] => {
  const found: TimePiece[] = [];
  for (const piece of pieces) {
    if (found.length === count) break;
    found.push(piece);
  }
  return found;
};

const hours = ({ startMs, endMs }: TimePiece): number => (endMs - startMs) / 3_600_000;

const keys = (pieces: readonly TimePiece[]): readonly string[] => pieces.map(({ key }) => key);

describe('pieces of time', () => {
  test('a day with an offset begins at that time and ends a day later', () => {
    const found = pieceOfKey(spec('daily', { hourOffset: 19, minuteOffset: 30 }), '2023-12-25');
    expect(found?.startMs).toBe(Date.parse('2023-12-25T19:30:00Z'));
    expect(found?.endMs).toBe(Date.parse('2023-12-26T19:30:00Z'));
  });

  test('days of a zone have 23 and 25 hours where its clock is changed', () => {
    const berlin = spec('daily', { timeZone: 'Europe/Berlin' });
    const found = ['2026-03-29', '2026-03-30', '2026-10-25'].map((key) => pieceOfKey(berlin, key));
    expect(found.map((piece) => (piece === undefined ? 0 : hours(piece)))).toEqual([23, 24, 25]);
    const piece = pieceOfKey(berlin, '2026-03-29');
    expect(isoText(piece?.startMs ?? 0, berlin)).toBe('2026-03-29T00:00:00+01:00');
    expect(isoText(piece?.endMs ?? 0, berlin)).toBe('2026-03-30T00:00:00+02:00');
  });

  test('a day that begins in the hour that does not exist begins behind it', () => {
    const berlin = spec('daily', { timeZone: 'Europe/Berlin', hourOffset: 2, minuteOffset: 30 });
    const found = take(completePieces(berlin, Date.parse('2026-03-28T12:00Z'), Infinity), 3);
    expect(found.map(({ startMs }) => isoText(startMs, berlin))).toEqual([
      '2026-03-28T02:30:00+01:00',
      '2026-03-29T03:30:00+02:00',
      '2026-03-30T02:30:00+02:00',
    ]);
  });

  test('an hour that a zone has twice is two pieces with keys of their own', () => {
    const berlin = spec('hourly', { timeZone: 'Europe/Berlin' });
    const found = take(completePieces(berlin, Date.parse('2026-10-24T23:00Z'), Infinity), 4);
    expect(keys(found)).toEqual([
      '2026-10-25-01:00',
      '2026-10-25-02:00 +0200',
      '2026-10-25-02:00 +0100',
      '2026-10-25-03:00',
    ]);
    expect(found.map(hours)).toEqual([1, 1, 1, 1]);
    for (const piece of found) expect(pieceOfKey(berlin, piece.key)).toEqual(piece);
  });

  test('weeks begin on the day of the week, Sunday without one', () => {
    const sunday = take(completePieces(spec('weekly'), 0, Infinity), 2);
    expect(keys(sunday)).toEqual(['2025-01-05', '2025-01-12']);
    const monday = take(completePieces(spec('weekly', { dayOffset: 1 }), 0, Infinity), 1);
    expect(keys(monday)).toEqual(['2025-01-06']);
  });

  test('months begin on the day of the month and may have keys of year and month', () => {
    const monthly = spec('monthly', { dayOffset: 15, format: '%Y-%m' });
    expect(keys(take(completePieces(monthly, 0, Infinity), 3))).toEqual([
      '2025-01',
      '2025-02',
      '2025-03',
    ]);
    expect(pieceOfKey(monthly, '2025-02')).toMatchObject({
      startMs: Date.parse('2025-02-15T00:00Z'),
      endMs: Date.parse('2025-03-15T00:00Z'),
    });
  });

  test('pieces of cron lie between its times', () => {
    const found = take(completePieces(spec('cron'), 0, Infinity), 4);
    expect(found.map(hours)).toEqual([24, 24, 72, 24]);
    expect(found[0]?.key).toBe('2025-01-01 06:00+0000');
    expect(pieceOfKey(spec('cron'), '2025-01-03 06:00+0000')).toEqual(found[2]);
  });

  test('what has not ended does not exist, nor does what lies outside the bounds', () => {
    const daily = spec('daily', { end: '2025-01-05' });
    const nowMs = Date.parse('2025-01-03T12:00Z');
    expect(keys([...completePieces(daily, 0, nowMs)])).toEqual(['2025-01-01', '2025-01-02']);
    expect(keys([...completePieces(daily, 0, Infinity)])).toHaveLength(4);
    expect(keys(lastPieces(daily, 5, nowMs))).toEqual(['2025-01-01', '2025-01-02']);
    expect(lastPieces(spec('daily'), 1, Infinity)).toEqual([]);
    const reason = (key: string) => {
      const piece = pieceOfKey(daily, key);
      return piece === undefined ? 'none' : outsideReason(daily, piece, nowMs);
    };
    expect(reason('2025-01-02')).toBeUndefined();
    expect(reason('2025-01-03')).toContain('not over before 2025-01-04T00:00:00+00:00');
    expect(reason('2024-12-31')).toContain('before the first one');
    expect(reason('2025-01-05')).toContain('end of the partitions');
  });

  test('texts that name no piece are none', () => {
    for (const key of ['', 'today', '2025-13-01', '2025-02-30', '2025-1-1', '20250101', '2025-01'])
      expect(pieceOfKey(spec('daily'), key), key).toBeUndefined();
    expect(pieceOfKey(spec('monthly'), '2025-01-02')).toBeUndefined();
    expect(pieceOfKey(spec('weekly'), '2025-01-06')).toBeUndefined();
  });

  test('a date is read in the zone unless it has an offset', () => {
    expect(boundMs('2025-01-01', 'Europe/Berlin')).toBe(Date.parse('2024-12-31T23:00Z'));
    expect(boundMs('2025-01-01T00:00Z', 'Europe/Berlin')).toBe(Date.parse('2025-01-01T00:00Z'));
    expect(boundMs('2025-02-30', 'UTC')).toBeUndefined();
  });

  test('a format that does not tell pieces apart is found out', () => {
    expect(repeatedKey(spec('daily'))).toBeUndefined();
    expect(repeatedKey(spec('daily', { format: '%Y-%m' }))).toBe('2025-01');
    expect(repeatedKey(spec('hourly', { format: '%Y-%m-%d' }))).toBe('2025-01-01');
    expect(repeatedKey(spec('monthly', { format: '%m' }))).toBeDefined();
  });
});

const anySpec: fc.Arbitrary<TimePartitions> = fc
  .record({
    type: fc.constantFrom<TimePartitionType>('hourly', 'daily', 'weekly', 'monthly', 'cron'),
    timeZone: fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kolkata',
    ),
    hourOffset: fc.integer({ min: 0, max: 23 }),
    minuteOffset: fc.integer({ min: 0, max: 59 }),
    dayOffset: fc.integer({ min: 1, max: 6 }),
    cron: fc.constantFrom('*/20 * * * *', '0 6 * * 1-5', '30 2 * * *', '0 0 1 * *'),
  })
  .map(({ type, cron, ...more }) => spec(type, { ...more, ...(type === 'cron' ? { cron } : {}) }));

test('pieces follow each other without gap or overlap, and every key leads back to its piece', () => {
  fc.assert(
    fc.property(anySpec, fc.integer({ min: 0, max: 900 }), (partitions, days) => {
      const fromMs = Date.parse('2025-01-01T00:00Z') + days * 86_400_000;
      const pieces = take(completePieces(partitions, fromMs, Infinity), 12);
      const names = new Set(keys(pieces));
      expect(names.size).toBe(pieces.length);
      for (const [at, piece] of pieces.entries()) {
        expect(piece.endMs).toBeGreaterThan(piece.startMs);
        expect(pieces[at + 1]?.startMs ?? piece.endMs).toBe(piece.endMs);
        expect(pieceOfKey(partitions, piece.key)).toEqual(piece);
      }
      const last = pieces.at(-1);
      expect(lastPieces(partitions, 3, last?.endMs ?? 0)).toEqual(pieces.slice(-3));
    }),
    { numRuns: 60 },
  );
});
