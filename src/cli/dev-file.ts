/**
 * `.tidemark/dev.json`: what the dev stack tells clients (public, design §7). Written when everything is ready, by its
 * owner alone (0600), in one step; taken away at the stop.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { TidemarkError } from '../core/errors/error.js';
import { alreadyRunning } from '../devstack/stack/errors.js';
import { writePrivateFile } from '../devstack/stack/private-file.js';
import type { Stack } from '../devstack/stack/start-stack.js';
import { readDevFile } from '../runtime/project/dev-environment.js';

/** Throws `devstack/already-running` when the file is that of another process that lives. */
export const refuseSecondDev = (path: string): void => {
  const other = readDevFile(path);
  if (other === null) return;
  const { pid } = other.facts;
  throw new TidemarkError(
    alreadyRunning,
    `starting the dev stack: process ${String(pid)} runs one for ${path}`,
    {
      fix: `Use the one that runs, or stop it: kill ${String(pid)}. If it is no dev stack, delete ${path}.`,
    },
  );
};

export const writeDevFile = (path: string, stack: Stack, dataDir: string): void => {
  const { facts, variables } = stack;
  const content = { version: 1, pid: process.pid, dataDir, ...facts, env: variables };
  mkdirSync(dirname(path), { recursive: true });
  writePrivateFile(path, `${JSON.stringify(content, null, 2)}\n`);
};

export const removeDevFile = (path: string): void => {
  rmSync(path, { force: true });
};
