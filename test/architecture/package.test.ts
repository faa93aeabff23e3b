/** What is published: the program, nothing to import, and a version that the changelog knows. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (name: string): string => readFileSync(`${root}${name}`, 'utf8');
const { version } = JSON.parse(read('package.json')) as { readonly version: string };

test('public API: nothing can be imported in this release, only package.json can be read', () => {
  const { resolve } = createRequire(import.meta.url);
  const notExported = expect.objectContaining({ code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' }) as Error;
  expect(() => resolve('tidemark')).toThrow(notExported);
  expect(() => resolve('tidemark/dist/src/cli/main.js')).toThrow(notExported);
  expect(resolve('tidemark/package.json')).toBe(`${root}package.json`);
});

test('the newest release of the changelog is the version, or nothing was released yet', () => {
  const headings = [...read('CHANGELOG.md').matchAll(/^## \[?([^\]\s]+)/gm)].map(
    ([, name]) => name,
  );
  expect(headings[0]).toBe('Unreleased');
  expect([undefined, version]).toContain(headings[1]);
});

test('the package has the program and its words, and neither demo, tests nor benchmarks', () => {
  const answer = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  });
  const [packed] = JSON.parse(answer) as [{ readonly files: readonly { readonly path: string }[] }];
  const paths = packed.files.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(['package.json', 'README.md', 'CHANGELOG.md']));
  // Messages say "see docs/reference/errors.md#…", the README leads to the rest.
  expect(paths).toContain('docs/reference/errors.md');
  const named = [...read('README.md').matchAll(/\(((?:docs|schema)\/[^)#]+)\)/g)].map(
    ([, path = '']) => path,
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((path) => !paths.includes(path))).toEqual([]);
  expect(paths.filter((path) => /^(dist\/)?(demo|test|bench)\/|\.test\./.test(path))).toEqual([]);
});
