/** A connection of another connector than the side that uses it. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import { allEndpoints, connectionSpan } from './endpoints.js';
import { exampleAsset, exampleProject } from './example.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/wrong-connection-kind',
  severity: 'error',
  summary: 'A source, target or sensor uses a connection of another type.',
  fix: 'Name a connection of a type that fits, or correct the type of the source or target.',
});

export const wrongConnectionKind = defineRule({
  kind,
  bad: exampleProject(`assets:\n${exampleAsset.replace('connection: inbox', 'connection: lake')}`),
  good: exampleProject(`assets:\n${exampleAsset}`),
  check: (draft) =>
    allEndpoints(draft).flatMap((placed) => {
      const { endpoint, connector, what } = placed;
      const used = draft.connections.find(
        ({ definition }) => definition.name === endpoint.connection,
      );
      if (used === undefined || connector === undefined || used.definition.kind === endpoint.kind) {
        return [];
      }
      const { name, type } = used.definition;
      const known = draft.connections
        .filter(({ definition }) => definition.kind === endpoint.kind)
        .map(({ definition }) => definition.name);
      const message = `${what}: type ${endpoint.type} cannot use connection ${JSON.stringify(name)}, which is of type ${type}`;
      return [
        diagnose(kind, connectionSpan(placed), message, {
          known,
          related: [{ message: 'defined here', span: used.definition.span }],
        }),
      ];
    }),
});
