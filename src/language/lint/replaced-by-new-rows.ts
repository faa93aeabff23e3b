/** A target that is emptied at each run, filled with only what is new since the mark, would lose everything else. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { exampleRows, fromTable, toTable } from './example.js';
import { rowAssets } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/replaced-by-new-rows',
  severity: 'error',
  summary:
    'Each run replaces the contents of a table with only the rows that are new since the mark.',
  fix: 'Leave out what empties the table, or read everything: without metadata.last_cursor and sync_mode: incremental.',
});

const source = fromTable(', sync_mode: incremental, cursor_column: updated_at');

export const replacedByNewRows = defineRule({
  kind,
  bad: exampleRows(source, toTable(', primary_key: id, sql_pre: TRUNCATE orders')),
  good: exampleRows(source, toTable(', primary_key: id')),
  check: (draft) =>
    rowAssets(draft).flatMap(({ target, writesRows, isMarked, syncMode, emptying, modeSide }) => {
      if (!writesRows || !isMarked) return [];
      const message = `${target.what}: each run would replace the contents with the rows that are new since the mark`;
      if (emptying !== undefined)
        return [diagnose(kind, target.configs.span(emptying.path, 'value'), message)];
      if (syncMode !== 'full-refresh' || modeSide === undefined) return [];
      return [diagnose(kind, modeSide.configs.span(['sync_mode'], 'value'), message)];
    }),
});
