/**
 * Every code that lint can give, with a project that earns it and one beside it that does not. Rules declare theirs
 * (`src/language/lint`); all others stand here as `<area>/<code>/bad.yaml` and `good.yaml`: one pipeline file, over the
 * sample connectors or, where a connector declares the code, over the real ones. What `bad.yaml` gives, as people see it, stands in `expected.txt`; `UPDATE_GOLDEN=1` writes it.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { connectors } from '../../../src/connectors/all.js';
import { renderDiagnostic } from '../../../src/core/errors/render.js';
import { lintRules } from '../../../src/language/lint/all.js';
import { exampleConnections } from '../../../src/language/lint/example.js';
import { loadProject } from '../../../src/language/lint/load-project.js';
import {
  filesInMemory,
  sampleConnectors,
} from '../../../src/language/lint/sample-connectors.fixture.js';
import { declarations } from '../../architecture/error-reference.js';
import { codebase } from '../../architecture/tree.js';

const project = (pipeline: string, shared: string = exampleConnections) =>
  filesInMemory({
    'connections/common.yaml': shared,
    'vars/common.yaml': 'zone: raw\n',
    'pipelines/orders.yaml': pipeline,
  });

const load = (files: ReturnType<typeof project>, known = sampleConnectors) =>
  loadProject({ root: '/example', files, env: { SET: 'set' }, connectors: known });

/** An example of a code: over the connectors that can give it. */
const loadExample = (code: string, name: string) =>
  ofConnectors.includes(code)
    ? load(project(read(code, name), ''), connectors)
    : load(project(read(code, name)));

const declaredBelow = (folder: string): readonly string[] =>
  declarations(codebase())
    .filter(({ isDiagnostic, place }) => isDiagnostic && place.startsWith(folder))
    .map(({ code }) => code);
const declared = declaredBelow('src/language/');
const ofConnectors = declaredBelow('src/connectors/');
const ofRules = lintRules.map(({ kind }) => kind.code);
/** About files that cannot be written down as one: tested below. */
const ofFolders = ['definition/no-files', 'definition/no-layer', 'definition/unreadable-file'];
const cases = [
  ...declared.filter((code) => ![...ofRules, ...ofFolders].includes(code)),
  ...ofConnectors,
];

const read = (code: string, name: string): string =>
  readFileSync(join(import.meta.dirname, code, name), 'utf8');

test('the codes are those that the product declares', () => {
  expect(declared).toEqual([...new Set(declared)]);
  expect([...ofRules, ...ofFolders].filter((code) => !declared.includes(code))).toEqual([]);
  const listed = connectors.flatMap(({ findings }) => findings.map(({ code }) => code));
  expect([...new Set(listed)].sort()).toEqual(ofConnectors);
});

test('no finding is declared where no example is demanded', () => {
  // `live/*`, declared by the command that asks the source: test/golden/live-codes.
  const covered = [...declared, ...ofConnectors, ...declaredBelow('src/cli/')];
  expect(declaredBelow('').filter((code) => !covered.includes(code))).toEqual([]);
});

test('no example is left over from a code that is gone', () => {
  const folders = readdirSync(import.meta.dirname, { recursive: true, withFileTypes: true })
    .filter(({ name }) => name === 'bad.yaml')
    .map(({ parentPath }) => parentPath.split(/[\\/]/).slice(-2).join('/'));
  expect(folders.sort()).toEqual([...cases].sort());
});

describe.each(cases)('%s', (code) => {
  test('the failing example gives this finding, once, where it is expected', () => {
    const { diagnostics, sources } = loadExample(code, 'bad.yaml');
    const text = diagnostics
      .map((finding) => `${renderDiagnostic(finding, sources.get(finding.span.file))}\n`)
      .join('\n');
    const file = join(import.meta.dirname, code, 'expected.txt');
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
    expect(existsSync(file), `${file} does not exist; UPDATE_GOLDEN=1 writes it`).toBe(true);
    expect(text).toBe(readFileSync(file, 'utf8'));
    expect(diagnostics.map((finding) => finding.code)).toEqual([code]);
  });
  test('the passing example gives no finding', () => {
    const { diagnostics, definition } = loadExample(code, 'good.yaml');
    expect(diagnostics).toEqual([]);
    expect(definition).not.toBeNull();
  });
});

test('a project without pipelines, and one with a file that cannot be read', () => {
  const codes = (files: ReturnType<typeof project>) =>
    load(files).diagnostics.map(({ code, span }) => `${span.file}: ${code}`);
  expect(codes(filesInMemory({ 'vars/common.yaml': '' }))).toEqual([
    'pipelines: definition/no-files',
  ]);
  const files = project(read('definition/unknown-key', 'good.yaml'));
  const readFile = (path: string) => {
    if (path.startsWith('vars/common')) throw Object.assign(new Error('no'), { code: 'EACCES' });
    return files.readFile(path);
  };
  expect(codes(files)).toEqual([]);
  expect(codes({ ...files, readFile })).toEqual(['vars/common.yaml: definition/unreadable-file']);
});

test.each(['tidemark', 'connections/common', 'connections/dev', 'vars/dev'])(
  '%s.yml would be passed over in silence: it is a finding that says how to name it',
  (name) => {
    const files = project(read('definition/unknown-key', 'good.yaml'));
    const readFile = (path: string) => (path === `${name}.yml` ? '' : files.readFile(path));
    expect(load({ ...files, readFile }).diagnostics).toMatchObject([
      { code: 'definition/unreadable-file', fix: `Rename it to ${name}.yaml.` },
    ]);
  },
);

test('a layer that was chosen and has no file is a finding, where there are layers', () => {
  const good = read('definition/unknown-key', 'good.yaml');
  const layered = filesInMemory({
    'connections/common.yaml': exampleConnections,
    'vars/common.yaml': 'zone: raw\n',
    'vars/prod.yaml': 'zone: gold\n',
    'pipelines/orders.yaml': good,
  });
  const found = (files: typeof layered, choice: { envName?: string; ENV?: string }) => {
    const { ENV, ...rest } = choice;
    const env = { SET: 'set', ...(ENV === undefined ? {} : { ENV }) };
    const request = { root: '/example', files, env, connectors: sampleConnectors, ...rest };
    return loadProject(request).diagnostics;
  };
  const expected = [
    {
      code: 'definition/no-layer',
      message: 'ENV is "prd", and neither connections/prd.yaml nor vars/prd.yaml is there',
      hint: 'did you mean prod?',
    },
  ];
  expect(found(layered, { envName: 'prd' })).toMatchObject(expected);
  expect(found(layered, { ENV: 'prd' })).toMatchObject(expected);
  for (const choice of [{ envName: 'prod' }, { envName: 'common' }, { ENV: '' }, {}])
    expect(found(layered, choice)).toEqual([]);
  expect(found(project(good), { envName: 'any' })).toEqual([]);
});

test('pipelines are read whatever the case of their ending', () => {
  const assets = read('definition/unknown-key', 'bad.yaml');
  const { diagnostics } = load(filesInMemory({ 'pipelines/OLD.YML': assets }));
  expect(diagnostics.map(({ code }) => code)).toContain('definition/unknown-key');
});
