/** A source of rows reads a table or a query. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { exampleRows, fromTable, toObjects } from './example.js';
import { isWritten, rowAssets } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/query-or-table',
  severity: 'error',
  summary: 'A source of rows names both a table and a query, or neither.',
  fix: 'Write table_name, or sql, and not both.',
});

const fields = ['sql', 'query', 'table_name'];

export const queryOrTable = defineRule({
  kind,
  bad: exampleRows(fromTable(', sql: SELECT 1, primary_key: id'), toObjects()),
  good: exampleRows(fromTable(), toObjects()),
  check: (draft) =>
    rowAssets(draft).flatMap(({ source, readsRows }) => {
      const written = fields.filter((name) => isWritten(source, name));
      if (!readsRows || written.length === 1) return [];
      const [, second] = written;
      return second === undefined
        ? [diagnose(kind, source.configs.span([], 'key'), `${source.what} reads nothing`)]
        : [
            diagnose(
              kind,
              source.configs.span([second], 'key'),
              `${source.what} has ${written.join(' and ')}`,
            ),
          ];
    }),
});
