/** Checks that judge rows before they are published need a target that holds them. */
import { movesRows } from '../../connectors/sides.js';
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { tableChecks } from '../definition/checks.js';
import { placedAt, placedItems } from '../definition/placed.js';
import { isJsonObject } from '../../core/values/json.js';
import { exampleAsset, exampleProject } from './example.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/check-without-table',
  severity: 'error',
  summary: 'A check asks the rows of a table, and the target of its asset takes files.',
  fix: 'Use row_count or observation_diff, or put the check on the asset that loads the table.',
});

const withCheck = (check: string): string => `assets:\n${exampleAsset}    checks: [${check}]\n`;

export const checkWithoutTable = defineRule({
  kind,
  bad: exampleProject(withCheck('{ name: ids, type: unique, columns: id }')),
  good: exampleProject(withCheck('{ name: some, type: row_count, min: 1 }')),
  check: (draft) =>
    draft.assets.flatMap(({ definition, placed }) => {
      const target = draft.connectors.find(({ kind }) => kind === definition.target?.kind);
      if (target !== undefined && movesRows(target, 'target')) return [];
      return placedItems(placedAt(placed, 'checks')).flatMap((check) => {
        const type = isJsonObject(check.value) ? check.value['type'] : undefined;
        const found = tableChecks.find((entry) => entry === String(type).toLowerCase());
        if (found === undefined) return [];
        const message = `asset ${JSON.stringify(definition.name)}: a check of type ${found} needs a target of rows`;
        return [diagnose(kind, check.span(['type'], 'value'), message)];
      });
    }),
});
