/** docs/reference/templates.md: scopes, functions, filters, tests and methods of templates, from their lists. */
import { defaultFilter, filters, valueTests } from '../../src/language/template/filters.js';
import { templateFunctions } from '../../src/language/template/functions/all.js';
import type { TemplateFunction } from '../../src/language/template/functions/function.js';
import { listMethods, mappingMethods, textMethods } from '../../src/language/template/methods.js';
import { resultFields, scopeRoots, type ScopeName } from '../../src/language/template/scopes.js';
import { parameterName, type Parameter } from '../../src/language/template/signature.js';
import { code, generated, table } from './markdown.js';

const signature = (name: string, parameters: readonly Parameter[]): string => {
  const shown = parameters.map((parameter) =>
    parameter.endsWith('?') || parameter.startsWith('*')
      ? `[${parameterName(parameter)}]`
      : parameter,
  );
  return `${name}(${shown.join(', ')})`;
};

const scopeMeanings: Readonly<Record<ScopeName, string>> = {
  connection: 'fields of connections; resolved when a run is planned',
  run: 'resolved once, when the asset of a run is planned',
  item: 'resolved for each file',
  predicate: 'an expression over the item, without braces',
};

const scopes: readonly ScopeName[] = ['connection', 'run', 'item', 'predicate'];

const scopeRows = scopes.map((scope) => {
  const roots = Object.keys(scopeRoots(scope, { aliases: ['<alias>'], itemFields: ['<field>'] }));
  return [code(scope), scopeMeanings[scope], roots.map(code).join(', ')];
});

const functionPart = (declared: TemplateFunction): readonly string[] => {
  const { name, summary, args, examples, at, gives } = declared;
  return [
    `### fn.${name}`,
    '',
    `\`${signature(
      `fn.${name}`,
      args.map((argument) => argument.name),
    )}\``,
    '',
    summary +
      (at === 'planning' ? ' Only while a run is planned.' : '') +
      (gives === 'secret' ? ' Only where secrets are allowed.' : ''),
    '',
    ...args.map((argument) => `- \`${parameterName(argument.name)}\`: ${argument.summary}`),
    ...(args.length === 0 ? [] : ['']),
    ...table(
      ['expression', 'gives'],
      examples.map((example) => [code(example.expression), code(JSON.stringify(example.gives))]),
    ),
  ];
};

const signatures = (
  things: Readonly<Record<string, { readonly parameters: readonly Parameter[] }>>,
) =>
  Object.entries(things)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { parameters }]) => code(signature(name, parameters)))
    .join(', ');

export const templatePage = (): string =>
  [
    '# Templates',
    '',
    generated,
    'A text may hold `{{ expression }}`, in the syntax of Jinja. A value that is one expression and nothing else keeps its type. What',
    'an expression does not know is an error, never an empty text.',
    '',
    '<a id="scopes"></a>',
    '',
    '## Scopes: which names are known where',
    '',
    ...table(['scope', 'where', 'names'], scopeRows),
    `\`<alias>.result\` is what an asset of \`ins\` gave: ${resultFields.map(code).join(', ')}. \`source.item\` holds the fields of a file, which the`,
    'page of each connector lists. In `sql`, `sql_pre` and `sql_post` an expression inside quotes is bound as a value, not pasted.',
    '',
    '## Functions',
    '',
    ...templateFunctions.flatMap(functionPart),
    '## Filters',
    '',
    'Behind a bar: `{{ params.zone | upper }}`.',
    '',
    ...table(
      ['filter', 'gives'],
      Object.entries({
        ...filters,
        default: defaultFilter,
        d: { ...defaultFilter, summary: 'The same as default' },
      })
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, { parameters, summary }]) => [
          code(parameters.length === 0 ? name : signature(name, parameters)),
          summary,
        ]),
    ),
    '## Tests',
    '',
    `Behind \`is\`: ${[...Object.keys(valueTests), 'defined', 'undefined'].sort().map(code).join(', ')}.`,
    '',
    '## Methods',
    '',
    'As in Python.',
    '',
    `- of texts: ${signatures(textMethods)}`,
    `- of lists: ${signatures(listMethods)}`,
    `- of mappings: ${signatures(mappingMethods)}`,
    '',
  ].join('\n');
