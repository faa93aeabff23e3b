/** Names that are ours: types of Tidemark's own workflows, and the prefixes that always work as types (D13). */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { exampleAsset, exampleProject } from './example.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/reserved-name',
  severity: 'error',
  summary:
    'A job, asset, schedule or sensor has a name that Tidemark or Temporal keeps for itself.',
  fix: 'Choose a name that is not default and does not begin with tidemark., job., asset., sensor. or __temporal_.',
});

const isReserved = (name: string): boolean =>
  name === 'default' || /^(?:tidemark|job|asset|sensor)\.|^__temporal_/.test(name);

export const reservedName = defineRule({
  kind,
  bad: exampleProject(`assets:\n${exampleAsset.replace('name: orders', 'name: tidemark.orders')}`),
  good: exampleProject(`assets:\n${exampleAsset}`),
  check: ({ names }) =>
    names
      .filter(({ name, generatedFrom }) => generatedFrom === null && isReserved(name))
      .map((entry) =>
        diagnose(
          kind,
          entry.span,
          `${entry.kind} ${JSON.stringify(entry.name)} has a name that is reserved`,
          { fix: kind.fix },
        ),
      ),
});
