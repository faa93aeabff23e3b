/** docs/reference/lint.md: every finding of `tidemark lint`, from the lists of the stages. */
import { lintStages } from '../../src/cli/lint-kinds.js';
import { connectors } from '../../src/connectors/all.js';
import { findingTable } from './finding-table.js';
import { code, generated } from './markdown.js';

export const lintPage = (): string =>
  [
    '# Lint',
    '',
    generated,
    `\`tidemark lint\` finds all of these in one pass. An error ends with exit code 1; a warning too, with ${code('--strict')}.`,
    '',
    ...lintStages(connectors).flatMap(({ title, text, kinds }) => [
      `## ${title}`,
      '',
      text,
      '',
      ...findingTable(kinds, 'errors.md'),
    ]),
  ].join('\n');
