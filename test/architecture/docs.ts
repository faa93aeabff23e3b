/** The documentation as rules see it: where its links lead, which commands it tells to run, which YAML it shows. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { commands } from '../../src/cli/all.js';
import type { CliCommand } from '../../src/cli/command.js';
import { pathsBelow, root } from './tree.js';

export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

const topPages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];

export const pages = (): readonly Page[] =>
  [...topPages, ...pathsBelow('docs', 'src', 'example-pipelines', 'bench')]
    .filter((path) => path.endsWith('.md'))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

const withoutBlocks = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '');

/** As the site that shows them makes anchors of headings. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/`/g, '')
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (text: string): ReadonlySet<string> =>
  new Set([
    ...[...withoutBlocks(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, title]) =>
      anchorOf(title ?? ''),
    ),
    ...[...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id]) => id ?? ''),
  ]);

const isElsewhere = (link: string): boolean => /^[a-z]+:/.test(link);

/** Links that lead nowhere; links to other sites are not followed. */
export const brokenLinks = ({ path, text }: Page): readonly string[] =>
  [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (isElsewhere(link)) return [];
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path : normalize(join(dirname(path), file));
    if (!existsSync(join(root, target))) return [`${path}: ${link} is not there`];
    if (anchor === undefined || !target.endsWith('.md')) return [];
    const there = target === path ? text : readFileSync(join(root, target), 'utf8');
    return anchorsOf(there).has(anchor) ? [] : [`${path}: ${link}: no such heading`];
  });

export interface Block {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

export const blocksOf = ({ path, text }: Page, language: string): readonly Block[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => ({
    path,
    line: text.slice(0, match.index).split('\n').length + 1,
    text: match[1] ?? '',
  }));

const optionNames = ({ options }: CliCommand): ReadonlySet<string> =>
  new Set([
    ...['--project', '--help'],
    ...options.flatMap(({ flags }) => flags.match(/--?[a-z][a-z-]*/g) ?? []),
  ]);

const wrongWith = (words: readonly string[]): string | null => {
  const [name = '', ...rest] = words;
  // `tidemark …`, `tidemark <command>`: any of them.
  if (/^(--version|--help|…|<.*>|)$/.test(name)) return null;
  const command = commands.find((known) => known.name === name);
  if (command === undefined) return `tidemark ${name} is no command`;
  const known = optionNames(command);
  const unknown = rest.find(
    (word) => /^--?[a-z]/.test(word) && !known.has(word.split('=')[0] ?? ''),
  );
  return unknown === undefined ? null : `tidemark ${name} has no ${unknown}`;
};

const scripts = (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  }
).scripts;

const wrongScript = (words: readonly string[]): string | null => {
  const name = words[0] === 'run' ? words[1] : words[0];
  const isBuiltIn = words[0] !== 'run' && words[0] !== 'test';
  return isBuiltIn || Object.hasOwn(scripts, name ?? '')
    ? null
    : `npm run ${name ?? ''} is no script`;
};

/** What a line of a shell runs that does not exist. */
const wrongInLine = (line: string): readonly string[] =>
  line
    .replace(/(^|\s)#.*$/, '')
    .split(/&&|\|\||[;|]|\$\(|"?\)"?/)
    .flatMap((call) => {
      const words = call
        .trim()
        .replace(/^(npx|\$)\s+/, '')
        .split(/\s+/);
      const [program, ...rest] = words;
      const wrong =
        program === 'tidemark' ? wrongWith(rest) : program === 'npm' ? wrongScript(rest) : null;
      return wrong === null ? [] : [wrong];
    });

/** Commands of shell blocks, and of `tidemark …` in running text, that the command line would refuse. */
export const wrongCommands = (page: Page): readonly string[] => {
  const lines = blocksOf(page, 'sh').flatMap(({ text }) =>
    text.replaceAll('\\\n', ' ').split('\n'),
  );
  const inline = [...withoutBlocks(page.text).matchAll(/`((?:tidemark|npm run) [^`]+)`/g)].map(
    ([, call]) => call ?? '',
  );
  return [...lines, ...inline].flatMap((line) =>
    wrongInLine(line).map((wrong) => `${page.path}: ${wrong}, in: ${line.trim()}`),
  );
};
