import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readProjectFile } from './read-project-file.js';

const base = mkdtempSync(join(tmpdir(), 'tidemark-files-'));
const root = join(base, 'project');
mkdirSync(join(root, 'sql'), { recursive: true });
writeFileSync(join(root, 'sql', 'q.sql'), 'SELECT 1');
writeFileSync(join(base, 'outside.sql'), 'SELECT 2');
symlinkSync(join(base, 'outside.sql'), join(root, 'sql', 'link.sql'));
symlinkSync(join(root, 'sql', 'q.sql'), join(root, 'inside.sql'));

afterAll(() => {
  rmSync(base, { recursive: true });
});

it.each([
  ['sql/q.sql', 'SELECT 1'],
  ['inside.sql', 'SELECT 1'],
  ['sql/link.sql', undefined],
  ['../outside.sql', undefined],
  ['sql/none.sql', undefined],
  ['sql', undefined],
])('%s gives %s', (path, text) => {
  expect(readProjectFile(root, path)).toBe(text);
});
