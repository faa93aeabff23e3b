/** D23: an incremental asset needs a column that its mark is read from. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { cursorInSql } from '../template/sql-cursor.js';
import { exampleRows, fromTable, toObjects } from './example.js';
import { isWritten, rowAssets, type RowAsset } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/no-cursor',
  severity: 'error',
  summary: 'An asset is incremental, and which column its mark is read from cannot be told.',
  fix: 'Write cursor_column: the column that only rises, such as updated_at.',
});

/** Is the column written in one of its spellings? */
export const hasCursor = ({ source, target }: RowAsset): boolean =>
  isWritten(source, 'cursor_column') ||
  isWritten(source, 'update_key') ||
  isWritten(target, 'update_key');

const incremental = ', sync_mode: incremental';

export const noCursor = defineRule({
  kind,
  bad: exampleRows(fromTable(incremental), toObjects()),
  good: exampleRows(fromTable(`${incremental}, cursor_column: updated_at`), toObjects()),
  check: (draft) =>
    rowAssets(draft).flatMap((asset) => {
      const { query, source, modeSide, isMarked } = asset;
      if (!isMarked || hasCursor(asset)) return [];
      const { judged } = query ?? {};
      if (judged !== undefined && (!judged.isWhole || cursorInSql(judged.sql) !== null)) return [];
      const span =
        modeSide === undefined
          ? source.configs.span(query?.path ?? [], 'value')
          : modeSide.configs.span(['sync_mode'], 'value');
      const message = `${source.what} is read incrementally, and its cursor column cannot be told`;
      return [diagnose(kind, span, message)];
    }),
});
