import { describe, expect, test } from 'vitest';
import { loadProject } from './load-project.js';
import { lintDiagnostics, lintRules } from './all.js';
import type { ExampleFiles } from './rule.js';
import { filesInMemory, sampleConnectors } from './sample-connectors.fixture.js';

const load = (files: ExampleFiles) =>
  loadProject({
    root: '/projects/example',
    files: filesInMemory(files),
    env: { TIDEMARK_EXAMPLE_HOST: 'files.example.com' },
    connectors: sampleConnectors,
  });

describe.each(lintRules.map((rule) => [rule.kind.code, rule] as const))('%s', (code, rule) => {
  test('the bad example gives exactly this finding, once', () => {
    const { diagnostics } = load(rule.bad);
    expect(diagnostics.map((finding) => finding.code)).toEqual([code]);
  });
  test('the bad example has no definition if and only if the finding is an error', () => {
    expect(load(rule.bad).definition === null).toBe(rule.kind.severity === 'error');
  });
  test('the good example gives no finding', () => {
    const { diagnostics, definition } = load(rule.good);
    expect(diagnostics).toEqual([]);
    expect(definition).not.toBeNull();
  });
});

test('rules are listed once, in alphabetical order', () => {
  const names = lintRules.map((rule) => rule.kind.code.replace(/^.*\//, ''));
  expect(names).toEqual([...new Set(names)].sort());
  expect(lintDiagnostics.every((kind) => kind.code.startsWith('lint/'))).toBe(true);
});
