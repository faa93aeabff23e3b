import { expect, test } from 'vitest';
import { oversizedFiles, oversizedFunctions, uses } from './sizes.js';
import { codebase, madeUpTree } from './tree.js';

const files = codebase();

test('no file is longer than the limit', () => {
  expect(oversizedFiles(files)).toEqual([]);
});

test('no function is longer or takes more parameters than the limit', () => {
  expect(oversizedFunctions(files)).toEqual([]);
});

test('no type is any', () => {
  expect(uses.any(files)).toEqual([]);
});

const lines = (count: number): string => 'x += 1;\n'.repeat(count);

test('the rule for files counts code, not comments and blank lines', () => {
  const comments = '// why\n\n/** what */\n'.repeat(300);
  expect(oversizedFiles(madeUpTree({ 'src/a.ts': comments + lines(400) }))).toEqual([]);
  expect(oversizedFiles(madeUpTree({ 'src/a.ts': lines(401) }))).toEqual([
    'src/a.ts: 401 lines of code, the limit is 400',
  ]);
  expect(oversizedFiles(madeUpTree({ 'src/a.test.ts': lines(600) }))).toEqual([]);
  expect(oversizedFiles(madeUpTree({ 'test/a.ts': lines(601) }))).toHaveLength(1);
});

test('the rule for functions counts lines and parameters', () => {
  const long = `const f = () => {\n${lines(59)}};`;
  expect(oversizedFunctions(madeUpTree({ 'src/a.ts': long }))).toEqual([
    'src/a.ts:1: a function of 61 lines, the limit is 60',
  ]);
  const wide = 'function f(a: 1, b: 2, c: 3, d: 4, e: 5) {}';
  expect(oversizedFunctions(madeUpTree({ 'src/a.ts': wide }))).toEqual([
    'src/a.ts:1: 5 parameters, the limit is 4',
  ]);
});

test('the rule for any sees it within other types, and not in words or comments', () => {
  const tree = madeUpTree({
    'src/a.ts': `let any1 = 'any'; // any\nlet x: readonly Map<string, any>[];`,
  });
  expect(uses.any(tree)).toEqual(['src/a.ts:2: any']);
});
