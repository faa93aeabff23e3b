/** The hard limits of size (design §9) and the ban on `any`. Comments and blank lines do not count. */
import ts from 'typescript';
import { isTest, lineOf, walk, type Rule, type SourceFile } from './tree.js';

const fileLines = 400;
const testFileLines = 600;
const functionLines = 60;
const parameters = 4;

export const oversizedFiles: Rule = (files) =>
  files.flatMap((file) => {
    const limit = isTest(file.path) ? testFileLines : fileLines;
    const lines = codeLines(file, file.syntax);
    return lines > limit ? [`${file.path}: ${lines} lines of code, the limit is ${limit}`] : [];
  });

export const oversizedFunctions: Rule = (files) =>
  files
    .filter(({ path }) => !isTest(path))
    .flatMap((file) => functionsOf(file).flatMap((node) => sizeFindings(file, node)));

export const uses = {
  /** `any` as a type, wherever it stands; `unknown` is what is meant at an edge. */
  any: ((files) =>
    files.flatMap((file) => {
      const found: string[] = [];
      walk(file, (node) => {
        if (node.kind === ts.SyntaxKind.AnyKeyword)
          found.push(`${file.path}:${lineOf(file, node)}: any`);
      });
      return found;
    })) satisfies Rule,
};

const functionsOf = (file: SourceFile): readonly ts.SignatureDeclaration[] => {
  const found: ts.SignatureDeclaration[] = [];
  walk(file, (node) => {
    if (ts.isFunctionLike(node)) found.push(node);
  });
  return found;
};

const sizeFindings = (file: SourceFile, node: ts.SignatureDeclaration): readonly string[] => {
  const place = `${file.path}:${lineOf(file, node)}`;
  const lines = codeLines(file, node);
  const findings: string[] = [];
  if (lines > functionLines)
    findings.push(`${place}: a function of ${lines} lines, the limit is ${functionLines}`);
  if (node.parameters.length > parameters)
    findings.push(`${place}: ${node.parameters.length} parameters, the limit is ${parameters}`);
  return findings;
};

/** Lines on which a token of the node stands. */
const codeLines = (file: SourceFile, node: ts.Node): number => {
  const lines = new Set<number>();
  const add = (position: number): void => {
    lines.add(file.syntax.getLineAndCharacterOfPosition(position).line);
  };
  const visit = (child: ts.Node): void => {
    if (child.getChildCount(file.syntax) > 0) {
      child
        .getChildren(file.syntax)
        .filter((part) => !ts.isJSDoc(part))
        .forEach(visit);
    } else if (child.end > child.getStart(file.syntax)) {
      for (let position = child.getStart(file.syntax); position < child.end; position += 1) {
        if (position === child.getStart(file.syntax) || file.text[position - 1] === '\n')
          add(position);
      }
    }
  };
  visit(node);
  return lines.size;
};
