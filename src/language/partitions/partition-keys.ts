/**
 * Partitions by their keys: what a key stands for, which keys there are, and which come next. A key of several
 * dimensions joins their values with `|` in the order of the dimensions' sorted names.
 */
import type {
  PartitionDimension,
  PartitionKey,
  PartitionsSpec,
  TimePartitions,
} from '../../core/plan/partitions.js';
import { suggest } from '../../core/values/suggest.js';
import {
  completePieces,
  isoText,
  lastPieces,
  outsideReason,
  pieceOfKey,
  type TimePiece,
} from './time-pieces.js';

export const dimensionSeparator = '|';

const textMax = 200;

type Dimensions = readonly (readonly [string, PartitionDimension])[];

const isTime = (spec: PartitionsSpec): spec is TimePartitions =>
  spec.type !== 'static' && spec.type !== 'dynamic' && spec.type !== 'multi';

/** A spec of one dimension has one without a name. */
const dimensionsOf = (spec: PartitionsSpec): Dimensions =>
  spec.type === 'multi'
    ? Object.entries(spec.dimensions).sort(([a], [b]) => (a < b ? -1 : 1))
    : [['', spec]];

export const timeDimension = (spec: PartitionsSpec): TimePartitions | undefined =>
  dimensionsOf(spec)
    .map(([, dimension]) => dimension)
    .find(isTime);

/** Names of the dimensions, in the order of keys; none where there is only one. */
export const dimensionNames = (spec: PartitionsSpec): readonly string[] =>
  spec.type === 'multi' ? dimensionsOf(spec).map(([name]) => name) : [];

export interface KeyProblem {
  /** Follows the quoted key: `is not over before …`. */
  readonly problem: string;
  readonly fix?: string;
}

const shown = (values: readonly string[]): string =>
  values.length > 20 ? `${values.slice(0, 20).join(', ')}, …` : values.join(', ');

const exampleOf = (spec: TimePartitions, nowMs: number): string => {
  const piece = lastPieces(spec, 1, nowMs)[0] ?? completePieces(spec, 0, Infinity).next().value;
  return piece === undefined ? '' : piece.key;
};

const timeProblem = (
  spec: TimePartitions,
  value: string,
  nowMs: number,
): TimePiece | KeyProblem => {
  const piece = pieceOfKey(spec, value);
  if (piece === undefined) {
    return {
      problem: `is not the key of a ${spec.type} partition`,
      fix: `Write one such as ${exampleOf(spec, nowMs)}: the start of the piece as ${spec.format}.`,
    };
  }
  const reason = outsideReason(spec, piece, nowMs);
  if (reason === undefined) return piece;
  const last = lastPieces(spec, 1, nowMs)[0];
  const fix = last === undefined ? {} : { fix: `The last complete partition is ${last.key}.` };
  return { problem: `does not exist: ${reason}`, ...fix };
};

const valueProblem = (
  dimension: PartitionDimension,
  value: string,
  nowMs: number,
): TimePiece | KeyProblem | null => {
  if (isTime(dimension)) return timeProblem(dimension, value, nowMs);
  if (dimension.type === 'dynamic') {
    return value !== '' && value.length <= textMax
      ? null
      : { problem: `is no key: one has 1 to ${textMax} characters` };
  }
  if (dimension.values.includes(value)) return null;
  const near = suggest(value, dimension.values);
  const hint = near === undefined ? '' : `did you mean ${near}? `;
  return {
    problem: 'is not one of the partitions',
    fix: `${hint}Known: ${shown(dimension.values)}`,
  };
};

const keyFrom = (
  spec: PartitionsSpec,
  values: readonly string[],
  piece: TimePiece | null,
): PartitionKey => {
  const time = timeDimension(spec);
  const isOfTime = piece !== null && time !== undefined;
  const names = dimensionNames(spec);
  return {
    key: values.join(dimensionSeparator),
    start: isOfTime ? isoText(piece.startMs, time) : null,
    end: isOfTime ? isoText(piece.endMs, time) : null,
    dimensions:
      spec.type === 'multi'
        ? Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']))
        : null,
  };
};

/** What a key stands for at a time; a piece of time exists once it is over. */
export const partitionOfKey = (
  spec: PartitionsSpec,
  key: string,
  nowMs: number,
): PartitionKey | KeyProblem => {
  const dimensions = dimensionsOf(spec);
  const values = spec.type === 'multi' ? key.split(dimensionSeparator) : [key];
  if (values.length !== dimensions.length) {
    const names = dimensions.map(([name]) => `<${name}>`).join(dimensionSeparator);
    return { problem: `has ${values.length} values`, fix: `Write ${names}.` };
  }
  let piece: TimePiece | null = null;
  for (const [at, [, dimension]] of dimensions.entries()) {
    const found = valueProblem(dimension, values[at] ?? '', nowMs);
    if (found !== null && 'problem' in found) return found;
    piece ??= found;
  }
  return keyFrom(spec, values, piece);
};

/** Every combination of the values that are not of time, in the order of the YAML; undefined where some are dynamic. */
const combinations = (
  spec: PartitionsSpec,
): readonly (readonly (string | null)[])[] | undefined => {
  let rows: readonly (readonly (string | null)[])[] = [[]];
  for (const [, dimension] of dimensionsOf(spec)) {
    if (dimension.type === 'dynamic') return undefined;
    const values = isTime(dimension) ? [null] : dimension.values;
    rows = rows.flatMap((row) => values.map((value) => [...row, value]));
  }
  return rows;
};

/** Can its keys be told without naming them? */
export const isEnumerable = (spec: PartitionsSpec): boolean => combinations(spec) !== undefined;

const ofPiece = (
  spec: PartitionsSpec,
  rows: readonly (readonly (string | null)[])[],
  piece: TimePiece | null,
): readonly PartitionKey[] =>
  rows.map((row) =>
    keyFrom(
      spec,
      row.map((value) => value ?? piece?.key ?? ''),
      piece,
    ),
  );

/**
 * All partitions that exist at a time, in order: by time, then as the YAML lists the values. `fromMs` leaves out pieces
 * that have ended by then. Nothing of dynamic ones.
 */
export function* partitionsFrom(
  spec: PartitionsSpec,
  fromMs: number,
  nowMs: number,
): Generator<PartitionKey> {
  const rows = combinations(spec) ?? [];
  const time = timeDimension(spec);
  if (time === undefined) {
    yield* ofPiece(spec, rows, null);
    return;
  }
  for (const piece of completePieces(time, fromMs, nowMs)) yield* ofPiece(spec, rows, piece);
}

/** The partitions of the newest complete pieces of time; without time, all. */
export const newestPartitions = (
  spec: PartitionsSpec,
  count: number,
  nowMs: number,
): readonly PartitionKey[] => {
  const rows = combinations(spec) ?? [];
  const time = timeDimension(spec);
  if (time === undefined) return ofPiece(spec, rows, null);
  return lastPieces(time, count, nowMs).flatMap((piece) => ofPiece(spec, rows, piece));
};

/** The first partition that ever exists; undefined: none does, or they are dynamic. */
export const firstPartition = (spec: PartitionsSpec): PartitionKey | undefined => {
  for (const partition of partitionsFrom(spec, 0, Infinity)) return partition;
  return undefined;
};
