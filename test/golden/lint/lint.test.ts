/**
 * Projects in, findings out. Every folder beside this file is a project with the findings that are expected of it,
 * as people see them, in `expected.txt`. `UPDATE_GOLDEN=1` writes those files anew; read the difference.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { connectors } from '../../../src/connectors/all.js';
import { renderDiagnostic } from '../../../src/core/errors/render.js';
import { sampleConnectors } from '../../../src/language/lint/sample-connectors.fixture.js';
import { loadProject } from '../../../src/language/lint/load-project.js';
import { projectFilesOf } from '../../../src/runtime/project/project-files.js';

const here = import.meta.dirname;
const cases = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

/** Every variable that the cases read and that is meant to be set. */
const env = {
  PARTNER_PASSWORD: 'set',
  LAKE_KEY: 'set',
  LAKE_SECRET: 'set',
  LAKE_PORT: '1',
  SECOND_KEY: 'set',
};

/** Assets of rows are judged over the sample database, so that no rule rests on what one server refuses. */
const connectorsOf = (name: string) => (name.startsWith('rows-') ? sampleConnectors : connectors);

const load = (name: string) => {
  const root = join(here, name);
  return loadProject({ root, files: projectFilesOf(root), env, connectors: connectorsOf(name) });
};

const rendered = (name: string): string => {
  const { diagnostics, sources } = load(name);
  const texts = diagnostics.map((finding) =>
    renderDiagnostic(finding, sources.get(finding.span.file)),
  );
  return texts.length === 0 ? 'no findings\n' : `${texts.join('\n\n')}\n`;
};

describe('the findings of', () => {
  test.each(cases)('%s are the expected ones', (name) => {
    const file = join(here, name, 'expected.txt');
    const actual = rendered(name);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, actual);
    expect(existsSync(file), `${file} does not exist; UPDATE_GOLDEN=1 writes it`).toBe(true);
    expect(actual).toBe(readFileSync(file, 'utf8'));
  });
});

test('a project without findings has a definition', () => {
  expect(load('valid-project').definition).not.toBeNull();
});
