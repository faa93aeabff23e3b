/**
 * The code as the architecture rules see it: paths, text and syntax trees. A rule is a function from files to sentences
 * about what is wrong, so that each rule can also be tried on a small tree made up in its test.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly syntax: ts.SourceFile;
}

/** What a rule found; empty when all is well. */
export type Rule = (files: readonly SourceFile[]) => readonly string[];

export const sourceFile = (path: string, text: string): SourceFile => ({
  path,
  text,
  syntax: ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true, ts.ScriptKind.TS),
});

/** A tree made up for a test: path to text. */
export const madeUpTree = (files: Readonly<Record<string, string>>): readonly SourceFile[] =>
  Object.entries(files).map(([path, text]) => sourceFile(path, text));

/** Paths of all files below these folders of the repository, sorted. A folder that does not exist yet is empty. */
export const pathsBelow = (...folders: readonly string[]): readonly string[] =>
  folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name)))
        // What running the product leaves behind is not part of the tree.
        .filter((path) => !path.split('/').includes('.tidemark')),
    )
    .sort();

const codeFolders = ['src', 'workflows', 'activities', 'demo', 'bench', 'test'] as const;

const parsed: readonly SourceFile[] = pathsBelow(...codeFolders)
  .filter((path) => path.endsWith('.ts'))
  .map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8')));

/** Every TypeScript file of the repository; read and parsed once for all rules. */
export const codebase = (): readonly SourceFile[] => parsed;

export const isTest = (path: string): boolean =>
  /\.(test|fixture)\.ts$/.test(path) || path.startsWith('test/');

/** The product: what ships, without tests. */
export const isProduct = (path: string): boolean =>
  /^(src|workflows|activities)\//.test(path) && !isTest(path);

export interface Import {
  readonly specifier: string;
  /** The file that a relative specifier names, from the root; undefined for a package. */
  readonly path: string | undefined;
  /** Erased by the compiler: nothing is loaded at run time. */
  readonly typeOnly: boolean;
  readonly line: number;
}

/** Static and dynamic imports, re-exports and `import('x').T`. */
export const importsOf = (file: SourceFile): readonly Import[] => {
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    found.push({
      specifier: specifier.text,
      path: resolved(file.path, specifier.text),
      typeOnly,
      line: lineOf(file, node),
    });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, isTypeImport(node));
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node, node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node, node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(file.syntax);
  return found;
};

const isTypeImport = ({ importClause: clause }: ts.ImportDeclaration): boolean =>
  clause?.phaseModifier === ts.SyntaxKind.TypeKeyword;

const resolved = (from: string, specifier: string): string | undefined =>
  specifier.startsWith('.') ? join(dirname(from), specifier).replace(/\.js$/, '.ts') : undefined;

export const lineOf = (file: SourceFile, node: ts.Node): number =>
  file.syntax.getLineAndCharacterOfPosition(node.getStart(file.syntax)).line + 1;

/** Calls `visit` for every node of the file. */
export const walk = (file: SourceFile, visit: (node: ts.Node) => void): void => {
  const step = (node: ts.Node): void => {
    visit(node);
    ts.forEachChild(node, step);
  };
  step(file.syntax);
};
