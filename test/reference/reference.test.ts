/** What is committed in docs/reference and schema is what the declarations say; `npm run generate` writes it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { allFieldDocs, connectorDocs, fieldDocs } from '../../src/cli/option-docs.js';
import { json } from '../../src/cli/table.js';
import { connectors } from '../../src/connectors/all.js';
import { checkShapes } from '../../src/language/definition/check-shapes.js';
import { partitionShapes } from '../../src/language/definition/partition-shapes.js';
import * as dialectShapes from '../../src/language/definition/shapes.js';
import { fileSchemas } from '../../src/language/schema/file-schemas.js';
import { pathsBelow, root } from '../architecture/tree.js';
import { cliPage } from './cli-page.js';
import { connectorPage } from './connector-page.js';
import { indexPage } from './index-page.js';
import { lintPage } from './lint-page.js';
import { templatePage } from './template-page.js';
import { yamlPage } from './yaml-page.js';

const pages: Readonly<Record<string, () => string>> = {
  'docs/reference/README.md': indexPage,
  'docs/reference/cli.md': cliPage,
  'docs/reference/lint.md': lintPage,
  'docs/reference/templates.md': templatePage,
  'docs/reference/yaml.md': yamlPage,
  ...Object.fromEntries(
    connectors.map((connector) => [
      `docs/reference/connectors/${connector.kind}.md`,
      () => connectorPage(connector),
    ]),
  ),
  ...Object.fromEntries(
    fileSchemas.map(({ kind, build }) => [
      `schema/${kind}.json`,
      () => `${json(build(connectors))}\n`,
    ]),
  ),
};

test.each(Object.keys(pages))(
  '%s is what the declarations say (else: node scripts/generate.mjs)',
  (name) => {
    const path = join(root, name);
    const content = pages[name]?.() ?? '';
    if (process.env['UPDATE_GENERATED'] === '1') {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
    expect(readFileSync(path, 'utf8')).toBe(content);
  },
);

test('no page and no schema is left over from a declaration that is gone', () => {
  const known = [...Object.keys(pages), 'docs/reference/errors.md'].sort();
  expect(pathsBelow('docs/reference', 'schema')).toEqual(known);
});

test('every field and key has a meaning', () => {
  const shapes = { ...dialectShapes, ...partitionShapes, ...checkShapes };
  const documented = [
    ...Object.entries(shapes).map(([name, shape]) => [name, fieldDocs(shape)] as const),
    ...connectors.flatMap((connector) =>
      Object.entries(connectorDocs(connector)).map(
        ([role, docs]) => [`${connector.type} ${role}`, docs] as const,
      ),
    ),
  ];
  const missing = documented.flatMap(([owner, docs]) =>
    allFieldDocs(docs)
      .filter(({ description }) => description === '')
      .map(({ name }) => `${owner}: ${name}`),
  );
  expect(missing).toEqual([]);
});
