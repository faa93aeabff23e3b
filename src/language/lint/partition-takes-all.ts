/** A run of one partition that replaces the contents of its table would take the rows of all others away. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { exampleRows, fromTable, toTable } from './example.js';
import { isWritten, rowAssets } from './row-assets.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/partition-takes-all',
  severity: 'error',
  summary: 'A partitioned asset replaces the whole contents of its table at each run.',
  fix: 'Write partition_column at the target, without statements that empty the table: a run then replaces the rows of its partition.',
});

const partitioned = '    partitions_def: { type: static, values: [eu, us] }\n';
const refresh = ', sync_mode: full-refresh';

export const partitionTakesAll = defineRule({
  kind,
  bad: exampleRows(fromTable(), toTable(refresh), partitioned),
  good: exampleRows(fromTable(), toTable(`${refresh}, partition_column: region`), partitioned),
  check: (draft) =>
    rowAssets(draft).flatMap(
      ({ target, writesRows, isPartitioned, syncMode, modeSide, emptying }) => {
        if (!writesRows || !isPartitioned) return [];
        const message = `${target.what}: a run of one partition would take the rows of all others away`;
        if (emptying !== undefined)
          return [diagnose(kind, target.configs.span(emptying.path, 'value'), message)];
        const isScoped = isWritten(target, 'partition_column');
        if (syncMode !== 'full-refresh' || isScoped || modeSide === undefined) return [];
        return [diagnose(kind, modeSide.configs.span(['sync_mode'], 'value'), message)];
      },
    ),
});
