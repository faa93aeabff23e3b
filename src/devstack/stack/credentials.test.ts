import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { credentialsOf } from './credentials.js';

let folder = '';
const file = () => join(folder, 'credentials.json');
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-credentials-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('credentials are made once, for every server, and are private', () => {
  const made = credentialsOf(folder);
  expect(Object.keys(made)).toEqual(['s3', 'sftp', 'postgres']);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(credentialsOf(folder)).toEqual(made);
});

test('a folder that is older than PostgreSQL keeps its credentials and gets one more', () => {
  const { s3, sftp } = credentialsOf(folder);
  writeFileSync(file(), JSON.stringify({ s3, sftp }));
  const completed = credentialsOf(folder);
  expect(completed).toMatchObject({ s3, sftp, postgres: { user: 'tidemark' } });
  expect(completed.postgres.password).toMatch(/^[\w-]{24}$/);
  expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual(completed);
});

test.each(['{"s3": {"accessKeyId"', '{"s3": {}}', '{"postgres": {"user": ""}}'])(
  'a file that cannot be used is named: %s',
  (text) => {
    writeFileSync(file(), text);
    expect(() => credentialsOf(folder)).toThrow(
      expect.objectContaining({
        code: 'devstack/data-folder-damaged',
        message: expect.stringContaining(file()) as string,
      }),
    );
  },
);
