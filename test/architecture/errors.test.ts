import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { errorPage, faultyDeclarations, unusedDeclarations } from './error-reference.js';
import { codebase, madeUpTree, root } from './tree.js';

const files = codebase();

test('every error and finding is declared once, in plain text', () => {
  expect(faultyDeclarations(files)).toEqual([]);
});

test('every error and finding that is declared is raised somewhere', () => {
  expect(unusedDeclarations(files)).toEqual([]);
});

test('docs/reference/errors.md is what the declarations say (else: node scripts/generate.mjs)', () => {
  const path = join(root, 'docs', 'reference', 'errors.md');
  if (process.env['UPDATE_GENERATED'] === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, errorPage(files));
  }
  expect(readFileSync(path, 'utf8')).toBe(errorPage(files));
});

const declared = `export const lost = defineError({ code: 'a/lost', recovery: 'never', summary: 'It is ' + 'lost.', fix: 'Look.' });`;

test('the page carries code, recovery, summary and fix, with the anchor that messages point to', () => {
  const page = errorPage(madeUpTree({ 'src/a/errors.ts': declared }));
  for (const text of [
    '<a id="a-lost"></a>',
    '### a/lost',
    '`never`',
    'It is lost.',
    '**What to do:** Look.',
  ]) {
    expect(page).toContain(text);
  }
});

test('the rules find a code that is declared twice, a text that is computed, and an error that nothing raises', () => {
  const twice = { 'src/a/errors.ts': declared, 'src/b/errors.ts': declared };
  expect(faultyDeclarations(madeUpTree(twice))).toEqual([
    'src/b/errors.ts:1: a/lost is declared twice',
  ]);
  const computed = { 'src/a/errors.ts': declared.replace(`'Look.'`, 'look()') };
  expect(faultyDeclarations(madeUpTree(computed))).toHaveLength(1);
  const list = `import { lost } from './errors.js'; export const all = [lost];`;
  expect(
    unusedDeclarations(madeUpTree({ 'src/a/errors.ts': declared, 'src/a/all.ts': list })),
  ).toEqual(['src/a/errors.ts:1: a/lost is declared, and nothing raises it']);
  const raised = {
    'src/a/errors.ts': declared,
    'src/a/find.ts': `throw new TidemarkError(lost, '');`,
  };
  expect(unusedDeclarations(madeUpTree(raised))).toEqual([]);
});

test('declarations that a function of the same file wraps are all on the page', () => {
  const wrapped =
    'const kind = (name: string, summary: string) => defineError({ code: `a/${name}`, recovery: "never", summary, fix: "Look." });\n' +
    'export const lost = kind("lost", "It is lost."); export const found = kind("found", "It is found.");';
  const tree = madeUpTree({ 'src/a/errors.ts': wrapped });
  expect(faultyDeclarations(tree)).toEqual([]);
  expect(errorPage(tree)).toMatch(/### a\/found[^]*It is found\.[^]*### a\/lost[^]*It is lost\./);
  expect(unusedDeclarations(tree)).toHaveLength(2);
});
