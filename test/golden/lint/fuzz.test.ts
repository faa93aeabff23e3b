/**
 * The valid project, the example project and its gallery with something broken in every file: keys and values deleted,
 * doubled, replaced, lines indented, random text. Whatever stands in the files, the loader answers soon, with findings
 * whose places exist. 10,000 files that differ from the right ones are read; a failure prints its seed, and `FUZZ_SEED`
 * runs it again.
 */
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectors } from '../../../src/connectors/all.js';
import { renderDiagnostic } from '../../../src/core/errors/render.js';
import { loadProject, type LoadedProject } from '../../../src/language/lint/load-project.js';
import { cpuMs } from './cpu-time.js';
import { outside } from './places.js';

const root = join(import.meta.dirname, 'valid-project');
const textsOf = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.ya?ml$/.test(name))
      .map((name) => [name.replaceAll('\\', '/'), readFileSync(join(folder, name), 'utf8')]),
  );
const texts = textsOf(root);
const examples = join(root, '../../../../example-pipelines');
const brokenFiles = 10_000;
/** Another one each time; fast-check names the one that failed. */
const firstSeed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Of the processor, for a whole project; it takes milliseconds. */
const limitMs = 5_000;

const load = (files: Readonly<Record<string, string>>): LoadedProject =>
  loadProject({
    root,
    files: {
      readFile: (path) => (Object.hasOwn(files, path) ? files[path] : undefined),
      listFiles: (folder) => Object.keys(files).filter((path) => path.startsWith(`${folder}/`)),
    },
    env: {},
    connectors,
  });

/** The files that are read: a layer of another environment is none. */
const projects = [texts, textsOf(examples), textsOf(join(examples, 'gallery'))].map((files) => {
  const { sources } = load(files);
  return Object.fromEntries(Object.entries(files).filter(([name]) => sources.has(name)));
});

const hostile = fc.oneof(
  fc.constantFrom(
    'null',
    '[]',
    '{}',
    '7',
    '-1',
    'true',
    '"{{ a.b }}"',
    '"{{"',
    '"{% if %}"',
    'yes',
    '010',
    '"*"',
    '"orders*"',
    '__proto__',
    'constructor',
    '"{{ fn.secrets.get(1) }}"',
    '{ a: { b: [1, { c: d }] } }',
    '&a [*a]',
    '"\\0"',
    'orders',
    'orders_job',
    '"not not not"',
    '"(((("',
    '1e400',
    '[[[]]]',
    '""',
    '"{{ source.item }}"',
    '!!js x',
  ),
  fc.string({ maxLength: 20 }),
);

type Change = (text: string) => string;

const atLine = (text: string, where: number, edit: (line: string) => readonly string[]): string => {
  const lines = text.split('\n');
  const index = where % lines.length;
  return [...lines.slice(0, index), ...edit(lines[index] ?? ''), ...lines.slice(index + 1)].join(
    '\n',
  );
};

/** The n-th word of the text, replaced: keys and values alike. */
const replaceWord = (text: string, where: number, word: string): string => {
  const words = [...text.matchAll(/[\w.*{}"'-]+/g)];
  const found = words[where % Math.max(1, words.length)];
  if (found === undefined) return word;
  return text.slice(0, found.index) + word + text.slice(found.index + found[0].length);
};

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.nat().map(
    (where): Change =>
      (text) =>
        atLine(text, where, () => []),
  ),
  fc.nat().map(
    (where): Change =>
      (text) =>
        atLine(text, where, (line) => [line, line]),
  ),
  fc.tuple(fc.nat(), hostile).map(
    ([where, value]): Change =>
      (text) =>
        atLine(text, where, (line) => [line.replace(/:.*$/, () => `: ${value}`)]),
  ),
  fc.tuple(fc.nat(), hostile).map(
    ([where, word]): Change =>
      (text) =>
        replaceWord(text, where, word),
  ),
  fc.tuple(fc.nat(), fc.nat()).map(
    ([where, by]): Change =>
      (text) =>
        atLine(text, where, (line) => [' '.repeat(by % 5) + line]),
  ),
  fc.tuple(fc.nat(), fc.string({ maxLength: 30 })).map(([where, extra]): Change => (text) => {
    const at = where % (text.length + 1);
    return text.slice(0, at) + extra + text.slice(at);
  }),
  hostile.map(
    (value): Change =>
      () =>
        value,
  ),
);

const project = fc
  .constantFrom(...projects)
  .chain((files) =>
    fc
      .tuple(...Object.values(files).map((text) => change.map((edit) => edit(text))))
      .map((broken) => ({
        right: files,
        files: Object.fromEntries(Object.keys(files).map((name, at) => [name, broken[at] ?? ''])),
      })),
  );

interface Broken {
  readonly right: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
}

/** Holds for every broken project; answers with how many of its files were broken and read. */
const holds = ({ right, files }: Broken): number => {
  let loaded = load({});
  expect(cpuMs(() => (loaded = load(files)))).toBeLessThan(limitMs);
  expect(outside(loaded)).toEqual([]);
  for (const finding of loaded.diagnostics) {
    const source = loaded.sources.get(finding.span.file);
    expect(renderDiagnostic(finding, source)).toContain(finding.code);
  }
  const hasErrors = loaded.diagnostics.some(({ severity }) => severity === 'error');
  expect(loaded.definition === null).toBe(hasErrors);
  expect(Object.fromEntries(loaded.sources)).toEqual(files);
  return Object.entries(files).filter(([name, text]) => text !== right[name]).length;
};

test('a broken project never throws, and every finding stands inside its file', () => {
  let broken = 0;
  const property = fc.property(project, (drawn) => {
    broken += holds(drawn);
  });
  for (let seed = firstSeed; broken < brokenFiles; seed += 1)
    fc.assert(property, { numRuns: 50, seed });
  expect(broken).toBeGreaterThanOrEqual(brokenFiles);
}, 600_000);

test('the same files give the same findings and the same hash', () => {
  const first = load(texts);
  expect(load(texts).diagnostics).toEqual(first.diagnostics);
  expect(load(texts).definition?.hash).toBe(first.definition?.hash);
});
