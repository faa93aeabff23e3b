/** D23: which column was read from the predicate of the query; a guess is never silent. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { cursorInSql } from '../template/sql-cursor.js';
import { exampleRows, fromQuery, toObjects } from './example.js';
import { hasCursor } from './no-cursor.js';
import { rowAssets } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/cursor-from-sql',
  severity: 'warning',
  summary: 'The cursor column of an incremental asset was read from the predicate of its query.',
  fix: 'Write it down as cursor_column, so that a change of the query does not change it.',
});

const sql = "SELECT id, updated_at FROM orders WHERE updated_at > '{{ metadata.last_cursor }}'";

export const cursorFromSql = defineRule({
  kind,
  bad: exampleRows(fromQuery(sql, ', primary_key: id'), toObjects()),
  good: exampleRows(fromQuery(sql, ', primary_key: id, cursor_column: updated_at'), toObjects()),
  check: (draft) =>
    rowAssets(draft).flatMap((asset) => {
      const { query, source, isMarked } = asset;
      if (!isMarked || query === null || hasCursor(asset)) return [];
      const column = cursorInSql(query.judged.sql);
      if (column === null) return [];
      const message = `${source.what}: the cursor is ${column}, as the predicate of ${query.field} has it`;
      const fix = `Write cursor_column: ${column}, so that a change of the query does not change it.`;
      return [diagnose(kind, source.configs.span(query.path, 'value'), message, { fix })];
    }),
});
