/** What commands take from a running dev stack, and what they leave. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { devFileOf, withDevEnvironment } from './dev-environment.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tidemark-env-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const ui = 'http://127.0.0.1:8233';
const variables = {
  TEMPORAL_ADDRESS: '127.0.0.1:7233',
  TEMPORAL_NAMESPACE: 'default',
  SFTP_PORT: '2222',
};

/** Written as by this process, so that it counts as running. */
const writeDev = (folder: string, change: object = {}): void => {
  const path = devFileOf(folder);
  const temporal = { address: '127.0.0.1:7233', ui, namespace: 'default', cli: '/bin/true' };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    JSON.stringify({
      version: 1,
      pid: process.pid,
      dataDir: root,
      temporal,
      env: variables,
      ...change,
    }),
  );
};

test('what is not set comes from the dev stack of a folder above, with one line that says so', () => {
  writeDev(root);
  const project = join(root, 'projects', 'shop');
  const { env, notice, ui: found } = withDevEnvironment({ HOME: '/h' }, project);
  expect(env).toEqual({ HOME: '/h', ...variables });
  expect(notice).toBe(`using the dev stack of ${devFileOf(root)} for TEMPORAL_*, SFTP_*`);
  expect(found).toBe(ui);
});

test('a variable that is set stays, even when it is empty', () => {
  writeDev(root);
  expect(withDevEnvironment({ SFTP_PORT: '' }, root).env['SFTP_PORT']).toBe('');
});

test.each(['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'])(
  'who sets %s gets nothing about Temporal from the dev stack',
  (name) => {
    writeDev(root);
    const { env, ui: found } = withDevEnvironment({ [name]: 'mine' }, root);
    expect(env).toEqual({ [name]: 'mine', SFTP_PORT: '2222' });
    expect(found).toBeNull();
  },
);

test('the file of a process that is gone, half a file and a file of another version are passed over', () => {
  const gone = { pid: 2 ** 30 };
  for (const write of [
    () => writeDev(root, gone),
    () => writeDev(root, { version: 2 }),
    () => writeFileSync(devFileOf(root), '{"version": 1, "pid"'),
  ]) {
    write();
    expect(withDevEnvironment({}, root)).toEqual({ env: {}, notice: null, ui: null });
  }
});

test('a stale file does not hide the dev stack of a folder above', () => {
  writeDev(root);
  const project = join(root, 'shop');
  writeDev(project, { pid: 2 ** 30, env: { SFTP_PORT: '1' } });
  expect(withDevEnvironment({}, project).env['SFTP_PORT']).toBe('2222');
});
