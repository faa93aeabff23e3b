/** A run makes one partition of each of its assets: those of a job are partitioned alike, or not at all. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { canonicalJson, type JsonObject } from '../../core/values/json.js';
import { assetNamed } from '../definition/draft.js';
import { exampleAsset, exampleProject } from './example.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/partitions-differ',
  severity: 'error',
  summary: 'Two assets of one job have different partitions, so that no run can make both.',
  fix: 'Give both assets the same partitions_def, or put them into two jobs.',
});

const second = exampleAsset.replace('name: orders', 'name: items');
const days = (start: string): string =>
  `    partitions_def: { type: daily, start_date: "${start}" }\n`;
const both = `jobs:\n  - { name: both_job, selection: [orders, items] }\n`;
const project = (start: string): Readonly<Record<string, string>> =>
  exampleProject(`assets:\n${exampleAsset}${days('2025-01-01')}${second}${days(start)}${both}`);

export const partitionsDiffer = defineRule({
  kind,
  bad: project('2026-01-01'),
  good: project('2025-01-01'),
  check: (draft) =>
    draft.jobs.flatMap(({ definition, placed }) => {
      const partitioned = definition.assets
        .flatMap((name) => assetNamed(draft, name)?.definition ?? [])
        .filter(({ partitions }) => partitions !== null);
      const [first] = partitioned;
      const textOf = (partitions: unknown): string => canonicalJson(partitions as JsonObject);
      const other = partitioned.find(
        ({ partitions }) => textOf(partitions) !== textOf(first?.partitions),
      );
      if (first === undefined || other === undefined) return [];
      const message = `job ${JSON.stringify(definition.name)}: ${first.name} and ${other.name} have different partitions`;
      return [diagnose(kind, placed.span(['name'], 'value'), message)];
    }),
});
