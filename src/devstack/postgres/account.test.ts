import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dataPathFor, isReachable, serverAccount } from './account.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-account-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ours = process.getuid?.() ?? -1;
const isRoot = ours === 0;
/** Nobody has it, so a folder admits it only by the rights of everybody. */
const stranger = { uid: 4_000_001, gid: 4_000_001 };

test('a normal user runs the server as itself, on a folder of its own or a new one', () => {
  const uid = isRoot ? 4_000_001 : ours;
  if (isRoot) chownSync(folder, uid, uid);
  expect(serverAccount(folder, { uid })).toBeUndefined();
  expect(serverAccount(join(folder, 'new'), { uid })).toBeUndefined();
});

test('a normal user is told that root has made the folder', () => {
  expect(() => serverAccount(folder, { uid: ours + 1 })).toThrow(
    expect.objectContaining({
      code: 'devstack/postgres-folder-unusable',
      message: expect.stringContaining(
        `${folder} belongs to the user id ${String(ours)}`,
      ) as string,
      fix: expect.stringContaining('--data DIR') as string,
    }),
  );
});

test('root runs it as an account that the machine has, the first of the list', () => {
  const [uid, gid] = [65_534, 65_534];
  const names = ['no-such-account', 'nobody'];
  expect(serverAccount(join(folder, 'new'), { uid: 0, names })).toMatchObject({ uid });
  expect(gid).toBeGreaterThan(0);
});

test('root is told when there is no account, and makes none', () => {
  expect(() => serverAccount(join(folder, 'new'), { uid: 0, names: ['no-such-account'] })).toThrow(
    expect.objectContaining({
      code: 'devstack/postgres-no-account',
      message: expect.stringContaining('no-such-account') as string,
    }),
  );
});

test.runIf(isRoot)('[as root] a folder that is there is used by its owner', () => {
  chownSync(folder, 4711, 4712);
  expect(serverAccount(folder, { uid: 0 })).toEqual({ uid: 4711, gid: 4712 });
});

test('a folder is reachable only if every folder above it admits the account', () => {
  const inner = join(folder, 'a', 'b');
  mkdirSync(inner, { recursive: true });
  for (const path of [folder, join(folder, 'a'), inner]) chmodSync(path, 0o755);
  expect(isReachable(inner, stranger)).toBe(true);
  chmodSync(join(folder, 'a'), 0o750);
  expect(isReachable(inner, stranger)).toBe(false);
});

test('the server is told a path that it can use: its own working directory where nothing else is open to it', () => {
  chmodSync(folder, 0o755);
  expect(dataPathFor(folder, undefined)).toBe(folder);
  expect(dataPathFor(folder, stranger, 'linux')).toBe(folder);
  chmodSync(folder, 0o700);
  expect(dataPathFor(folder, undefined)).toBe(folder);
  expect(dataPathFor(folder, stranger, 'linux')).toBe('/proc/self/cwd');
  expect(() => dataPathFor(folder, stranger, 'darwin')).toThrow(
    expect.objectContaining({
      code: 'devstack/postgres-no-account',
      message: expect.stringContaining(`cannot enter ${folder}`) as string,
    }),
  );
});
