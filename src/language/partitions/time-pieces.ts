/**
 * Pieces of time: where each begins and ends, and the key that names it. The one file here that knows zones and cron.
 *
 * Keeps true: pieces follow each other without a gap and without an overlap, also where the clock of the zone is changed;
 * two pieces never share a key, because an hour that the zone has twice carries its offset.
 */
import { Cron } from 'croner';
import { DateTime } from 'luxon';
import { invariant } from '../../core/errors/invariant.js';
import type { TimePartitions, TimePartitionType } from '../../core/plan/partitions.js';
import { formatTokens } from './strftime.js';

export interface TimePiece {
  readonly key: string;
  /** Epoch ms, inclusive. */
  readonly startMs: number;
  /** Epoch ms, exclusive. */
  readonly endMs: number;
}

/** Keys without `fmt`. */
export const usualFormats: Readonly<Record<TimePartitionType, string>> = {
  hourly: '%Y-%m-%d-%H:%M',
  daily: '%Y-%m-%d',
  weekly: '%Y-%m-%d',
  monthly: '%Y-%m-%d',
  cron: '%Y-%m-%d %H:%M%z',
};

const locale = 'en-US';

/** Of a local time that the zone has twice, the first. */
const first = (time: DateTime): DateTime => time.getPossibleOffsets()[0] ?? time;

const at = (ms: number, { timeZone }: TimePartitions): DateTime =>
  DateTime.fromMillis(ms, { zone: timeZone, locale });

/** The local day with the piece's hour and minute. */
const onDay = (day: DateTime, { hourOffset, minuteOffset }: TimePartitions): DateTime =>
  first(
    DateTime.fromObject(
      { year: day.year, month: day.month, day: day.day, hour: hourOffset, minute: minuteOffset },
      { zone: day.zone, locale },
    ),
  );

interface Steps {
  /** The last start at or before. */
  floor(ms: number): number;
  /** The first start after. */
  next(ms: number): number;
}

const hourly = (spec: TimePartitions): Steps => {
  const within = (time: DateTime): DateTime =>
    time.set({ minute: spec.minuteOffset, second: 0, millisecond: 0 });
  const floor = (ms: number): number => {
    let found = within(at(ms, spec));
    while (found.toMillis() > ms) found = within(found.minus({ hours: 1 }));
    return found.toMillis();
  };
  const next = (ms: number): number => {
    let found = within(at(ms, spec));
    while (found.toMillis() <= ms) found = within(found.plus({ hours: 1 }));
    return found.toMillis();
  };
  return { floor, next };
};

/** Of days, weeks and months: `onto` finds the start of the unit around a time, `step` is the unit. */
const calendar = (
  spec: TimePartitions,
  onto: (time: DateTime) => DateTime,
  step: { readonly days: number } | { readonly months: number },
): Steps => {
  const start = (time: DateTime): DateTime => onDay(onto(time), spec);
  const floor = (ms: number): number => {
    let time = at(ms, spec);
    while (start(time).toMillis() > ms) time = onto(time).minus(step);
    return start(time).toMillis();
  };
  const next = (ms: number): number => {
    let time = at(ms, spec);
    while (start(time).toMillis() <= ms) time = onto(time).plus(step);
    return start(time).toMillis();
  };
  return { floor, next };
};

const cronSteps = ({ cron, timeZone }: TimePartitions): Steps => {
  const times = new Cron(cron ?? '', { timezone: timeZone, paused: true });
  const ms = (time: Date | null | undefined): number => time?.getTime() ?? Number.NaN;
  return {
    floor: (before) => ms(times.previousRuns(1, new Date(before + 1))[0]),
    next: (after) => ms(times.nextRun(new Date(after))),
  };
};

const stepsOf = (spec: TimePartitions): Steps => {
  const { dayOffset } = spec;
  switch (spec.type) {
    case 'hourly':
      return hourly(spec);
    case 'daily':
      return calendar(spec, (time) => time, { days: 1 });
    case 'weekly':
      return calendar(
        spec,
        (time) => time.minus({ days: ((time.weekday % 7) - dayOffset + 7) % 7 }),
        { days: 7 },
      );
    case 'monthly':
      return calendar(spec, (time) => time.set({ day: dayOffset }), { months: 1 });
    case 'cron':
      return cronSteps(spec);
  }
};

const tokensOf = ({ format }: TimePartitions): string => {
  const found = formatTokens(format);
  invariant('tokens' in found, 'the format of partition keys was checked');
  return found.tokens;
};

const withOffset = ' ZZZ';

const keyOf = (ms: number, spec: TimePartitions): string => {
  const time = at(ms, spec);
  const tokens = tokensOf(spec);
  const isShort = spec.type === 'hourly' || spec.type === 'cron';
  const isTwice = isShort && time.getPossibleOffsets().length > 1;
  return time.toFormat(isTwice && !tokens.includes('ZZZ') ? tokens + withOffset : tokens);
};

const pieceAt = (startMs: number, spec: TimePartitions, steps: Steps): TimePiece => ({
  key: keyOf(startMs, spec),
  startMs,
  endMs: steps.next(startMs),
});

/** Epoch ms of a date or time as the YAML writes it; undefined when it is none. */
export const boundMs = (text: string, timeZone: string): number | undefined => {
  const time = first(DateTime.fromISO(text, { zone: timeZone }));
  return time.isValid ? time.toMillis() : undefined;
};

/** `2026-01-31T19:30:00+01:00`: in the partitions' own zone. */
export const isoText = (ms: number, spec: TimePartitions): string =>
  at(ms, spec).toFormat("yyyy-MM-dd'T'HH:mm:ssZZ");

const boundsOf = (spec: TimePartitions): { readonly startMs: number; readonly endMs: number } => ({
  startMs: boundMs(spec.start, spec.timeZone) ?? Number.NaN,
  endMs: spec.end === null ? Infinity : (boundMs(spec.end, spec.timeZone) ?? Number.NaN),
});

/** The pieces from the one that holds `fromMs` on, the first one at the earliest, that have ended at `nowMs`. */
export function* completePieces(
  spec: TimePartitions,
  fromMs: number,
  nowMs: number,
): Generator<TimePiece> {
  const steps = stepsOf(spec);
  const { startMs, endMs } = boundsOf(spec);
  const earliest = steps.next(startMs - 1);
  let start = fromMs <= earliest ? earliest : steps.floor(fromMs);
  for (;;) {
    const piece = pieceAt(start, spec, steps);
    // Also ends where a cron expression has no further time.
    if (!(piece.endMs <= Math.min(nowMs, endMs))) return;
    yield piece;
    start = piece.endMs;
  }
}

/** The newest complete pieces, the oldest of them first; none where there is no end of time. */
export const lastPieces = (
  spec: TimePartitions,
  count: number,
  nowMs: number,
): readonly TimePiece[] => {
  const steps = stepsOf(spec);
  const { startMs, endMs } = boundsOf(spec);
  const untilMs = Math.min(nowMs, endMs);
  if (!Number.isFinite(untilMs)) return [];
  const pieces: TimePiece[] = [];
  let end = steps.floor(untilMs);
  while (pieces.length < count) {
    const start = steps.floor(end - 1);
    if (!(start >= startMs)) break;
    pieces.unshift(pieceAt(start, spec, steps));
    end = start;
  }
  return pieces;
};

/** Where a piece of the key may begin, as far as the key says. */
const readings = (key: string, spec: TimePartitions): readonly number[] =>
  [tokensOf(spec), tokensOf(spec) + withOffset].flatMap((tokens) => {
    const time = first(DateTime.fromFormat(key, tokens, { zone: spec.timeZone, locale }));
    return time.isValid ? [time.toMillis()] : [];
  });

/** The piece of a key, whether or not it is complete or within the bounds; undefined: no piece is called so. */
export const pieceOfKey = (spec: TimePartitions, key: string): TimePiece | undefined => {
  const steps = stepsOf(spec);
  for (const ms of readings(key, spec)) {
    const before = steps.floor(ms);
    const piece = [before, steps.next(before)]
      .map((start) => pieceAt(start, spec, steps))
      .find((candidate) => candidate.key === key);
    if (piece !== undefined) return piece;
  }
  return undefined;
};

/** Why the piece does not exist (yet); undefined: it does. */
export const outsideReason = (
  spec: TimePartitions,
  piece: TimePiece,
  nowMs: number,
): string | undefined => {
  const { startMs, endMs } = boundsOf(spec);
  if (piece.startMs < startMs) return `it begins before the first one, which is from ${spec.start}`;
  if (piece.endMs > endMs) return `it ends after ${spec.end ?? ''}, the end of the partitions`;
  if (piece.endMs > nowMs) return `it is not over before ${isoText(piece.endMs, spec)}`;
  return undefined;
};

/** Pieces that are tried: enough to meet the ends of days, weeks and months. */
const triedPieces = 40;

/**
 * A key that names no piece alone, or that cannot be read back, among the first pieces and those of a year later;
 * undefined: the format tells the pieces apart.
 */
export const repeatedKey = (spec: TimePartitions): string | undefined => {
  const { startMs } = boundsOf(spec);
  for (const fromMs of [startMs, startMs + 366 * 86_400_000]) {
    let tried = 0;
    for (const { key, startMs: start } of completePieces(spec, fromMs, Infinity)) {
      if (pieceOfKey(spec, key)?.startMs !== start) return key;
      if (++tried === triedPieces) break;
    }
  }
  return undefined;
};
