import { expect, test } from 'vitest';
import { importCycles } from './cycles.js';
import { codebase, madeUpTree } from './tree.js';

test('no files import each other in a circle', () => {
  expect(importCycles(codebase())).toEqual([]);
});

test('the rule shows a circle of three files as a path, and accepts a diamond', () => {
  const circle = {
    'a.ts': `import './b.js';`,
    'b.ts': `import type { C } from './c.js';`,
    'c.ts': `export * from './a.js';`,
  };
  expect(importCycles(madeUpTree(circle))).toEqual(['a.ts → b.ts → c.ts → a.ts']);
  const diamond = {
    'a.ts': `import './b.js'; import './c.js';`,
    'b.ts': `import './d.js';`,
    'c.ts': `import './d.js';`,
    'd.ts': '',
  };
  expect(importCycles(madeUpTree(diamond))).toEqual([]);
});
