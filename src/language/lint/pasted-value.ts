/** D14: a template outside of quotes would paste whatever its value holds into the statement. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { exampleRows, fromQuery, toObjects } from './example.js';
import { rowAssets, statementsOf } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/pasted-value',
  severity: 'error',
  summary: 'A template of a statement stands where its value cannot be bound.',
  fix: "Write quotes around it: '{{ … }}'; the value is then bound, whatever it holds.",
});

const key = ', primary_key: id';

export const pastedValue = defineRule({
  kind,
  bad: exampleRows(
    fromQuery('SELECT id FROM orders WHERE day = {{ env.TIDEMARK_EXAMPLE_HOST }}', key),
    toObjects(),
  ),
  good: exampleRows(
    fromQuery("SELECT id FROM orders WHERE day = '{{ env.TIDEMARK_EXAMPLE_HOST }}'", key),
    toObjects(),
  ),
  check: (draft) =>
    rowAssets(draft).flatMap((asset) =>
      statementsOf(asset).flatMap(({ side, path, field, judged }) =>
        judged.problems.map(({ expression, message, fix, offset, length }) => {
          const what = expression === undefined ? message : `{{ ${expression} }} ${message}`;
          const span =
            length === 0
              ? side.configs.span(path, 'value')
              : side.configs.within(path, offset, length);
          return diagnose(kind, span, `${side.what}: ${field}: ${what}`, { fix });
        }),
      ),
    ),
});
