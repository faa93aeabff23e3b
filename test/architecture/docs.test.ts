import { describe, expect, test } from 'vitest';
import { connectors } from '../../src/connectors/all.js';
import { renderDiagnostic } from '../../src/core/errors/render.js';
import { loadProject } from '../../src/language/lint/load-project.js';
import { blocksOf, brokenLinks, pages, wrongCommands, type Page } from './docs.js';

const page = (text: string): Page => ({ path: 'docs/glossary.md', text });

test('every link of the documentation leads somewhere', () => {
  expect(pages().flatMap(brokenLinks)).toEqual([]);
});

test('a link to a file or heading that is not there is found', () => {
  const text =
    '# Here\n[a](#here) [b](#there) [c](none.md) [d](guarantees.md#g99) [e](guarantees.md)';
  expect(brokenLinks(page(text))).toEqual([
    'docs/glossary.md: #there: no such heading',
    'docs/glossary.md: none.md is not there',
    'docs/glossary.md: guarantees.md#g99: no such heading',
  ]);
});

test('every command of the documentation exists with its options', () => {
  expect(pages().flatMap(wrongCommands)).toEqual([]);
});

test('a command that does not exist is found', () => {
  const text =
    '```sh\ntidemark lint && tidemark lnt\n```\n`tidemark run x --fast`, `npm run demoo`';
  expect(wrongCommands(page(text)).map((line) => line.split(': ')[1])).toEqual([
    'tidemark lnt is no command, in',
    'tidemark run has no --fast, in',
    'npm run demoo is no script, in',
  ]);
});

/** What the guides read of the environment. */
const env = Object.fromEntries(
  ['SFTP', 'S3', 'PG'].flatMap((server) =>
    ['HOST', 'PORT', 'USERNAME', 'PASSWORD', 'HOST_KEY', 'ENDPOINT', 'REGION', 'ACCESS_KEY_ID']
      .concat(['SECRET_ACCESS_KEY', 'BUCKET', 'USER', 'DATABASE'])
      .map((name) => [`${server}_${name}`, '1']),
  ),
);

/** The YAML of the pages as one project: `resources` are its connections, everything else a pipeline each. */
const findingsOf = (shown: readonly Page[]): readonly string[] => {
  const blocks = shown.flatMap((each) => blocksOf(each, 'yaml'));
  const files = Object.fromEntries(
    blocks.map((block) => [
      block.text.startsWith('resources:')
        ? 'connections/common.yaml'
        : `pipelines/${block.path.replaceAll('/', '-')}-${String(block.line)}.yaml`,
      block.text,
    ]),
  );
  const { diagnostics, sources } = loadProject({
    root: '/docs',
    files: {
      readFile: (path) => files[path],
      listFiles: (folder) => Object.keys(files).filter((path) => path.startsWith(`${folder}/`)),
    },
    env,
    connectors,
  });
  return diagnostics.map((finding) => renderDiagnostic(finding, sources.get(finding.span.file)));
};

describe('the YAML of', () => {
  const guides = pages().filter(({ path }) => /guides\/(write-pipelines|recipes)\.md$/.test(path));

  test('the guides is a project without findings', () => {
    expect(guides).toHaveLength(2);
    expect(findingsOf(guides).join('\n\n')).toBe('');
  });

  test('the guides is looked at: a misspelt key is found', () => {
    const broken = guides.map(({ path, text }) => ({
      path,
      text: text.replace('selection: [orders]', 'selektion: [orders]'),
    }));
    expect(findingsOf(broken).join()).toContain('selektion');
  });
});
