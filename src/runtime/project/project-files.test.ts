import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findProjectRoot, projectFilesOf } from './project-files.js';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-project-'));
  mkdirSync(join(root, 'pipelines/sales'), { recursive: true });
  writeFileSync(join(root, 'pipelines/a.yaml'), 'assets: []\n');
  writeFileSync(join(root, 'pipelines/sales/b.yml'), 'jobs: []\n');
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

test('the project is the nearest folder upwards that holds pipelines', () => {
  expect(findProjectRoot(join(root, 'pipelines/sales'))).toBe(root);
});

test('a tidemark.yaml makes the folder that holds it the project, even below another one', () => {
  writeFileSync(join(root, 'pipelines/sales/tidemark.yaml'), '');
  expect(findProjectRoot(join(root, 'pipelines/sales'))).toBe(join(root, 'pipelines/sales'));
});

test('files are listed through all folders and links, with slashes, each folder once', () => {
  const shared = mkdtempSync(join(tmpdir(), 'tidemark-shared-'));
  try {
    writeFileSync(join(shared, 'c.yaml'), 'assets: []\n');
    symlinkSync(shared, join(shared, 'again'));
    symlinkSync(shared, join(root, 'pipelines/shared'));
    symlinkSync(shared, join(root, 'pipelines/twice'));
    symlinkSync(join(root, 'pipelines/sales'), join(root, 'pipelines/also-sales'));
    symlinkSync(join(shared, 'c.yaml'), join(root, 'pipelines/linked.yaml'));
    const found = projectFilesOf(root).listFiles('pipelines');
    expect([...found].sort()).toEqual([
      'pipelines/a.yaml',
      'pipelines/linked.yaml',
      'pipelines/sales/b.yml',
      'pipelines/shared/c.yaml',
    ]);
  } finally {
    rmSync(shared, { recursive: true });
  }
});

test.each(['.', '..', '/'])(
  'a link to the project or to what holds it (%s) is not walked',
  (to) => {
    symlinkSync(resolve(root, to), join(root, 'pipelines/loop'));
    const found = projectFilesOf(root).listFiles('pipelines');
    expect([...found].sort()).toEqual(['pipelines/a.yaml', 'pipelines/sales/b.yml']);
  },
);

test('a link that leads nowhere is a file that cannot be read', () => {
  symlinkSync('/nowhere/at/all.yaml', join(root, 'pipelines/gone.yaml'));
  const files = projectFilesOf(root);
  expect(files.listFiles('pipelines')).toContain('pipelines/gone.yaml');
  expect(() => files.readFile('pipelines/gone.yaml')).toThrow('ENOENT');
});

test('a folder that does not exist has no files, and a file that does not exist no text', () => {
  const files = projectFilesOf(root);
  expect(files.listFiles('defs')).toEqual([]);
  expect(files.readFile('tidemark.yaml')).toBeUndefined();
  expect(files.readFile('pipelines/a.yaml/below')).toBeUndefined();
});

test('a file that cannot be read is an error of the file system, not a missing file', () => {
  expect(() => projectFilesOf(root).readFile('pipelines')).toThrow('EISDIR');
});
