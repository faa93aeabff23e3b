/** docs/reference/README.md: what there is to look up. */
import { connectors } from '../../src/connectors/all.js';
import { sideDeclaration } from '../../src/connectors/sides.js';
import { fileSchemas } from '../../src/language/schema/file-schemas.js';
import { code, fenced, generated, table } from './markdown.js';

const connectorRows = connectors.map((connector) => [
  `[${connector.type}](connectors/${connector.kind}.md)`,
  (['source', 'target'] as const)
    .filter((side) => sideDeclaration(connector, side) !== undefined)
    .join(', '),
  connector.summary,
]);

const schemaRows = fileSchemas.map(({ kind, files, summary }) => [
  `[\`schema/${kind}.json\`](../../schema/${kind}.json)`,
  code(files),
  summary,
]);

export const indexPage = (): string =>
  [
    '# Reference',
    '',
    generated,
    ...table(
      ['page', 'holds'],
      [
        [
          '[Keys of the YAML files](yaml.md)',
          'assets, jobs, schedules, sensors, partitions, checks, tidemark.yaml',
        ],
        [
          '[Templates](templates.md)',
          'which names are known where; functions, filters, tests, methods',
        ],
        ['[Lint](lint.md)', 'every finding with its severity'],
        ['[Errors and findings](errors.md)', 'every code with what to do'],
        ['[Command line](cli.md)', 'every command with its options and examples'],
      ],
    ),
    '## Connectors',
    '',
    ...table(['connector', 'can be', 'does'], connectorRows),
    '`tidemark describe S3` says the same in a terminal, `tidemark describe SFTP S3` the route between two of them.',
    '',
    '## Schemas for editors',
    '',
    'JSON Schemas with which an editor checks and completes while one writes; `tidemark schema pipelines` prints one.',
    '',
    ...table(['schema', 'for', 'holds'], schemaRows),
    'An editor with the YAML language server takes the schema from the first line of a file:',
    '',
    ...fenced(
      'yaml',
      '# yaml-language-server: $schema=../node_modules/tidemark/schema/pipelines.json',
    ),
    'What a schema cannot say is left to `tidemark lint`: references between entries, texts with a syntax of their own, and which keys of a',
    'connection are required, because its layers stand in several files.',
    '',
  ].join('\n');
