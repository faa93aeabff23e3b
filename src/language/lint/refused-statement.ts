/** Statements that the connectors of the asset refuse: several in one, what cannot run inside the publish transaction. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { exampleRows, fromTable, toTable } from './example.js';
import { kindOf, rowAssets, type PlacedSql, type RowAsset } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/refused-statement',
  severity: 'error',
  summary: 'A statement cannot be run where it stands.',
  fix: 'Follow the message; a query is one SELECT, and sql_pre and sql_post run inside the publish transaction.',
});

interface Refusal {
  readonly statement: PlacedSql;
  readonly reason: string;
}

const queryRefusals = ({ query }: RowAsset): readonly Refusal[] => {
  if (query === null || !query.judged.isWhole || query.judged.problems.length > 0) return [];
  const declared = query.side.connector?.rowSource;
  const reason = declared?.checkSql?.(query.judged.sql) ?? null;
  return reason === null ? [] : [{ statement: query, reason }];
};

const refusals = (asset: RowAsset): readonly Refusal[] => [
  ...queryRefusals(asset),
  ...[...asset.pre, ...asset.post].flatMap((statement) => {
    const found = kindOf(statement);
    if (typeof found === 'object') return [{ statement, reason: found.refused }];
    return found === 'empties-target' && asset.post.includes(statement)
      ? [{ statement, reason: 'it empties the table that was just loaded' }]
      : [];
  }),
];

const refresh = ', sync_mode: full-refresh';

export const refusedStatement = defineRule({
  kind,
  bad: exampleRows(fromTable(), toTable(`${refresh}, sql_pre: VACUUM orders`)),
  good: exampleRows(fromTable(), toTable(`${refresh}, sql_pre: ANALYZE orders`)),
  check: (draft) =>
    rowAssets(draft).flatMap((asset) =>
      refusals(asset).map(({ statement: { side, path, field }, reason }) =>
        diagnose(kind, side.configs.span(path, 'value'), `${side.what}: ${field}: ${reason}`),
      ),
    ),
});
