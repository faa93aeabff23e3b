import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unkeptGuarantees } from './guarantees.js';
import { codebase, madeUpTree, root } from './tree.js';

test('docs/guarantees.md names only tests that exist, and at least one for each promise', () => {
  const page = readFileSync(join(root, 'docs', 'guarantees.md'), 'utf8');
  expect(page).toMatch(/^#+ G1\b/m);
  expect(unkeptGuarantees(page, codebase())).toEqual([]);
});

const files = madeUpTree({
  'test/a.test.ts': `test('it holds', f); test.each([1])('also for %s', f);`,
});

test('the rule accepts titles of plain and of listed tests', () => {
  const page =
    '# Guarantees\n\n## G1 first\n- test: test/a.test.ts › it holds\n- test: test/a.test.ts › also for %s\n';
  expect(unkeptGuarantees(page, files)).toEqual([]);
});

test.each([
  ['a promise without a test', '## G1 first\ntext\n', 'no line'],
  [
    'a file that does not exist',
    '## G1 first\n- test: test/b.test.ts › it holds\n',
    'there is no test file',
  ],
  ['a title that does not exist', '## G1 first\n- test: test/a.test.ts › it hold\n', 'has no test'],
  ['a line in another form', '## G1 first\n- test: test/a.test.ts: it holds\n', 'cannot read'],
])('the rule finds %s', (_, page, finding) => {
  expect(unkeptGuarantees(page, files)).toEqual([expect.stringContaining(finding)]);
});
