/** The dev server's process, against the real `temporal` program. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  startTemporalServer,
  type TemporalServer,
} from '../../src/devstack/temporal/start-server.js';
import { temporalForTests } from './temporal.js';

const cli = { path: temporalForTests().cliPath };
let folder = '';
const servers: TemporalServer[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-test-'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
});

const start = async (
  options: Partial<Parameters<typeof startTemporalServer>[0]> = {},
): Promise<TemporalServer> => {
  const logFile = join(folder, 'temporal.log');
  const server = await startTemporalServer({ cli, logFile, ...options });
  servers.push(server);
  return server;
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const ended = async (pid: number, limitMs: number): Promise<boolean> => {
  for (const deadline = Date.now() + limitMs; Date.now() < deadline; await sleep(50)) {
    if (!isAlive(pid)) return true;
  }
  return false;
};

describe('a started server', () => {
  test('has the namespace with seven days of retention and the search attributes', async () => {
    const { address, namespace } = await start({
      namespace: 'orders',
      headless: true,
      searchAttributes: { TidemarkJob: 'Keyword', TidemarkRows: 'Int' },
    });
    const connection = await Connection.connect({ address });
    try {
      const { config } = await connection.workflowService.describeNamespace({ namespace });
      expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(7 * 86_400);
      const { customAttributes } = await connection.operatorService.listSearchAttributes({
        namespace,
      });
      expect(Object.keys(customAttributes ?? {})).toEqual(
        expect.arrayContaining(['TidemarkJob', 'TidemarkRows']),
      );
    } finally {
      await connection.close();
    }
  });

  test('serves the Web UI at its uiUrl', async () => {
    const { uiUrl } = await start();
    const deadline = Date.now() + 10_000;
    let status = 0;
    while (status !== 200 && Date.now() < deadline) {
      status = await fetch(`${uiUrl}/api/v1/settings`).then(
        (response) => response.status,
        () => 0,
      );
      await sleep(50);
    }
    expect(status).toBe(200);
  });

  test('is gone after stop, and stopping twice is harmless', async () => {
    const server = await start({ headless: true });
    await Promise.all([server.stop(), server.stop()]);
    expect(isAlive(server.pid)).toBe(false);
    await expect(server.exited).resolves.toMatchObject({ signal: null });
  });

  test('comes back with the same database file after a kill', async () => {
    const dbFilename = join(folder, 'temporal.db');
    const first = await start({ headless: true, dbFilename, namespace: 'kept' });
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const second = await start({ headless: true, dbFilename, namespace: 'kept' });
    expect(second.pid).not.toBe(first.pid);
  });
});

describe('a server that cannot start', () => {
  test('names the port that another program uses', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      await expect(start({ port })).rejects.toMatchObject({
        code: 'devstack/temporal-port-in-use',
        message: expect.stringContaining(`port ${port} on 127.0.0.1 is used by another program`),
      });
    } finally {
      other.close();
    }
  });

  test('shows the end of the log when it ends at once', async () => {
    const dbFilename = join(folder, 'no-such-folder', 'temporal.db');
    await expect(start({ headless: true, dbFilename })).rejects.toMatchObject({
      code: 'devstack/temporal-server-died',
      message: expect.stringMatching(
        /ended at once \(exit code 1\)\nlast lines of .*temporal\.log:\n.*no-such-folder/s,
      ),
    });
  });

  /** A `temporal` whose first servers panic. */
  const panicking = async (panics: number): Promise<{ readonly path: string }> => {
    const path = join(folder, 'panicking-temporal');
    const stack = Array.from({ length: 40 }, (_, at) => `\tmain.go:${at} +0x1f`).join('\n');
    const script = `#!/bin/sh
case "$*" in *--help*) exec ${cli.path} "$@";; esac
echo start >> ${join(folder, 'starts')}
[ "$(wc -l < ${join(folder, 'starts')})" -gt ${panics} ] && exec ${cli.path} "$@"
cat >&2 <<'END'
panic: failed assigning ephemeral port: no port is free

goroutine 1 [running]:
${stack}
END
exit 2
`;
    await writeFile(path, script);
    await chmod(path, 0o755);
    return { path };
  };

  test('is started again when its program panics', async () => {
    const { address } = await start({ cli: await panicking(2), headless: true });
    const connection = await Connection.connect({ address });
    await connection.close();
  });

  test('shows what a program panics about, not where', async () => {
    const failed = start({ cli: await panicking(99), headless: true });
    await expect(failed).rejects.toMatchObject({
      code: 'devstack/temporal-server-died',
      message: expect.stringMatching(
        /\(exit code 2\)\nlast lines of .*temporal\.log:\n {2}panic: failed assigning ephemeral port/,
      ),
    });
    const starts = await readFile(join(folder, 'starts'), 'utf8');
    expect(starts.trimEnd().split('\n')).toHaveLength(3);
  });

  test('leaves no process behind when it does not become ready in time', async () => {
    const pidFile = join(folder, 'pid');
    const deaf = join(folder, 'deaf-temporal');
    await writeFile(
      deaf,
      `#!/bin/sh\ncase "$*" in *--help*) exit 0;; esac\necho $$ > ${pidFile}\nexec sleep 600\n`,
    );
    await chmod(deaf, 0o755);
    const failed = start({ cli: { path: deaf }, headless: true, readyLimitMs: 700 });
    await expect(failed).rejects.toMatchObject({ code: 'devstack/temporal-server-not-ready' });
    expect(isAlive(Number(await readFile(pidFile, 'utf8')))).toBe(false);
  });
});

test('the server ends when the process that started it is killed', async () => {
  const dist = fileURLToPath(
    new URL('../../dist/src/devstack/temporal/start-server.js', import.meta.url),
  );
  expect(existsSync(dist), 'dist is missing: npm run build').toBe(true);
  const script = `
    const { startTemporalServer } = await import(${JSON.stringify(dist)});
    const server = await startTemporalServer({ cli: ${JSON.stringify(cli)}, headless: true, logFile: ${JSON.stringify(join(folder, 'log'))} });
    console.log(server.pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(printed.toString());
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  expect(await ended(pid, 10_000)).toBe(true);
});
