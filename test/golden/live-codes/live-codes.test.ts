/**
 * Every code that `tidemark explain --live` can give: lint cannot, because only the source knows. Each stands here as
 * `live/<code>/bad.yaml` and `good.yaml`: a project whose source are tables in memory, a database like any other. What
 * `bad.yaml` gives stands in `expected.txt`; `UPDATE_GOLDEN=1` writes it. PostgreSQL: `test/e2e/cli-explain-rows.test.ts`.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { commands } from '../../../src/cli/all.js';
import { runProgram } from '../../../src/cli/program.js';
import { local } from '../../../src/connectors/local/index.js';
import { createMemoryTableConnector } from '../../../src/connectors/memorytable/index.js';
import { TableStore } from '../../../src/connectors/memorytable/store.js';
import { declarations } from '../../architecture/error-reference.js';
import { codebase } from '../../architecture/tree.js';

const here = import.meta.dirname;
const codes = declarations(codebase())
  .filter(({ isDiagnostic, place }) => isDiagnostic && place.startsWith('src/cli/'))
  .map(({ code }) => code);

const root = mkdtempSync(join(tmpdir(), 'tidemark-live-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

/** What the command answers about the project, from its first finding on. */
const explain = async (code: string, example: string) => {
  const folder = join(root, code, example);
  mkdirSync(join(folder, 'pipelines'), { recursive: true });
  writeFileSync(join(folder, 'tidemark.yaml'), 'name: live\n');
  const pipeline = readFileSync(join(here, code, `${example}.yaml`), 'utf8');
  writeFileSync(join(folder, 'pipelines', 'orders.yaml'), pipeline);
  const lines: string[] = [];
  const exitCode = await runProgram(
    ['explain', 'orders', '--live', '--project', folder],
    { commands, version: '0.0.0' },
    {
      out: (text) => void lines.push(`${text}\n`),
      err: (text) => void lines.push(`${text}\n`),
      color: false,
      cwd: folder,
      env: {},
      connectors: [local, createMemoryTableConnector(new TableStore())],
      signal: new AbortController().signal,
    },
  );
  const text = lines.join('');
  const start = text.search(/^(?:error|warning)\[/m);
  return { exitCode, findings: start < 0 ? '' : text.slice(start) };
};

const codesIn = (text: string): readonly string[] =>
  [...text.matchAll(/^(?:error|warning)\[(.*?)\]/gm)].map(([, code = '']) => code);

test('the examples are those of the codes that are declared', () => {
  expect(codes).not.toEqual([]);
  expect(readdirSync(join(here, 'live')).map((name) => `live/${name}`)).toEqual(codes);
});

describe.each(codes)('%s', (code) => {
  test('the failing example gives this finding, once, where it is expected', async () => {
    const { exitCode, findings } = await explain(code, 'bad');
    const file = join(here, code, 'expected.txt');
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, findings);
    expect(findings).toBe(readFileSync(file, 'utf8'));
    expect(codesIn(findings)).toEqual([code]);
    expect(exitCode).toBe(findings.startsWith('error') ? 1 : 0);
  });
  test('the passing example gives no finding', async () => {
    expect(await explain(code, 'good')).toEqual({ exitCode: 0, findings: '' });
  });
});
