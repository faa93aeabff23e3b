/** `tidemark describe`: what exists, from the declarations: connectors, their fields, and the ways between them. */
import type { Connector } from '../connectors/connector.js';
import { sideDeclaration } from '../connectors/sides.js';
import { TidemarkError } from '../core/errors/error.js';
import { suggest } from '../core/values/suggest.js';
import { chooseRoute } from '../planner/routes.js';
import { chooseRowSizes } from '../planner/rows/row-sizes.js';
import { isRowsRoute } from '../planner/rows/rows-plan.js';
import { chooseSizes } from '../planner/sizes.js';
import {
  defineCommand,
  exitCodes,
  formatOption,
  type CommandInput,
  type Terminal,
} from './command.js';
import { badUsage } from './errors.js';
import {
  allFieldDocs,
  connectorDocs,
  connectorRoles,
  fieldType,
  type FieldDoc,
} from './option-docs.js';
import { columns, json } from './table.js';

const find = (connectors: readonly Connector[], word: string): Connector | undefined =>
  connectors.find(({ kind, type }) => kind === word.toLowerCase() || type === word.toUpperCase());

const unknown = (what: string, word: string, known: readonly string[]): TidemarkError => {
  const near = suggest(word, known);
  return new TidemarkError(
    badUsage,
    `${what} ${JSON.stringify(word)} is not known; known: ${known.join(', ')}`,
    near === undefined ? {} : { fix: `Did you mean ${near}?` },
  );
};

const connectorNamed = (connectors: readonly Connector[], word: string): Connector => {
  const found = find(connectors, word);
  if (found !== undefined) return found;
  throw unknown(
    'connector',
    word,
    connectors.map(({ type }) => type),
  );
};

const fieldRow = (doc: FieldDoc): readonly string[] => {
  const value =
    doc.default === undefined || doc.default === '' ? '' : ` = ${JSON.stringify(doc.default)}`;
  const notes = [
    ...(doc.secret ? ['secret'] : []),
    ...(doc.templates === 'none' ? [] : [`templates: ${doc.templates}`]),
    ...(doc.refused === undefined ? [] : ['not supported']),
    ...(doc.ours ? ['ours'] : []),
  ];
  return [
    `${doc.name}${doc.required ? '*' : ''}`,
    `${fieldType(doc)}${value}`,
    notes.join(', '),
    doc.description,
  ];
};

const connectorText = (connector: Connector): string => {
  const docs = connectorDocs(connector);
  const { connection, source } = connector;
  const sections = connectorRoles.flatMap((role) => {
    const fields = docs[role];
    if (fields === undefined) return [];
    const title =
      role === 'connection' ? `connection (type: ${connection.types.join(', ')})` : role;
    return ['', title, ...columns(fields.map(fieldRow), '  ')];
  });
  const items =
    source === undefined
      ? []
      : ['', 'source.item', ...columns(Object.entries(source.itemFields), '  ')];
  const limits =
    connector.limits.length === 0
      ? []
      : ['', 'limits', ...connector.limits.map((limit) => `  - ${limit}`)];
  const examples = connector.examples.flatMap(({ title, yaml }) => [
    '',
    `example: ${title}`,
    ...yaml.split('\n').map((line) => `  ${line}`),
  ]);
  return [
    `${connector.type}: ${connector.title} (${connector.stability}, since ${connector.since})`,
    connector.summary,
    ...sections,
    ...items,
    ...limits,
    ...examples,
    '',
    '* required; ours: not known to the predecessor',
  ].join('\n');
};

const sourceJson = ({ source, rowSource }: Connector, fields: readonly FieldDoc[] | undefined) => {
  if (source !== undefined)
    return { fields, capabilities: source.capabilities, itemFields: source.itemFields };
  return rowSource === undefined ? null : { fields, capabilities: rowSource.capabilities };
};

const targetJson = ({ target, rowTarget }: Connector, fields: readonly FieldDoc[] | undefined) => {
  const declared = target ?? rowTarget;
  return declared === undefined ? null : { fields, capabilities: declared.capabilities };
};

const connectorJson = (connector: Connector) => {
  const { kind, type, title, summary, since, stability, connection, limits, examples } = connector;
  const docs = connectorDocs(connector);
  return {
    kind,
    type,
    title,
    summary,
    since,
    stability,
    connection: { types: connection.types, fields: docs.connection },
    source: sourceJson(connector, docs.source),
    target: targetJson(connector, docs.target),
    limits,
    examples,
  };
};

const fieldsNamed = (connector: Connector, name: string) => {
  const docs = connectorDocs(connector);
  const found = connectorRoles.flatMap((role) =>
    allFieldDocs(docs[role] ?? [])
      .filter((doc) => doc.name === name)
      .map((doc) => ({ role, ...doc })),
  );
  if (found.length > 0) return found;
  const known = [
    ...new Set(
      connectorRoles.flatMap((role) => allFieldDocs(docs[role] ?? []).map((doc) => doc.name)),
    ),
  ].sort();
  throw unknown(`field of ${connector.type}`, name, known);
};

const fieldText = (connector: Connector, name: string): string =>
  fieldsNamed(connector, name)
    .map((doc) =>
      [
        `${connector.type} ${doc.role}.${doc.name}`,
        `  ${doc.description}`,
        `  type: ${fieldType(doc)}${doc.required ? ', required' : ''}`,
        ...(doc.default === undefined ? [] : [`  default: ${JSON.stringify(doc.default)}`]),
        `  templates: ${doc.templates}`,
        ...(doc.examples === undefined
          ? []
          : [`  example: ${doc.examples.map(String).join(', ')}`]),
        ...(doc.secret ? ['  secret: stays a reference in every plan and is never shown'] : []),
        ...(doc.refused === undefined ? [] : [`  not supported: ${doc.refused}`]),
        ...(doc.ours ? ['  ours: not known to the predecessor'] : []),
        ...(doc.fields === undefined
          ? []
          : ['  keys:', ...columns(doc.fields.map(fieldRow), '    ')]),
      ].join('\n'),
    )
    .join('\n\n');

const sizesOf = (
  route: NonNullable<ReturnType<typeof chooseRoute>['route']>,
  limits: Parameters<typeof chooseSizes>[0],
) => {
  const wishes = { workers: 5, partBytes: null, vary: null };
  return isRowsRoute(route)
    ? chooseRowSizes(limits, { ...wishes, pageRows: null, lanes: 1 })
    : chooseSizes(limits, wishes);
};

const pairJson = (source: Connector, target: Connector) => {
  const choice = chooseRoute(source, target);
  const limits = target.target?.capabilities ?? null;
  return {
    source: source.type,
    target: target.type,
    ...choice,
    ...(choice.route === null ? {} : { sizes: sizesOf(choice.route, limits) }),
  };
};

const pairText = (source: Connector, target: Connector): string => {
  const { route, why } = chooseRoute(source, target);
  return `${source.type} → ${target.type}: ${route ?? 'no route'}\n  ${why}`;
};

const allText = (connectors: readonly Connector[]): string => {
  const rows = connectors.map((connector) => {
    const sides = [
      ...(sideDeclaration(connector, 'source') === undefined ? [] : ['source']),
      ...(sideDeclaration(connector, 'target') === undefined ? [] : ['target']),
    ];
    return [connector.type, sides.join(', '), connector.summary];
  });
  return columns(rows).join('\n');
};

interface Answer {
  readonly text: string;
  readonly data: unknown;
}

const answer = (connectors: readonly Connector[], args: readonly string[]): Answer => {
  const [first, second] = args;
  if (first === undefined)
    return { text: allText(connectors), data: connectors.map(connectorJson) };
  const connector = connectorNamed(connectors, first);
  if (second === undefined)
    return { text: connectorText(connector), data: connectorJson(connector) };
  const target = find(connectors, second);
  if (target !== undefined)
    return { text: pairText(connector, target), data: pairJson(connector, target) };
  return { text: fieldText(connector, second), data: fieldsNamed(connector, second) };
};

const run = (input: CommandInput, terminal: Terminal): Promise<number> => {
  const { text, data } = answer(terminal.connectors, input.args);
  terminal.out(input.options['format'] === 'json' ? json(data) : text);
  return Promise.resolve(exitCodes.ok);
};

export const describe = defineCommand({
  name: 'describe',
  summary: 'what exists: connectors, their fields, and the route from a source to a target',
  arguments: [
    { syntax: '[kind]', summary: 'a connector: S3' },
    { syntax: '[fieldOrTarget]', summary: 'a field of it, or the connector of the target' },
  ],
  options: [formatOption],
  examples: ['describe', 'describe S3', 'describe S3 csv_options', 'describe SFTP S3'],
  run,
});
