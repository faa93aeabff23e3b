/**
 * A run of several partitions. Every partition that the request names is checked before the first one runs, and the
 * first one is planned as a whole, so that a wrong parameter fails once and not a thousand times.
 */
import { TidemarkError } from '../core/errors/error.js';
import {
  parallelDefault,
  type BackfillPlan,
  type PartitionPage,
} from '../core/plan/backfill-plan.js';
import { planVersion, type RunRequest } from '../core/plan/plan.js';
import type { Definition } from '../language/definition/definition.js';
import { keyPage, selectionProblem } from '../language/partitions/partition-range.js';
import { badRequest } from './errors.js';
import { sealPlan } from './hash.js';
import { badPartition, partitionsOf, refusePartition } from './partition-of-run.js';
import { planRun, selectAssets, selectionOf, type RunFacts } from './plan-run.js';
import { readRequest } from './read-request.js';

/** A page of keys stays far below 64 KiB, and reading the ledgers of one takes seconds. */
const pageKeys = 100;

const pageOf = (plan: Omit<BackfillPlan, 'hash'>, after: number) =>
  keyPage(plan.partitions, plan.selection, { after, max: pageKeys, nowMs: plan.atMs });

/** One page of the keys; nobody has looked yet at which were made before. */
export const partitionPage = (plan: BackfillPlan, after: number): PartitionPage => ({
  ...pageOf(plan, after),
  made: 0,
});

export type PlannedPartitions =
  | { readonly kind: 'backfill'; readonly plan: BackfillPlan }
  /** Exactly one partition is meant: an ordinary run. */
  | { readonly kind: 'one'; readonly request: RunRequest };

/**
 * Null: the input asks for no range. Throws `plan/bad-request`, `plan/no-partitions`, `plan/unknown-partition` and
 * whatever planning the first partition throws.
 */
export const planBackfill = (
  definition: Definition,
  input: unknown,
  known: RunFacts,
): PlannedPartitions | null => {
  const request = readRequest(input);
  const { partition_range: range, ...rest } = request;
  if (range === undefined) return null;
  if (request.partition !== undefined) {
    throw new TidemarkError(
      badRequest,
      'input of the run: "partition" and "partition_range" are both given; pass one of them',
    );
  }
  const selected = selectionOf(definition, known.name);
  const partitions = partitionsOf(selectAssets(definition, selected, request));
  if (partitions === null) {
    refusePartition(request, selected.name);
    return null;
  }
  const { missing = false, parallel = parallelDefault, ...selection } = range;
  const atMs = known.partitionsAtMs;
  const problem = selectionProblem(partitions, selection, atMs);
  if (problem !== undefined) {
    const field = `partition_range${problem.field === '' ? '' : `.${problem.field}`}`;
    throw badPartition(field, problem.value, problem);
  }
  const plan = {
    version: planVersion,
    project: definition.project.name,
    name: known.name,
    partitions,
    selection,
    atMs,
    onlyMissing: missing,
    parallel,
    request: rest,
    searchAttributes: known.searchAttributes,
  };
  const [first, second] = pageOf(plan, 0).keys;
  if (first !== undefined) planRun(definition, { ...rest, partition: first }, known);
  if (first !== undefined && second === undefined && !missing)
    return { kind: 'one', request: { ...rest, partition: first } };
  return { kind: 'backfill', plan: sealPlan(`partitions of "${known.name}"`, plan) };
};
