/** docs/reference/lint.md: every finding of `tidemark lint`, from the lists of the stages. */
import { connectors } from '../../src/connectors/all.js';
import type { DiagnosticKind } from '../../src/core/errors/diagnostic.js';
import { definitionDiagnostics } from '../../src/language/definition/diagnostics.js';
import { documentDiagnostics } from '../../src/language/document/diagnostics.js';
import { lintDiagnostics } from '../../src/language/lint/all.js';
import { templateDiagnostics } from '../../src/language/template/diagnostics.js';
import { findingTable } from './finding-table.js';
import { code, generated } from './markdown.js';

const stages: readonly {
  readonly title: string;
  readonly text: string;
  readonly kinds: readonly DiagnosticKind[];
}[] = [
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
    kinds: [...new Set(connectors.flatMap(({ findings }) => findings))],
  },
];

export const lintPage = (): string =>
  [
    '# Lint',
    '',
    generated,
    `\`tidemark lint\` finds all of these in one pass. An error ends with exit code 1; a warning too, with ${code('--strict')}.`,
    '',
    ...stages.flatMap(({ title, text, kinds }) => [
      `## ${title}`,
      '',
      text,
      '',
      ...findingTable(kinds, 'errors.md'),
    ]),
  ].join('\n');
