/**
 * What the reading commands say about a small project, byte for byte. `UPDATE_GOLDEN=1` rewrites the expected files;
 * review the difference like code.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { commands } from '../../../src/cli/all.js';
import { runProgram } from '../../../src/cli/program.js';
import { connectors } from '../../../src/connectors/all.js';

const folder = fileURLToPath(new URL('.', import.meta.url));
const project = join(folder, 'project');
const secret = randomBytes(12).toString('hex');

const env = {
  LAKE_URL: 'http://127.0.0.1:9000',
  LAKE_USER: 'reader',
  LAKE_SECRET: secret,
  PARTNER_PASSWORD: secret,
  PARTNER_ZONE: 'north',
};

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const tidemark = async (line: readonly string[], cwd = project): Promise<Ran> => {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    color: false,
    cwd,
    env,
    connectors,
    signal: new AbortController().signal,
  };
  const code = await runProgram(line, { commands, version: '0.0.0' }, terminal);
  return { code, out: `${out.join('\n')}\n`, err: `${err.join('\n')}\n` };
};

const check = async (name: string, line: readonly string[]): Promise<void> => {
  const { code, out, err } = await tidemark(line);
  expect(err).toBe('\n');
  expect(code).toBe(0);
  expect(out).not.toContain(secret);
  const path = join(folder, 'expected', name);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, out);
  expect(out).toBe(readFileSync(path, 'utf8'));
};

describe('the reading commands say what the expected files say', () => {
  it.each([
    ['list.txt', ['list']],
    ['list.json', ['list', '--format', 'json']],
    ['explain-job.txt', ['explain', 'orders_job', '--param', 'zone=west']],
    ['explain-job.json', ['explain', 'orders_job', '--format', 'json']],
    ['explain-asset.txt', ['explain', 'asset.orders_seen']],
    ['explain-sensor.txt', ['explain', 'orders_arrived']],
    ['describe.txt', ['describe']],
    ['describe-s3.txt', ['describe', 'S3']],
    ['describe-sftp.json', ['describe', 'sftp', '--format', 'json']],
    ['describe-field.txt', ['describe', 's3', 'key']],
    ['describe-pair.txt', ['describe', 'SFTP', 'S3']],
    ['inspect.txt', ['inspect', 'orders_to_lake']],
  ])('%s', (name, line) => check(name, line));
});

describe('the command line', () => {
  it('works from a folder inside the project, and with --project from anywhere', async () => {
    const inside = await tidemark(['list'], join(project, 'pipelines'));
    const outside = await tidemark(['list', '--project', project], '/');
    expect([inside.code, outside.code, outside.out]).toEqual([0, 0, inside.out]);
  });

  it('every command has help with an example that names it', async () => {
    for (const { name } of commands) {
      const { code, out } = await tidemark([name, '--help']);
      expect([name, code, out.includes(`$ tidemark ${name}`)]).toEqual([name, 0, true]);
    }
  });

  it.each([
    ['an unknown command', ['lnt'], 2, 'Did you mean lint'],
    ['an unknown option', ['list', '--frmat', 'json'], 2, '--format'],
    ['an unknown format', ['list', '--format', 'xml'], 2, 'text, json'],
    ['a missing argument', ['explain'], 2, 'name'],
    [
      'a parameter without a value',
      ['explain', 'orders_job', '--param', 'zone'],
      2,
      '--param name=value',
    ],
    ['an unknown connector', ['describe', 'SFTPP'], 2, 'Did you mean SFTP?'],
    ['an unknown field', ['describe', 'S3', 'keyy'], 2, 'Did you mean key?'],
    ['an unknown asset', ['inspect', 'order_to_lake'], 2, 'Did you mean orders_to_lake?'],
    ['an unknown job', ['explain', 'order_job'], 1, 'Did you mean orders_job?'],
    [
      'an unknown parameter',
      ['explain', 'orders_job', '--param', 'zonee=x'],
      1,
      'Did you mean zone?',
    ],
    [
      'a parameter of the wrong type',
      ['explain', 'orders_job', '--param', 'least_bytes=many'],
      1,
      'a whole number',
    ],
    ['a file of another project', ['lint', '/etc/hosts'], 2, 'no file of the project'],
  ])('%s ends with its code and says what would be right', async (_, line, code, says) => {
    const ran = await tidemark(line);
    expect([ran.code, ran.out]).toEqual([code, '\n']);
    expect(ran.err).toContain(says);
  });

  it('a folder that is no project is wrong usage', async () => {
    const { code, err } = await tidemark(['list'], '/');
    expect(code).toBe(2);
    expect(err).toContain('error[cli/no-project]: / is no project');
  });
});
