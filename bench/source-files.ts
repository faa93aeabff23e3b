/** Files to copy: random bytes, so that nothing can be saved on the way; written below the SFTP server's root. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const blockBytes = 4 * 1024 * 1024;

/** Returns the SHA-256 of what it wrote. */
export const writeLarge = async (path: string, size: number): Promise<string> => {
  await mkdir(dirname(path), { recursive: true });
  const out = createWriteStream(path);
  const hash = createHash('sha256');
  for (let left = size; left > 0; left -= blockBytes) {
    const block = randomBytes(Math.min(blockBytes, left));
    hash.update(block);
    if (!out.write(block)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
  return hash.digest('hex');
};

/** 16 to 48 KB each, in fixed steps; returns the SHA-256 of each, by name. */
export const writeSmall = async (
  folder: string,
  count: number,
): Promise<ReadonlyMap<string, string>> => {
  await mkdir(folder, { recursive: true });
  const digests = new Map<string, string>();
  for (let index = 0; index < count; index++) {
    const name = `file-${String(index).padStart(5, '0')}.bin`;
    const content = randomBytes(16_000 + ((index * 7919) % 32_000));
    await writeFile(join(folder, name), content);
    digests.set(name, createHash('sha256').update(content).digest('hex'));
  }
  return digests;
};

/** Throws unless both hold the same keys with the same digests. */
export const assertSame = (
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): void => {
  if (found.size !== expected.size) {
    throw new Error(
      `the target holds ${String(found.size)} objects, expected were ${String(expected.size)}`,
    );
  }
  for (const [key, digest] of expected) {
    if (found.get(key) !== digest) throw new Error(`${key} is missing or differs from its source`);
  }
};
