/** Several lanes are several objects: a table, or one constant key, has no place for them. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { exampleRows, fromTable, toObjects } from './example.js';
import { isConstantKey } from './overwritten-key.js';
import { rowAssets } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/lanes-into-one-place',
  severity: 'error',
  summary: 'A read in several lanes has a target with place for one.',
  fix: 'Leave lanes out, or write prefix instead of key, so that each lane gets an object of its own.',
});

export const lanesIntoOnePlace = defineRule({
  kind,
  bad: exampleRows(fromTable(', lanes: 4'), toObjects(', key: raw/orders.csv')),
  good: exampleRows(fromTable(', lanes: 4'), toObjects()),
  check: (draft) =>
    rowAssets(draft).flatMap(({ source, target, readsRows, writesRows }) => {
      const { lanes } = source.endpoint.configs;
      const { key } = target.endpoint.configs;
      if (!readsRows || typeof lanes !== 'number' || lanes <= 1) return [];
      if (!writesRows && !isConstantKey(key)) return [];
      const place = writesRows ? 'a table' : `the one key ${JSON.stringify(key)}`;
      const message = `${source.what}: ${lanes} lanes, and the target is ${place}`;
      return [diagnose(kind, source.configs.span(['lanes'], 'value'), message)];
    }),
});
