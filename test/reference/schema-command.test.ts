/** `tidemark schema`: what it prints is what is committed in `schema/`, and what editors are pointed to. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commands } from '../../src/cli/all.js';
import { runProgram } from '../../src/cli/program.js';
import { connectors } from '../../src/connectors/all.js';
import { pathsBelow, root } from '../architecture/tree.js';

const kinds = pathsBelow('schema').map((path) => path.replace(/^schema\/|\.json$/g, ''));

const tidemark = async (...line: readonly string[]) => {
  let [out, err] = ['', ''];
  const terminal = {
    out: (text: string) => void (out += `${text}\n`),
    err: (text: string) => void (err += `${text}\n`),
    color: false,
    // No folder of a project: the schemas are those of the program.
    cwd: '/',
    env: {},
    connectors,
    signal: new AbortController().signal,
  };
  const code = await runProgram(line, { commands, version: '0.0.0' }, terminal);
  return { code, out, err };
};

test.each(kinds)('schema %s prints the committed file, byte for byte', async (kind) => {
  const { code, out, err } = await tidemark('schema', kind);
  expect([code, err]).toEqual([0, '']);
  expect(out).toBe(readFileSync(join(root, 'schema', `${kind}.json`), 'utf8'));
});

test('without a kind it says which there are, and for which files', async () => {
  const { code, out, err } = await tidemark('schema');
  expect([code, err]).toEqual([0, '']);
  const lines = out.trimEnd().split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual(kinds);
  expect(lines[0]).toMatch(/^connections +connections\/\*\.yaml +\S/);
});

test('a kind that is not known ends with code 2, the kinds there are and the nearest of them', async () => {
  const near = await tidemark('schema', 'pipeline');
  expect([near.code, near.out]).toEqual([2, '']);
  expect(near.err).toContain('schema "pipeline" is not known; known: connections, pipelines, ');
  expect(near.err).toContain('Did you mean pipelines?');
  const far = await tidemark('schema', 'x'.repeat(20));
  expect(far.code).toBe(2);
  expect(far.err).toContain(`known: ${kinds.join(', ')}`);
  expect(far.err).not.toContain('Did you mean');
});

test('two kinds at once are wrong usage', async () => {
  const { code, out } = await tidemark('schema', 'vars', 'pipelines');
  expect([code, out]).toEqual([2, '']);
});
