/** The few forms of Markdown that the reference pages are made of. */
import { allFieldDocs, type FieldDoc } from '../../src/cli/option-docs.js';

export const generated =
  'This page is generated from the declarations; `npm run generate` writes it.\n';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] => [
  `| ${head.join(' | ')} |`,
  `|${head.map(() => '---').join('|')}|`,
  ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
  '',
];

export const code = (text: string): string => `\`${text}\``;

export const fenced = (language: string, text: string): readonly string[] => [
  `\`\`\`${language}`,
  text.trimEnd(),
  '```',
  '',
];

/** Angle brackets are tags to Markdown, except inside code. */
const prose = (text: string): string =>
  text
    .split(/(`[^`]*`)/)
    .map((part, at) =>
      at % 2 === 1 ? part : part.replaceAll('<', '&lt;').replaceAll(/\{\{.*?\}\}/g, code),
    )
    .join('');

const marks = (doc: FieldDoc): string =>
  [
    ...(doc.required ? ['**required**'] : []),
    ...(doc.secret ? ['**secret**'] : []),
    ...(doc.ours ? ['*ours*'] : []),
  ].join(', ');

const meaning = (doc: FieldDoc): string => {
  const examples = (doc.examples ?? []).map((example) => code(String(example))).join(', ');
  const parts = [
    marks(doc),
    ...(doc.refused === undefined ? [] : [`**not supported**: ${prose(doc.refused)}.`]),
    prose(doc.description),
    examples === '' ? '' : `For example ${examples}`,
  ];
  return parts
    .filter((part) => part !== '')
    .map((part) => part.replace(/[.]$/, ''))
    .join('. ');
};

const standard = (doc: FieldDoc): string =>
  doc.default === undefined || doc.default === '' ? '' : code(JSON.stringify(doc.default));

const value = (doc: FieldDoc): string =>
  doc.refused !== undefined
    ? ''
    : doc.choices === undefined
      ? doc.type
      : doc.choices.map((choice) => code(String(choice))).join(', ');

/** Fields and the keys inside them; `templates`: with a column that says which templates a field may hold. */
export const fieldTable = (
  docs: readonly FieldDoc[],
  { templates = true }: { readonly templates?: boolean } = {},
): readonly string[] => {
  const rows = allFieldDocs(docs).map((doc) => [
    code(doc.name),
    value(doc),
    standard(doc),
    ...(templates ? [doc.templates === 'none' ? '' : doc.templates] : []),
    meaning(doc),
  ]);
  return table(['key', 'value', 'default', ...(templates ? ['templates'] : []), 'meaning'], rows);
};
