/**
 * Generic code never names a connector: it asks capabilities. A connector's kind (`sftp`) or a type string of the YAML
 * (`SFTP`) may stand as a word only in its own folder and in `all.ts`. Comments may say it.
 */
import ts from 'typescript';
import { isTest, lineOf, walk, type Rule, type SourceFile } from './tree.js';

const generic =
  /^(src\/(core|language|planner|transfer)\/|src\/connectors\/[^/]+\.ts$|workflows\/|activities\/)/;

/** The names: the folders below src/connectors. `memory` and `local` are also plain words of the language. */
export const connectorNames = (files: readonly SourceFile[]): readonly string[] => {
  const folders = files.flatMap(({ path }) => /^src\/connectors\/([^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(folders)].sort();
};

const plainWords: ReadonlySet<string> = new Set(['memory', 'local']);

export const namedConnectors: Rule = (files) => {
  const names = connectorNames(files);
  return files
    .filter(({ path }) => generic.test(path) && !isTest(path) && path !== 'src/connectors/all.ts')
    .flatMap((file) => namesIn(file, names));
};

const namesIn = (file: SourceFile, names: readonly string[]): readonly string[] => {
  const found: string[] = [];
  const check = (node: ts.Node, text: string): void => {
    const name = names.find((known) => mentions(text, known));
    if (name !== undefined)
      found.push(
        `${file.path}:${lineOf(file, node)}: names the connector ${name} in ${JSON.stringify(text)}`,
      );
  };
  walk(file, (node) => {
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) check(node, node.text);
    else if (
      ts.isStringLiteralLike(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddleOrTemplateTail(node)
    )
      check(node, node.text);
  });
  return found;
};

/** As a word of its own, also within `sftpPool`, `SFTP_MERGE`, `s3.list`; not within another word. */
const mentions = (text: string, name: string): boolean => {
  // A lone everyday word is no name of a connector; as a type string (`MEMORY`) or within a longer name it is not judged.
  if (plainWords.has(name)) return text === name.toUpperCase();
  const words = text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.includes(name);
};
