/** Rows without a cursor are new at every run: only an upsert takes them once. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { exampleRows, fromTable, toObjects, toTable } from './example.js';
import { fixedText, rowAssets } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/null-cursors-twice',
  severity: 'error',
  summary:
    'Rows whose cursor is NULL are included, and the target would take them again at each run.',
  fix: 'Load into a table with a primary_key, so that they are updated; or write nulls: skip.',
});

const source = fromTable(', sync_mode: incremental, cursor_column: updated_at, nulls: include');

export const nullCursorsTwice = defineRule({
  kind,
  bad: exampleRows(source, toObjects()),
  good: exampleRows(source, toTable(', primary_key: id')),
  check: (draft) =>
    rowAssets(draft).flatMap(({ source, isMarked, writesRows, hasKey, syncMode }) => {
      const upserts = writesRows && hasKey && syncMode !== 'append';
      if (!isMarked || upserts || fixedText(source, 'nulls')?.toLowerCase() !== 'include')
        return [];
      const message = `${source.what}: nulls: include reads rows without a cursor at each run, and the target does not update by key`;
      return [diagnose(kind, source.configs.span(['nulls'], 'value'), message)];
    }),
});
