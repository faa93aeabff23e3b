import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cacheFolder } from './cache-folder.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('TIDEMARK_CACHE wins, then XDG_CACHE_HOME, then HOME', () => {
  const env = {
    TIDEMARK_CACHE: join(folder, 'own'),
    XDG_CACHE_HOME: join(folder, 'xdg'),
    HOME: join(folder, 'home'),
  };
  expect(cacheFolder(env)).toBe(join(folder, 'own'));
  expect(cacheFolder({ ...env, TIDEMARK_CACHE: '' })).toBe(join(folder, 'xdg', 'tidemark'));
  expect(cacheFolder({ HOME: env.HOME })).toBe(join(folder, 'home', '.cache', 'tidemark'));
});

test.each([
  ['unset', {}],
  ['empty', { HOME: '' }],
  ['not writable', { HOME: '/dev/null' }],
])('with HOME %s the folder is private to the user', async (_, env) => {
  const facts = await stat(cacheFolder(env));
  expect(facts.uid).toBe(process.getuid?.());
  expect(facts.mode & 0o077).toBe(0);
});

test('a relative TIDEMARK_CACHE is refused with what would be right', () => {
  expect(() => cacheFolder({ TIDEMARK_CACHE: 'cache' })).toThrow(
    'TIDEMARK_CACHE is "cache": write an absolute path',
  );
});
