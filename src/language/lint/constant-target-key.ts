/**
 * D16: many source files, one target key. The key of a target is exact (D3), so without a template of the item or of
 * the trigger every file would be written over the one before. Whatever cannot be decided here is refused when the
 * run is planned, before anything is written.
 */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import type { JsonObject } from '../../core/values/json.js';
import { holdsTemplate } from '../definition/options.js';
import { assetEndpoints } from './endpoints.js';
import { exampleAsset, exampleProject } from './example.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/constant-target-key',
  severity: 'error',
  summary: 'A source that selects many files has a target whose key is the same for all of them.',
  fix: 'Write prefix instead of key, put a field of source.item into the key, or select exactly one file at the source.',
});

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** A pattern that can match more than one name: it has a class, a repetition, a choice or a group. */
const isOpenPattern = (pattern: string): boolean =>
  holdsTemplate(pattern) || /[*+?[{|(]|\\[dwsDWS]/.test(pattern);

/** `key` and `file_name` name exactly one file in every connector; so may a path that ends like a file. */
const selectsMany = (source: JsonObject): boolean => {
  if (isText(source['key']) || isText(source['file_name'])) return false;
  const { pattern, path } = source;
  if (isText(pattern)) return isOpenPattern(pattern);
  return !(isText(path) && (holdsTemplate(path) || /\.[A-Za-z0-9]+$/.test(path)));
};

const varies = (key: string): boolean => holdsTemplate(key) && /\b(?:item|trigger)\b/.test(key);

const keyed = (key: string): string =>
  exampleAsset.replace('prefix: raw/orders', `key: ${JSON.stringify(key)}`);

export const constantTargetKey = defineRule({
  kind,
  bad: exampleProject(`assets:\n${keyed('raw/orders.csv')}`),
  good: exampleProject(`assets:\n${keyed('raw/{{ source.item.file_name }}')}`),
  check: (draft) =>
    draft.assets.flatMap((asset) => {
      const [source, target] = assetEndpoints(draft, asset);
      const key = target?.endpoint.configs['key'];
      if (source === undefined || target === undefined || !isText(key) || varies(key)) return [];
      const files = source.connector?.source;
      // Rows of a table are no files; `overwritten-key` judges them.
      if (files === undefined || !selectsMany(source.endpoint.configs)) return [];
      const message = `${target.what}: every file that the source selects would be written to ${JSON.stringify(key)}`;
      const item = Object.keys(files.itemFields)[0];
      const fix =
        item === undefined
          ? kind.fix
          : `Write prefix instead of key, or put {{ source.item.${item} }} into the key, or select exactly one file at the source.`;
      return [diagnose(kind, target.configs.span(['key'], 'value'), message, { fix })];
    }),
});
