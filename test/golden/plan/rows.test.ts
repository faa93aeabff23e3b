/**
 * What `explain` says about assets that move rows, byte for byte, over the sample connectors OBJECTS and TABLES.
 * `UPDATE_GOLDEN=1` rewrites the expected files; review the difference like code.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { commands } from '../../../src/cli/all.js';
import { runProgram } from '../../../src/cli/program.js';
import { sampleConnectors } from '../../../src/language/lint/sample-connectors.fixture.js';

const folder = import.meta.dirname;

const tidemark = async (line: readonly string[]) => {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    color: false,
    cwd: join(folder, 'rows-project'),
    env: {},
    connectors: sampleConnectors,
    signal: new AbortController().signal,
  };
  const code = await runProgram(line, { commands, version: '0.0.0' }, terminal);
  return { code, out: `${out.join('\n')}\n`, err: err.join('\n') };
};

it.each([
  ['rows-job.txt', ['explain', 'orders_job']],
  ['rows-job.json', ['explain', 'orders_job', '--format', 'json']],
  ['rows-partition.txt', ['explain', 'orders_by_month', '--partition', '2025-03']],
  ['rows-first-partition.txt', ['explain', 'orders_by_month']],
  ['rows-parquet.txt', ['explain', 'orders_as_parquet']],
  ['rows-describe.txt', ['describe', 'TABLES']],
  ['rows-describe-unload.txt', ['describe', 'TABLES', 'OBJECTS']],
  ['rows-describe-load.txt', ['describe', 'FILES', 'TABLES']],
  ['rows-describe-copy.txt', ['describe', 'TABLES', 'TABLES']],
  ['rows-inspect.txt', ['inspect', 'orders_mirrored']],
])('%s', async (name, line) => {
  const { code, out, err } = await tidemark(line);
  expect([code, err]).toEqual([0, '']);
  const path = join(folder, 'expected', name);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, out);
  expect(out).toBe(readFileSync(path, 'utf8'));
});

it('no statement and no value of one stands in the options of a plan', async () => {
  const { out } = await tidemark(['explain', 'orders_job', '--format', 'json']);
  const { assets } = JSON.parse(out) as {
    assets: { source: { options: object }; target: { options: object } }[];
  };
  const names = assets.flatMap(({ source, target }) => [
    ...Object.keys(source.options),
    ...Object.keys(target.options),
  ]);
  expect(names.filter((name) => /sql|query|params/.test(name))).toEqual([]);
});
