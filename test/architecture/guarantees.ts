/**
 * docs/guarantees.md may promise only what a test shows. Each promise is a heading `## G1 …` with lines of the form
 * `- test: path/to/file.test.ts › title`; the title is the whole title of a test in that file, without its `describe`s.
 */
import ts from 'typescript';
import { walk, type SourceFile } from './tree.js';

const testLine = /^- test: (\S+\.test\.ts) › (.+?)\s*$/;

/** Promises without a test, and tests that do not exist. */
export const unkeptGuarantees = (page: string, files: readonly SourceFile[]): readonly string[] => {
  const findings: string[] = [];
  for (const promise of page.split(/^(?=#+ G\d)/m).filter((part) => /^#+ G\d/.test(part))) {
    const heading = promise.split('\n', 1)[0] ?? '';
    const lines = promise.split('\n').filter((line) => line.startsWith('- test:'));
    if (lines.length === 0) findings.push(`${heading}: no line "- test: file › title"`);
    findings.push(...lines.flatMap((line) => missing(heading, line, files)));
  }
  return findings;
};

const missing = (
  heading: string,
  line: string,
  files: readonly SourceFile[],
): readonly string[] => {
  const [, path, title] = testLine.exec(line) ?? [];
  if (path === undefined || title === undefined)
    return [`${heading}: cannot read ${JSON.stringify(line)}; write "- test: file › title"`];
  const file = files.find((one) => one.path === path);
  if (file === undefined) return [`${heading}: there is no test file ${path}`];
  return titlesIn(file).has(title)
    ? []
    : [`${heading}: ${path} has no test ${JSON.stringify(title)}`];
};

/** Titles of `test` and `it`, also in the forms `test.each(…)('title')`. */
const titlesIn = (file: SourceFile): ReadonlySet<string> => {
  const titles = new Set<string>();
  walk(file, (node) => {
    if (!ts.isCallExpression(node) || !/^(test|it)\b/.test(node.expression.getText(file.syntax)))
      return;
    const [title] = node.arguments;
    if (title !== undefined && ts.isStringLiteralLike(title)) titles.add(title.text);
  });
  return titles;
};
