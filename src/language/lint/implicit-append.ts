/** D9: a whole table that is appended to another at each run is rarely meant. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { exampleRows, fromTable, toTable } from './example.js';
import { isWritten, rowAssets } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/implicit-append',
  severity: 'warning',
  summary:
    'Each run appends everything that the source holds to the table, as nothing else is asked for.',
  fix: 'Write sync_mode: full-refresh, incremental, or append where that is meant.',
});

export const implicitAppend = defineRule({
  kind,
  bad: exampleRows(fromTable(), toTable()),
  good: exampleRows(fromTable(), toTable(', sync_mode: append')),
  check: (draft) =>
    rowAssets(draft).flatMap(({ readsRows, writesRows, modeSide, isMarked, target }) => {
      const isAsked =
        modeSide !== undefined ||
        isMarked ||
        isWritten(target, 'sql_pre') ||
        isWritten(target, 'partition_column');
      if (!readsRows || !writesRows || isAsked) return [];
      const message = `${target.what}: each run appends all rows of the source again`;
      return [diagnose(kind, target.configs.span(['table_name'], 'value'), message)];
    }),
});
