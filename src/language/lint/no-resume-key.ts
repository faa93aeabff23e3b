/** A query without a key cannot be read in pages: after a failure it starts again. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { exampleRows, fromQuery, toObjects } from './example.js';
import { isWritten, rowAssets } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/no-resume-key',
  severity: 'warning',
  summary: 'A query has no primary_key, so that a read of it cannot resume: it starts again.',
  fix: 'Write primary_key at the source: columns of the query that are unique together and never NULL.',
});

export const noResumeKey = defineRule({
  kind,
  bad: exampleRows(fromQuery('SELECT id FROM orders'), toObjects()),
  good: exampleRows(fromQuery('SELECT id FROM orders', ', primary_key: id'), toObjects()),
  check: (draft) =>
    rowAssets(draft).flatMap(({ query, source }) => {
      const resumes = source.connector?.rowSource?.capabilities.resumes === 'key-pages';
      if (query === null || !resumes || isWritten(source, 'primary_key')) return [];
      const message = `${source.what}: ${query.field} has no primary_key; after a failure it is read again from its beginning`;
      return [diagnose(kind, source.configs.span([query.field], 'key'), message)];
    }),
});
