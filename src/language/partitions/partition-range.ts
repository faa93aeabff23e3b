/** Which partitions a selection means, page by page, so that lists of any length travel in small pieces. */
import type { PartitionSelection, PartitionsSpec } from '../../core/plan/partitions.js';
import {
  dimensionNames,
  isEnumerable,
  newestPartitions,
  partitionOfKey,
  partitionsFrom,
  timeDimension,
  type KeyProblem,
} from './partition-keys.js';
import { outsideReason, pieceOfKey } from './time-pieces.js';

/** A problem of a selection: which of its texts, and what is wrong with it. */
export interface SelectionProblem extends KeyProblem {
  /** `from`, `to`, `keys[2]`; empty: the selection as a whole. */
  readonly field: string;
  readonly value: string;
}

/** A bound of several dimensions may name the piece of time alone: then all of its combinations are meant. */
const boundProblem = (
  spec: PartitionsSpec,
  field: 'from' | 'to',
  value: string,
  nowMs: number,
): SelectionProblem | undefined => {
  const found = partitionOfKey(spec, value, nowMs);
  if (!('problem' in found)) return undefined;
  const time = timeDimension(spec);
  const piece =
    dimensionNames(spec).length === 0 || time === undefined ? undefined : pieceOfKey(time, value);
  if (piece !== undefined && time !== undefined && outsideReason(time, piece, nowMs) === undefined)
    return undefined;
  return { field, value, ...found };
};

const startOf = (spec: PartitionsSpec, bound: string, nowMs: number): number => {
  const found = partitionOfKey(spec, bound, nowMs);
  if (!('problem' in found)) return found.start === null ? 0 : Date.parse(found.start);
  const time = timeDimension(spec);
  return time === undefined ? 0 : (pieceOfKey(time, bound)?.startMs ?? 0);
};

const positionOf = (spec: PartitionsSpec, bound: string): number => {
  let at = 0;
  for (const { key } of partitionsFrom(spec, 0, 0)) {
    if (key === bound) return at;
    at++;
  }
  return at;
};

/** Undefined: every partition that it names exists. */
export const selectionProblem = (
  spec: PartitionsSpec,
  selection: PartitionSelection,
  nowMs: number,
): SelectionProblem | undefined => {
  if ('keys' in selection) {
    for (const [at, value] of selection.keys.entries()) {
      const found = partitionOfKey(spec, value, nowMs);
      if ('problem' in found) return { field: `keys[${at}]`, value, ...found };
    }
    return undefined;
  }
  if (!isEnumerable(spec)) {
    const problem = 'cannot be told: dynamic partitions are named one by one';
    return { field: '', value: '', problem, fix: 'Write keys: the partitions to run.' };
  }
  if ('last' in selection) return undefined;
  const { from, to } = selection;
  const wrong = boundProblem(spec, 'from', from, nowMs) ?? boundProblem(spec, 'to', to, nowMs);
  if (wrong !== undefined) return wrong;
  const time = timeDimension(spec);
  const isBackwards =
    time === undefined
      ? positionOf(spec, from) > positionOf(spec, to)
      : startOf(spec, from, nowMs) > startOf(spec, to, nowMs);
  return isBackwards ? { field: 'to', value: to, problem: `lies before ${from}` } : undefined;
};

function* between(
  spec: PartitionsSpec,
  { from, to }: { readonly from: string; readonly to: string },
  nowMs: number,
): Generator<string> {
  const time = timeDimension(spec);
  if (time === undefined) {
    const keys = [...partitionsFrom(spec, 0, 0)].map(({ key }) => key);
    yield* keys.slice(positionOf(spec, from), positionOf(spec, to) + 1);
    return;
  }
  const firstMs = startOf(spec, from, nowMs);
  const lastMs = startOf(spec, to, nowMs);
  // A bound that is a whole key begins or ends within its piece of time.
  let isBefore = !('problem' in partitionOfKey(spec, from, nowMs));
  for (const { key, start } of partitionsFrom(spec, firstMs, nowMs)) {
    if (Date.parse(start ?? '') > lastMs) return;
    if (key === from) isBefore = false;
    if (!isBefore) yield key;
    if (key === to) return;
  }
}

const keysOf = (
  spec: PartitionsSpec,
  selection: PartitionSelection,
  nowMs: number,
): Iterable<string> => {
  if ('keys' in selection) return new Set(selection.keys);
  if ('from' in selection) return between(spec, selection, nowMs);
  return newestPartitions(spec, selection.last, nowMs).map(({ key }) => key);
};

export interface KeyPage {
  readonly keys: readonly string[];
  /** Pass to the next call; null after the last page. */
  readonly next: number | null;
}

/** The keys of a selection from position `after` on; the selection was checked with the same `nowMs`. */
export const keyPage = (
  spec: PartitionsSpec,
  selection: PartitionSelection,
  at: { readonly after: number; readonly max: number; readonly nowMs: number },
): KeyPage => {
  const keys: string[] = [];
  let position = 0;
  for (const key of keysOf(spec, selection, at.nowMs)) {
    if (position++ < at.after) continue;
    if (keys.length === at.max) return { keys, next: at.after + at.max };
    keys.push(key);
  }
  return { keys, next: null };
};
