/**
 * What nobody writes by hand, in each file of a project: bombs, depth, length, bytes that are no text. A finding that
 * has a place, or none; never an exception, and never a wait that the deadline of the test ends.
 */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { connectors } from '../../../src/connectors/all.js';
import { renderDiagnostic } from '../../../src/core/errors/render.js';
import { loadProject } from '../../../src/language/lint/load-project.js';
import { filesInMemory } from '../../../src/language/lint/sample-connectors.fixture.js';
import { projectFilesOf } from '../../../src/runtime/project/project-files.js';
import { cpuMs } from './cpu-time.js';
import { outside } from './places.js';

const pipeline = `assets:
  - name: copies
    source: { type: LOCAL, connection: disk, configs: { path: a } }
    target: { type: LOCAL, connection: disk, configs: { path: b } }
`;
const valid: Readonly<Record<string, string>> = {
  'tidemark.yaml': 'name: hostile\n',
  'connections/common.yaml':
    'resources:\n  disk: { type: LocalResource, config: { root: /data } }\n',
  'vars/common.yaml': 'zone: raw\n',
  'pipelines/copies.yaml': pipeline,
};
const levels = 10_000;
const many = 100_000;
const long = 'x'.repeat(1024 * 1024);

const bomb = Array.from({ length: 30 }, (_, at) =>
  at === 0
    ? 'a0: &a0 lol'
    : `a${at}: &a${at} [${Array(10)
        .fill(`*a${at - 1}`)
        .join(', ')}]`,
).join('\n');
const mergeBomb = Array.from({ length: 30 }, (_, at) =>
  at === 0 ? 'm0: &m0 { k: 1 }' : `m${at}: &m${at} { a${at}: *m${at - 1}, b${at}: *m${at - 1} }`,
).join('\n');

/** The same by merge keys: what is merged is small, and yet merged 2^30 times where each is written out. */
const mergeKeyBomb = Array.from({ length: 30 }, (_, at) =>
  at === 0 ? 'm0: &m0 { k: 1 }' : `m${at}: &m${at} { <<: [*m${at - 1}, *m${at - 1}] }`,
).join('\n');

/** Text before or behind the right content of the file, and the code that tells of it; null: no finding. */
const inputs: Readonly<Record<string, readonly [(text: string) => string, string | null]>> = {
  'an alias bomb': [(text) => `${text}x:\n${bomb.replace(/^/gm, '  ')}\n`, 'document/too-large'],
  'a bomb of mappings': [
    (text) => `${text}x:\n${mergeBomb.replace(/^/gm, '  ')}\n`,
    'document/too-large',
  ],
  'flow lists nested without end': [
    (text) => `${text}x: ${'['.repeat(many)}`,
    'document/too-deep',
  ],
  'flow mappings nested and closed': [
    (text) => `${text}x: ${'{a: '.repeat(levels)}1${'}'.repeat(levels)}\n`,
    'document/too-deep',
  ],
  'block lists on one line': [
    (text) => `${text}x:\n  ${'- '.repeat(levels)}1\n`,
    'document/too-deep',
  ],
  'block mappings line by line': [
    (text) =>
      `${text}x:\n${Array.from({ length: 2_000 }, (_, at) => `${' '.repeat(at + 1)}a:`).join('\n')} 1\n`,
    'document/too-deep',
  ],
  'one level deeper on each of 1,500 lines': [
    (text) =>
      `${text}${Array.from({ length: 1_500 }, (_, at) => `${'  '.repeat(at)}a${at}:`).join('\n')}\n`,
    'document/too-deep',
  ],
  'an alias inside its own anchor': [(text) => `${text}x: &x { y: [*x] }\n`, 'document/alias-cycle'],
  'a merge key that merges itself': [
    (text) => `${text}x: &x\n  a: 1\n  <<: *x\n`,
    'document/alias-cycle',
  ],
  'merge keys that merge each other': [
    (text) => `${text}x: &x { <<: { <<: *x } }\n`,
    'document/alias-cycle',
  ],
  'a merge bomb': [
    (text) => `${text}x:\n${mergeKeyBomb.replace(/^/gm, '  ')}\n`,
    '',
  ],
  'fifty thousand keys': [
    (text) => `${text}x:\n${Array.from({ length: 50_000 }, (_, at) => `  k${at}: 1`).join('\n')}\n`,
    '',
  ],
  'fifty thousand anchors': [
    (text) =>
      `${text}x:\n${Array.from({ length: 50_000 }, (_, at) => `  - &a${at} ${at}`).join('\n')}\n`,
    '',
  ],
  'a value of ten megabytes': [(text) => `${text}x: ${long.repeat(10)}\n`, 'document/too-large'],
  'a block scalar of three megabytes': [
    (text) => `${text}x: |\n${`  ${'y'.repeat(98)}\n`.repeat(30_000)}`,
    '',
  ],
  'an open quote over three megabytes': [(text) => `${text}x: "${long.repeat(3)}\n`, 'document/syntax'],
  'nothing but brackets': [() => '['.repeat(many), 'document/too-deep'],
  'nothing but closing brackets': [() => ']'.repeat(many), 'document/syntax'],
  'nothing but NUL bytes': [() => '\0'.repeat(many), ''],
  'nothing but line ends': [() => '\n'.repeat(many), ''],
  'a line of a megabyte': [(text) => `${text}# ${long}\n`, null],
  'a key of a megabyte': [(text) => `${text}${long}: 1\n`, ''],
  'a value of a megabyte': [(text) => `${text}x: ${long}\n`, ''],
  'a NUL byte': [(text) => `${text}x: a\0b\n`, ''],
  'a byte order mark': [(text) => `\uFEFF${text}`, null],
  'Windows line ends': [(text) => text.replaceAll('\n', '\r\n'), null],
  'old Mac line ends': [(text) => text.replaceAll('\n', '\r'), ''],
  'a tab as indentation': [(text) => `${text}x:\n\ty: 1\n`, 'document/syntax'],
  'a lone surrogate': [(text) => `${text}x: \uD800\n`, ''],
};

const load = (files: Parameters<typeof loadProject>[0]['files']) =>
  loadProject({ root: '/hostile', files, env: {}, connectors });

const codesOf = (files: Parameters<typeof loadProject>[0]['files']): readonly string[] => {
  const loaded = load(files);
  expect(outside(loaded)).toEqual([]);
  for (const finding of loaded.diagnostics)
    renderDiagnostic(finding, loaded.sources.get(finding.span.file));
  return loaded.diagnostics.map(({ code }) => code);
};

test('the project itself has no finding', () => {
  expect(codesOf(filesInMemory(valid))).toEqual([]);
});

/** Of the processor, for the whole project; a garbage collection may fall into it. */
const limitMs = 10_000;

describe.each(Object.entries(inputs))('%s', (_, [break_, code]) => {
  test.each(Object.keys(valid))('in %s', (file) => {
    const files = filesInMemory({ ...valid, [file]: break_(valid[file] ?? '') });
    let codes: readonly string[] = [];
    expect(cpuMs(() => (codes = codesOf(files)))).toBeLessThan(limitMs);
    if (code === null) expect(codes).toEqual([]);
    // Where the text is YAML, what it means decides; a free mapping takes it.
    else if (code !== '') expect(codes).toContain(code);
  });
});

test('bytes that are not UTF-8 are found where they stand', () => {
  const root = mkdtempSync(join(tmpdir(), 'tidemark-utf8-'));
  try {
    mkdirSync(join(root, 'pipelines'));
    const head = Buffer.from(`${pipeline}    description: caf`);
    writeFileSync(join(root, 'pipelines', 'a.yaml'), Buffer.concat([head, Buffer.of(0xe9, 10)]));
    const [found] = load(projectFilesOf(root)).diagnostics;
    expect(found).toMatchObject({ code: 'document/not-utf8', span: { line: 5, column: 21 } });
  } finally {
    rmSync(root, { recursive: true });
  }
});
