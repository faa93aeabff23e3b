/**
 * docs/reference/errors.md, made from the declarations: every `defineError` and `defineDiagnostic` of the product. They
 * are read from the syntax trees, so a declaration that no list carries is still documented.
 */
import ts from 'typescript';
import { isProduct, isTest, lineOf, walk, type Rule, type SourceFile } from './tree.js';

export interface Declaration {
  readonly place: string;
  /** The constant that holds it. */
  readonly name: string | undefined;
  readonly isDiagnostic: boolean;
  readonly code: string;
  /** Recovery of an error, severity of a diagnostic. */
  readonly sort: string;
  readonly summary: string;
  readonly fix: string;
}

export const declarations = (files: readonly SourceFile[]): readonly Declaration[] =>
  files
    .filter(({ path }) => isProduct(path))
    .flatMap(declarationsOf)
    .sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0));

const declarationsOf = (file: SourceFile): readonly Declaration[] => {
  const found: Declaration[] = [];
  walk(file, (node) => {
    if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return;
    const isDiagnostic = node.expression.text === 'defineDiagnostic';
    const [argument] = node.arguments;
    if (!isDiagnostic && node.expression.text !== 'defineError') return;
    if (argument === undefined || !ts.isObjectLiteralExpression(argument)) return;
    for (const { call, bindings } of instancesOf(file, node)) {
      const field = (name: string): string => textOf(argument, name, bindings);
      const sort = field(isDiagnostic ? 'severity' : 'recovery');
      const place = `${file.path}:${lineOf(file, call)}`;
      const texts = { code: field('code'), sort, summary: field('summary'), fix: field('fix') };
      found.push({ place, name: constantOf(call), isDiagnostic, ...texts });
    }
  });
  return found;
};

/** What the parameters of a function that declares stand for. */
type Bindings = ReadonlyMap<string, ts.Expression>;

interface Instance {
  readonly call: ts.CallExpression;
  readonly bindings: Bindings;
}

/** The declaration itself; or, where a function of this file wraps it, each call of that function. */
const instancesOf = (file: SourceFile, declaration: ts.CallExpression): readonly Instance[] => {
  const wrapper = declaration.parent;
  const name = ts.isArrowFunction(wrapper) ? constantOf(wrapper) : undefined;
  if (!ts.isArrowFunction(wrapper) || name === undefined)
    return [{ call: declaration, bindings: new Map() }];
  const calls: Instance[] = [];
  walk(file, (node) => {
    if (!ts.isCallExpression(node) || node.expression.getText(file.syntax) !== name) return;
    const pairs = wrapper.parameters.flatMap((parameter, index) => {
      const value = node.arguments[index];
      return value === undefined ? [] : [[parameter.name.getText(file.syntax), value] as const];
    });
    calls.push({ call: node, bindings: new Map(pairs) });
  });
  return calls;
};

const constantOf = ({ parent }: ts.Node): string | undefined =>
  ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name) ? parent.name.text : undefined;

const textOf = (object: ts.ObjectLiteralExpression, name: string, bindings: Bindings): string => {
  const property = object.properties.find((member) => member.name?.getText() === name);
  if (property === undefined) return '';
  if (ts.isShorthandPropertyAssignment(property)) return constantText(property.name, bindings);
  return ts.isPropertyAssignment(property) ? constantText(property.initializer, bindings) : '';
};

/** Plain text, pieces of it joined, and parameters that stand for such; anything else is empty, and then a finding. */
const constantText = (node: ts.Expression, bindings: Bindings): string => {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isIdentifier(node)) {
    const value = bindings.get(node.text);
    return value === undefined ? '' : constantText(value, new Map());
  }
  if (ts.isTemplateExpression(node)) {
    const spans = node.templateSpans.map(
      (span) => constantText(span.expression, bindings) + span.literal.text,
    );
    return [node.head.text, ...spans].join('');
  }
  const isJoined =
    ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken;
  return isJoined ? constantText(node.left, bindings) + constantText(node.right, bindings) : '';
};

/** Codes twice, and declarations whose fields are not plain text. */
export const faultyDeclarations: Rule = (files) => {
  const all = declarations(files);
  const incomplete = all
    .filter(({ code, sort, summary, fix }) => [code, sort, summary, fix].includes(''))
    .map(
      ({ place, code }) =>
        `${place}: ${code || 'a declaration'} needs code, recovery or severity, summary and fix as plain text`,
    );
  const twice = all
    .filter(({ code }, index) => code !== '' && all[index - 1]?.code === code)
    .map(({ place, code }) => `${place}: ${code} is declared twice`);
  return [...incomplete, ...twice];
};

/** Declarations that no line of the product uses but the declaration itself and the lists that carry it. */
export const unusedDeclarations: Rule = (files) => {
  const uses = new Map<string, number>();
  for (const file of files.filter(({ path }) => !isTest(path))) {
    walk(file, (node) => {
      if (ts.isIdentifier(node) && isUse(node)) uses.set(node.text, (uses.get(node.text) ?? 0) + 1);
    });
  }
  return declarations(files)
    .filter(({ name }) => name !== undefined && !uses.has(name))
    .map(({ place, code }) => `${place}: ${code} is declared, and nothing raises it`);
};

/** Not the declared name, an import, an export, or a place in a list that is itself a constant. */
const isUse = (node: ts.Identifier): boolean => {
  const { parent } = node;
  if (ts.isVariableDeclaration(parent)) return parent.name !== node;
  if (ts.isArrayLiteralExpression(parent)) return !ts.isVariableDeclaration(parent.parent);
  return !ts.isImportSpecifier(parent) && !ts.isExportSpecifier(parent);
};

const head = `# Errors and findings

This page is generated from the declarations; \`node scripts/generate.mjs\` writes it.

*Errors* are events at run time. Their recovery says what to do: \`never\`: trying again cannot help, change something first;
\`retry\`: the same may succeed later; \`bug\`: a rule of Tidemark's own was broken, please report it.
*Findings* are about what a project's files say; \`tidemark lint\` shows all of them in one pass.
`;

/** The whole page. */
export const errorPage = (files: readonly SourceFile[]): string => {
  const all = declarations(files);
  const part = (title: string, isDiagnostic: boolean): string =>
    [`## ${title}\n`, ...all.filter((one) => one.isDiagnostic === isDiagnostic).map(section)].join(
      '\n',
    );
  return `${head}\n${part('Errors', false)}\n${part('Findings', true)}`;
};

const section = ({ code, sort, isDiagnostic, summary, fix }: Declaration): string =>
  [
    `<a id="${code.replace('/', '-')}"></a>\n`,
    `### ${code}\n`,
    `${isDiagnostic ? 'Severity' : 'Recovery'}: \`${sort}\`\n`,
    `${summary}\n`,
    `**What to do:** ${fix}\n`,
  ].join('\n');
