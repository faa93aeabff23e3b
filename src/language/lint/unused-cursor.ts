/** A cursor that nothing reads: the author meant an incremental asset, and each run would read everything. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { exampleRows, fromTable, toObjects } from './example.js';
import { isWritten, rowAssets } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/unused-cursor',
  severity: 'warning',
  summary: 'A cursor is written for an asset that is not incremental: it has no effect.',
  fix: 'Write sync_mode: incremental, or leave the cursor out.',
});

const fields = ['cursor_column', 'update_key', 'initial_cursor'];

export const unusedCursor = defineRule({
  kind,
  bad: exampleRows(fromTable(', cursor_column: updated_at'), toObjects()),
  good: exampleRows(fromTable(', cursor_column: updated_at, sync_mode: incremental'), toObjects()),
  check: (draft) =>
    rowAssets(draft).flatMap(({ source, readsRows, isMarked, modeSide, syncMode }) => {
      // A mode that is a template is known only in a run.
      const isOpen = modeSide !== undefined && syncMode === undefined;
      const name = fields.find((field) => isWritten(source, field));
      if (!readsRows || isMarked || isOpen || name === undefined) return [];
      const message = `${source.what}: ${name} has no effect, as the asset is not incremental`;
      return [diagnose(kind, source.configs.span([name], 'key'), message)];
    }),
});
