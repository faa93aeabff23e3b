/**
 * One dev stack for each data folder: `dev.lock` holds the process id of the one that runs. The lock of a process that
 * is gone is taken over.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TidemarkError } from '../../core/errors/error.js';
import { isAlive } from '../../runtime/project/process-alive.js';
import { alreadyRunning, dataFolderDamaged } from './errors.js';

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

const tryLock = (path: string): boolean => {
  try {
    writeFileSync(path, `${String(process.pid)}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
};

const created = (dataDir: string): void => {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TidemarkError(dataFolderDamaged, `making the data folder ${dataDir}: ${reason}`, {
      fix: 'Name a folder that can be written: --data DIR.',
    });
  }
};

/** Creates the folder and locks it; the result unlocks. Throws `devstack/already-running`. */
export const lockDataFolder = (dataDir: string): (() => void) => {
  created(dataDir);
  const path = join(dataDir, 'dev.lock');
  if (!tryLock(path)) {
    const pid = Number(readFileSync(path, 'utf8'));
    if (isAlive(pid)) {
      throw new TidemarkError(
        alreadyRunning,
        `starting the dev stack: process ${String(pid)} works on ${dataDir} already`,
        {
          fix: `Use the one that runs, stop it (kill ${String(pid)}), or choose another folder with --data DIR. If it is no dev stack, delete ${path}.`,
        },
      );
    }
    rmSync(path, { force: true });
    if (!tryLock(path)) {
      throw new TidemarkError(
        alreadyRunning,
        `starting the dev stack: another one has just started on ${dataDir}`,
      );
    }
  }
  return () => rmSync(path, { force: true });
};
