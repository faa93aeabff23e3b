/** The partition of a run: which one is asked for, whether it exists, and what templates see of it (dialect §5.3). */
import { TidemarkError } from '../core/errors/error.js';
import { invariant } from '../core/errors/invariant.js';
import type { PartitionKey, PartitionsSpec } from '../core/plan/partitions.js';
import type { RunRequest } from '../core/plan/plan.js';
import { canonicalJson, isJsonObject, type JsonObject } from '../core/values/json.js';
import type { AssetDefinition } from '../language/definition/definition.js';
import {
  dimensionSeparator,
  newestPartitions,
  partitionOfKey,
  type KeyProblem,
} from '../language/partitions/partition-keys.js';
import {
  namedText,
  type TemplateMapping,
  type TemplateValue,
} from '../language/template/values.js';
import { noPartitions, partitionNeeded, unknownPartition } from './errors.js';
import { shown } from './read-request.js';

/** Of the assets that are partitioned; null where none is. That they agree is a rule of `lint`. */
export const partitionsOf = (assets: readonly AssetDefinition[]): PartitionsSpec | null => {
  const found = assets.flatMap(({ partitions }) => partitions ?? []);
  const [spec] = found;
  if (spec === undefined) return null;
  const text = canonicalJson(spec as unknown as JsonObject);
  invariant(
    found.every((other) => canonicalJson(other as unknown as JsonObject) === text),
    'the assets of a run have the same partitions',
  );
  return spec;
};

export interface PartitionFacts {
  /** Job or asset, for messages. */
  readonly name: string;
  /** Epoch ms: pieces of time that are over by then exist. */
  readonly atMs: number;
}

/** For a request that names one, or several. */
export const withoutPartitions = (request: RunRequest, name: string): TidemarkError => {
  const field = request.partition !== undefined ? 'partition' : 'partition_range';
  return new TidemarkError(
    noPartitions,
    `input of the run: "${field}" is ${shown(request[field])}, and no asset of "${name}" is partitioned`,
  );
};

export const badPartition = (field: string, value: string, found: KeyProblem): TidemarkError =>
  new TidemarkError(
    unknownPartition,
    `input of the run: "${field}" is ${shown(value)}, which ${found.problem}`,
    found.fix === undefined ? {} : { fix: found.fix },
  );

/** Throws `plan/partition-needed`, `plan/unknown-partition`, `plan/no-partitions`. */
export const partitionOfRun = (
  assets: readonly AssetDefinition[],
  request: RunRequest,
  { name, atMs }: PartitionFacts,
): PartitionKey | null => {
  const spec = partitionsOf(assets);
  const { partition, partition_range: range } = request;
  if (spec === null) {
    if (partition === undefined && range === undefined) return null;
    throw withoutPartitions(request, name);
  }
  if (partition === undefined) {
    const last = newestPartitions(spec, 1, Math.min(atMs, Number.MAX_SAFE_INTEGER)).at(-1);
    const example = last === undefined ? '' : ` such as ${shown(last.key)}`;
    throw new TidemarkError(
      partitionNeeded,
      `"${name}" is partitioned, and the input of the run names no partition`,
      { fix: `Pass partition${example}, or partition_range for several.` },
    );
  }
  const found = partitionOfKey(spec, partition, atMs);
  if ('problem' in found) throw badPartition('partition', partition, found);
  return found;
};

/** The roots that templates see. A key of several dimensions is a mapping here, and a text where text is wanted. */
export const partitionScope = (partition: PartitionKey | null): JsonObject => {
  if (partition === null) return {};
  const { key, start, end, dimensions } = partition;
  const flat = Object.entries(dimensions ?? {}).map(([name, value]) => [
    `partition_key_${name}`,
    value,
  ]);
  return {
    partition_key: dimensions ?? key,
    ...Object.fromEntries(flat),
    ...(start === null || end === null ? {} : { partition_start: start, partition_end: end }),
  };
};

export const withPartitionText = (
  scope: Readonly<Record<string, TemplateValue>> | JsonObject,
): Readonly<Record<string, TemplateValue>> => {
  const roots = scope as Readonly<Record<string, TemplateValue>>;
  const { partition_key: parts } = scope;
  if (!isJsonObject(parts)) return roots;
  const text = Object.keys(parts)
    .sort()
    .map((name) => parts[name])
    .join(dimensionSeparator);
  return { ...roots, partition_key: namedText(parts as TemplateMapping, text) };
};
