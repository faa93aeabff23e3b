/** D16: rows of each window or partition go to an object of its own; a constant key would keep only the last. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { parseTemplate } from '../template/template.js';
import { exampleRows, fromTable, toObjects } from './example.js';
import { rowAssets, type RowAsset } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/overwritten-key',
  severity: 'error',
  summary: 'Each run of an asset would overwrite the object of the run before it.',
  fix: 'Write prefix instead of key, or put {{ metadata.window }} or {{ partition_key }} into the key.',
});

const constantRoots: readonly string[] = ['env', 'vars'];

/** The same text in every run. */
export const isConstantKey = (key: unknown): key is string => {
  if (typeof key !== 'string' || key === '') return false;
  const parsed = parseTemplate(key);
  if ('problem' in parsed || parsed.template.calls.length > 0) return false;
  return parsed.template.references.every(({ root }) => constantRoots.includes(root));
};

/** What the object would be overwritten by. */
const overwriter = ({ isMarked, isPartitioned }: RowAsset): string | null => {
  if (isMarked) return 'each run';
  return isPartitioned ? 'each partition' : null;
};

const source = fromTable(', sync_mode: incremental, cursor_column: updated_at');

export const overwrittenKey = defineRule({
  kind,
  bad: exampleRows(source, toObjects(', key: raw/orders.csv')),
  good: exampleRows(source, toObjects(", key: 'raw/orders_{{ metadata.window }}.csv'")),
  check: (draft) =>
    rowAssets(draft).flatMap((asset) => {
      const { target, readsRows, writesRows } = asset;
      const { key } = target.endpoint.configs;
      const by = overwriter(asset);
      if (!readsRows || writesRows || by === null || !isConstantKey(key)) return [];
      const message = `${target.what}: ${by} would overwrite ${JSON.stringify(key)}`;
      const fix =
        by === 'each run'
          ? 'Write prefix instead of key, or put {{ metadata.window }} into the key.'
          : 'Write prefix instead of key, or put {{ partition_key }} into the key.';
      return [diagnose(kind, target.configs.span(['key'], 'value'), message, { fix })];
    }),
});
