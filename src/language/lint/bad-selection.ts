/** A selection that names nothing, or something that does not exist (D6). */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { namesOf } from '../definition/draft.js';
import { placedAt } from '../definition/placed.js';
import { resolveSelection } from '../definition/selection.js';
import { exampleAsset, exampleProject } from './example.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/bad-selection',
  severity: 'error',
  summary:
    'The selection of a job names an asset, group or tag that does not exist, or cannot be read.',
  fix: 'Write names of assets, name* (with everything below), *name (with everything above), key:pattern, group:name or tag:key=value.',
});

export const badSelection = defineRule({
  kind,
  bad: exampleProject(
    `assets:\n${exampleAsset}jobs:\n  - { name: orders_job, selection: ordrs }\n`,
  ),
  good: exampleProject(
    `assets:\n${exampleAsset}jobs:\n  - { name: orders_job, selection: [orders*, "group:default"] }\n`,
  ),
  check: (draft) => {
    const graph = {
      assets: draft.assets.map(({ definition }) => definition),
      declared: namesOf(draft, 'asset'),
    };
    return draft.jobs
      .filter(({ definition }) => definition.generatedFrom === null)
      .flatMap(({ definition, placed }) => {
        const selection = placedAt(placed, 'selection');
        const { problems } = resolveSelection(selection.value ?? undefined, graph);
        return problems.map(({ path, message, ...facts }) =>
          diagnose(
            kind,
            selection.span(path, 'value'),
            `job ${JSON.stringify(definition.name)}: ${message}`,
            facts,
          ),
        );
      });
  },
});
