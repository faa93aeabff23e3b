/**
 * One Temporal dev server for a whole run of the integration tests: in memory, with fast timers, on a free port. It is
 * started here once (0.5 s) and handed to the test files by `provide`; what keeps them apart are random task queues.
 */
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { cacheFolder } from '../../src/devstack/temporal/cache-folder.js';
import { findTemporalCli } from '../../src/devstack/temporal/find-cli.js';
import { startTemporalServer } from '../../src/devstack/temporal/start-server.js';

/** What the test files get; `missing` says why there is no server. */
export type ProvidedTemporal =
  | { readonly address: string; readonly namespace: string; readonly cliPath: string }
  | { readonly missing: string };

declare module 'vitest' {
  interface ProvidedContext {
    temporal: ProvidedTemporal;
  }
}

/** Workers and commands are run from what was compiled: without it each suite would wait for a worker that never comes. */
const requireBuild = async (): Promise<void> => {
  const programs = ['src/cli/main.js', 'workflow-bundle.js'].map((path) => `../../dist/${path}`);
  for (const program of programs)
    await access(new URL(program, import.meta.url)).catch((cause: unknown) => {
      throw new Error(`${program.slice(6)} is missing. Fix: npm run build, or npm test.`, {
        cause,
      });
    });
};

export default async function startSharedServer(
  project: TestProject,
): Promise<() => Promise<void>> {
  await requireBuild();
  const logs = await mkdtemp(join(tmpdir(), 'tidemark-temporal-'));
  try {
    const { env } = process;
    const cli = await findTemporalCli({ env, cacheDir: cacheFolder(env), allowDownload: false });
    const server = await startTemporalServer({
      cli,
      headless: true,
      logFile: join(logs, 'temporal.log'),
    });
    project.provide('temporal', {
      address: server.address,
      namespace: server.namespace,
      cliPath: cli.path,
    });
    return async () => {
      await server.stop();
      await rm(logs, { recursive: true, force: true });
    };
  } catch (error) {
    await rm(logs, { recursive: true, force: true });
    // Suites that need no Temporal server still run; those that do fail with this reason (see temporal.ts).
    project.provide('temporal', {
      missing: error instanceof Error ? error.message : String(error),
    });
    return async () => {};
  }
}
