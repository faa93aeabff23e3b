/** The planted bugs of test/faults/planted-bugs.json still have their place in the code and a test that is to catch them. */
import { expect, test } from 'vitest';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './tree.js';

interface PlantedBug {
  readonly name: string;
  readonly file: string;
  readonly search: string;
  readonly test: string;
}

const bugs = JSON.parse(
  readFileSync(join(root, 'test', 'faults', 'planted-bugs.json'), 'utf8'),
) as readonly PlantedBug[];

test.each(bugs)('$name is planted in one place, and has a test to catch it', (bug) => {
  const text = readFileSync(join(root, bug.file), 'utf8');
  expect(text.split(bug.search)).toHaveLength(2);
  expect(existsSync(join(root, bug.test))).toBe(true);
});
