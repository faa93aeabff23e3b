/** D9: without a key, rows that changed since the last run are inserted again. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { exampleRows, fromTable, toTable } from './example.js';
import { rowAssets } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/upsert-without-key',
  severity: 'warning',
  summary: 'An incremental load has no primary_key: rows that change are inserted again.',
  fix: 'Write primary_key at the target, or sync_mode: append where rows never change.',
});

const source = fromTable(', sync_mode: incremental, cursor_column: updated_at');

export const upsertWithoutKey = defineRule({
  kind,
  bad: exampleRows(source, toTable()),
  good: exampleRows(source, toTable(', primary_key: id')),
  check: (draft) =>
    rowAssets(draft).flatMap(({ target, writesRows, isMarked, hasKey, syncMode, emptying }) => {
      const isIncremental = isMarked || syncMode === 'incremental';
      const isMeant =
        syncMode === 'append' || syncMode === 'full-refresh' || emptying !== undefined;
      if (!writesRows || !isIncremental || hasKey || isMeant) return [];
      const message = `${target.what} has no primary_key: rows that changed since the last run are inserted again`;
      return [diagnose(kind, target.configs.span(['table_name'], 'value'), message)];
    }),
});
