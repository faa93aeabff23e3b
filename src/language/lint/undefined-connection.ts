/** D1: a connection that no file defines. One that a template names is resolved when the run is planned. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { holdsTemplate } from '../definition/options.js';
import { allEndpoints, connectionSpan } from './endpoints.js';
import { exampleAsset, exampleProject } from './example.js';
import { nearFacts } from './near.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/undefined-connection',
  severity: 'error',
  summary: 'A source, target or sensor names a connection that no file defines.',
  fix: 'Correct the name, define it under resources: in connections/, or pass --connections FILE.',
});

export const undefinedConnection = defineRule({
  kind,
  bad: exampleProject(`assets:\n${exampleAsset.replace('connection: inbox', 'connection: inbx')}`),
  good: exampleProject(`assets:\n${exampleAsset}`),
  check: (draft) =>
    allEndpoints(draft)
      .filter(({ endpoint }) => !holdsTemplate(endpoint.connection))
      .filter(({ endpoint }) => !draft.connectionNames.includes(endpoint.connection))
      .map((placed) => {
        const name = placed.endpoint.connection;
        const message = `${placed.what}: connection ${JSON.stringify(name)} is not defined`;
        return diagnose(kind, connectionSpan(placed), message, {
          ...nearFacts(name, draft.connectionNames),
          fix: kind.fix,
        });
      }),
});
