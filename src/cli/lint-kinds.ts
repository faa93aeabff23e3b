/** What is declared about everything that `tidemark lint` can find, stage by stage. */
import type { Connector } from '../connectors/connector.js';
import type { DiagnosticKind } from '../core/errors/diagnostic.js';
import { definitionDiagnostics } from '../language/definition/diagnostics.js';
import { documentDiagnostics } from '../language/document/diagnostics.js';
import { lintDiagnostics } from '../language/lint/all.js';
import { templateDiagnostics } from '../language/template/diagnostics.js';

export interface LintStage {
  readonly title: string;
  readonly text: string;
  readonly kinds: readonly DiagnosticKind[];
}

export const lintStages = (connectors: readonly Connector[]): readonly LintStage[] => [
  { title: 'Reading YAML', text: 'One file by itself, as text.', kinds: documentDiagnostics },
  {
    title: 'Keys and values',
    text: 'One entry by itself: its keys and what they hold. JSON Schemas for editors say the same.',
    kinds: definitionDiagnostics,
  },
  { title: 'Templates', text: 'Names, fields, functions and filters.', kinds: templateDiagnostics },
  { title: 'Rules', text: 'What entries mean together.', kinds: lintDiagnostics },
  {
    title: 'Options of connectors',
    text: 'What connectors find in their own options.',
    // Connectors of the same family share some.
    kinds: [...new Set(connectors.flatMap(({ findings }) => findings))],
  },
];

export const lintKinds = (connectors: readonly Connector[]): readonly DiagnosticKind[] =>
  lintStages(connectors).flatMap(({ kinds }) => kinds);
