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
import type { PartitionsSpec } from '../core/plan/partitions.js';
import { planVersion, type PartitionRange, type RunRequest } from '../core/plan/plan.js';
import type { Definition } from '../language/definition/definition.js';
import { keyPage, selectionProblem } from '../language/partitions/partition-range.js';
import { badRequest } from './errors.js';
import { sealPlan } from './hash.js';
import {
  badPartition,
  partitionOfRun,
  partitionsOf,
  withoutPartitions,
  type PartitionFacts,
} from './partition-of-run.js';
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

type RangeRequest = RunRequest & { readonly partition_range: PartitionRange };

const hasRange = (request: RunRequest): request is RangeRequest =>
  request.partition_range !== undefined;

/** What the range is of, when all that it names exists. */
const partitionsOfRange = (
  definition: Definition,
  request: RangeRequest,
  { name, atMs }: PartitionFacts,
): PartitionsSpec => {
  if (request.partition !== undefined) {
    throw new TidemarkError(
      badRequest,
      'input of the run: "partition" and "partition_range" are both given; pass one of them',
    );
  }
  const selected = selectionOf(definition, name);
  const partitions = partitionsOf(selectAssets(definition, selected, request));
  if (partitions === null) throw withoutPartitions(request, selected.name);
  const problem = selectionProblem(partitions, request.partition_range, atMs);
  if (problem === undefined) return partitions;
  const field = `partition_range${problem.field === '' ? '' : `.${problem.field}`}`;
  throw badPartition(field, problem.value, problem);
};

/** Throws what planning would throw about the partitions of a request, for who wants to know before anything starts. */
export const checkPartitions = (
  definition: Definition,
  request: RunRequest,
  facts: PartitionFacts,
): void => {
  if (hasRange(request)) {
    partitionsOfRange(definition, request, facts);
    return;
  }
  const selected = selectionOf(definition, facts.name);
  const assets = selectAssets(definition, selected, request);
  partitionOfRun(assets, request, { ...facts, name: selected.name });
};

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
  if (!hasRange(request)) return null;
  const atMs = known.partitionsAtMs;
  const partitions = partitionsOfRange(definition, request, { name: known.name, atMs });
  const { partition_range: range, ...rest } = request;
  const { missing = false, parallel = parallelDefault, ...selection } = range;
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
