import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { emptyNames, machinePlaces, oddlyCasedNames } from './names.js';
import { pathsBelow, root } from './tree.js';

const code = pathsBelow('src', 'workflows', 'activities', 'demo', 'bench', 'test', 'scripts');
const isText = /\.(ts|mjs|js|json|ya?ml|md|sh|sql|csv|txt)$/;

test('no file or folder has a name that says nothing', () => {
  expect(emptyNames(code)).toEqual([]);
});

test('files and folders of the product are in kebab-case', () => {
  expect(
    oddlyCasedNames(
      pathsBelow('src', 'workflows', 'activities').filter((path) => path.endsWith('.ts')),
    ),
  ).toEqual([]);
});

test('no text names a place that only one machine has', () => {
  const top = [
    'README.md',
    'ARCHITECTURE.md',
    'package.json',
    'package-lock.json',
    'Dockerfile',
    'docker-compose.yml',
    '.ci/run',
    'eslint.config.js',
  ];
  const paths = [...code, ...pathsBelow('docs', 'example-pipelines', 'schema')].filter((path) =>
    isText.test(path),
  );
  const texts = [...paths, ...top].flatMap((path) => {
    try {
      return [{ path, text: readFileSync(join(root, path), 'utf8') }];
    } catch {
      return [];
    }
  });
  expect(texts.length).toBeGreaterThan(20);
  expect(machinePlaces(texts)).toEqual([]);
});

test('the rules for names find each kind of bad name', () => {
  expect(
    emptyNames(['src/utils/a.ts', 'src/a/helpers.ts', 'src/base.test.ts', 'src/database.ts']),
  ).toHaveLength(3);
  expect(
    oddlyCasedNames(['src/a/thisOne.ts', 'src/A/b.ts', 'src/a_b.ts', 'src/s3/part-body.test.ts']),
  ).toHaveLength(3);
});

test.each([
  ['a home folder', `const path = '${['', 'home', 'anna', 'x'].join('/')}';`],
  ['a folder of root', `cd ${['', 'root', 'project'].join('/')}`],
  ['a private registry', `registry=https://npm.${'corp'}/x`],
])('the rule for places finds %s', (_, text) => {
  expect(machinePlaces([{ path: 'a', text: `first\n${text}` }])).toHaveLength(1);
});

test('the rule for places leaves paths inside containers and ordinary ones alone', () => {
  expect(
    machinePlaces([
      { path: 'a', text: '/home/temporal/data /home/node/x /tmp/x https://docs.temporal.io/cli' },
    ]),
  ).toEqual([]);
});
