/** A selection that names nothing, or something that does not exist (D6). */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
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
  check: ({ jobs }) =>
    jobs.flatMap(({ definition, placed, selectionProblems }) =>
      selectionProblems.map(({ path, message, ...facts }) =>
        diagnose(
          kind,
          placed.span(['selection', ...path], 'value'),
          `job ${JSON.stringify(definition.name)}: ${message}`,
          facts,
        ),
      ),
    ),
});
