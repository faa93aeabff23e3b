import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileFromTar } from './tar.js';

let folder = '';
let archive: Buffer = Buffer.alloc(0);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-test-'));
  await writeFile(join(folder, 'LICENSE'), 'x'.repeat(1000));
  await writeFile(join(folder, 'temporal'), 'the program'.repeat(100));
  archive = gunzipSync(
    execFileSync('tar', ['-cz', '-C', folder, 'LICENSE', 'temporal'], { maxBuffer: 1e7 }),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a file behind another one comes out byte for byte', () => {
  expect(fileFromTar(archive, 'temporal').toString()).toBe('the program'.repeat(100));
});

test('a file that is not in the archive is named in the error', () => {
  expect(() => fileFromTar(archive, 'tctl')).toThrow('the archive has no file tctl');
});

test('an archive that was cut off within the file is refused', () => {
  expect(() => fileFromTar(archive.subarray(0, 3000), 'temporal')).toThrow(
    'the archive ends within temporal',
  );
});
