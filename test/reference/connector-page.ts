/** docs/reference/connectors/<kind>.md: what may be written about a connector, from its declaration. */
import { connectorDocs } from '../../src/cli/option-docs.js';
import type { Connector } from '../../src/connectors/connector.js';
import { findingTable } from './finding-table.js';
import { code, fenced, fieldTable, generated, table } from './markdown.js';

const head = ({ type, title, summary, stability, since }: Connector): readonly string[] => [
  `# ${type}: ${title}`,
  '',
  generated,
  `${summary}. ${stability === 'stable' ? 'Stable' : 'Experimental'}, since ${since}.`,
  '',
  'Which templates a field may hold says the column *templates*, see [templates](../templates.md#scopes). Null is the same as',
  'leaving a key out. Marked as *ours* is what the predecessor does not know.',
  '',
];

const sides = {
  source: 'As a source',
  target: 'As a target',
} as const;

const items = ({ source }: Connector): readonly string[] =>
  source === undefined
    ? []
    : [
        '## Fields of an item',
        '',
        'What `source.item` holds for each file, in the fields of the target and in `predicate`.',
        '',
        ...table(
          ['name', 'meaning'],
          Object.entries(source.itemFields).map(([name, meaning]) => [code(name), meaning]),
        ),
      ];

const findings = ({ findings: kinds }: Connector): readonly string[] =>
  kinds.length === 0
    ? []
    : ['## Findings about its options', '', ...findingTable(kinds, '../errors.md')];

export const connectorPage = (connector: Connector): string => {
  const docs = connectorDocs(connector);
  const { types } = connector.connection;
  const parts = (['source', 'target'] as const).flatMap((side) => {
    const fields = docs[side];
    return fields === undefined
      ? []
      : [`## ${sides[side]}`, '', `\`type: ${connector.type}\``, '', ...fieldTable(fields)];
  });
  const examples = connector.examples.flatMap(({ title, yaml }) => [
    `${title}:`,
    '',
    ...fenced('yaml', yaml),
  ]);
  return [
    ...head(connector),
    '## The connection',
    '',
    `\`type\` is ${types.map(code).join(' or ')}; the fields stand below \`config\`.`,
    '',
    ...examples,
    ...fieldTable(docs.connection ?? []),
    ...parts,
    ...items(connector),
    ...findings(connector),
    ...(connector.limits.length === 0
      ? []
      : ['## Limits', '', ...connector.limits.map((limit) => `- ${limit}`), '']),
  ].join('\n');
};
