/** docs/reference/lint.md: every finding of `tidemark lint`, from the lists of the stages. */
import type { DiagnosticKind } from '../../src/core/errors/diagnostic.js';
import { definitionDiagnostics } from '../../src/language/definition/diagnostics.js';
import { documentDiagnostics } from '../../src/language/document/diagnostics.js';
import { lintDiagnostics } from '../../src/language/lint/all.js';
import { templateDiagnostics } from '../../src/language/template/diagnostics.js';
import { code, generated, table } from './markdown.js';

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
];

const row = ({ code: name, severity, summary, fix }: DiagnosticKind): readonly string[] => [
  `[\`${name}\`](errors.md#${name.replace('/', '-')})`,
  severity,
  `${summary} ${fix}`,
];

const byCode = (a: DiagnosticKind, b: DiagnosticKind) => (a.code < b.code ? -1 : 1);

export const lintPage = (): string =>
  [
    '# Lint',
    '',
    generated,
    `\`tidemark lint\` finds all of these in one pass. An error ends with exit code 1; a warning too, with ${code('--strict')}. Connectors have`,
    'findings of their own about options that contradict each other; their pages and [errors and findings](errors.md) name them.',
    '',
    ...stages.flatMap(({ title, text, kinds }) => [
      `## ${title}`,
      '',
      text,
      '',
      ...table(['code', 'severity', 'what it means'], kinds.toSorted(byCode).map(row)),
    ]),
  ].join('\n');
