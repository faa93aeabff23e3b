/**
 * What an earlier start left on the data folder: a server whose owner was killed, sessions that outlive it for a moment,
 * a process id in a file. Processes are told by the cluster's name, which stands in the command line of each of them; a
 * process id alone is never believed, since another program may have it by now.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError } from '../../core/errors/error.js';
import { postgresFolderUnusable } from './errors.js';

/** The setting `cluster_name` of the server on that folder. */
export const clusterNameOf = (dataDir: string): string =>
  `tidemark-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`;

const commandLine = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
};

/** Lines `pid command`. */
const listed = (): readonly (readonly [pid: string, command: string])[] => {
  if (existsSync('/proc/self/cmdline')) {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.map((pid) => [pid, commandLine(pid)]);
  }
  const text = execFileSync('ps', ['-A', '-o', 'pid=,command='], { encoding: 'utf8' });
  return text.split('\n').map((line) => {
    const [, pid = '', command = ''] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
    return [pid, command];
  });
};

/** The processes of the server on that folder: postmaster and sessions. */
export const processesOf = (dataDir: string): readonly number[] => {
  const name = clusterNameOf(dataDir);
  return listed().flatMap(([pid, command]) =>
    /^(\S*\/)?postgres\b/.test(command) && command.includes(name) ? [Number(pid)] : [],
  );
};

/** A process that has ended since needs no signal. */
const signalAll = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
};

const pollMs = 50;

export interface Patience {
  /** After so long an orderly end is not waited for any more. */
  readonly graceMs: number;
  readonly limitMs: number;
}

const usualPatience: Patience = { graceMs: 10_000, limitMs: 20_000 };

/**
 * Ends them and waits until they are gone; then the file of the process id means nothing and is removed. The caller holds
 * the lock of the folder. Throws `devstack/postgres-folder-unusable` when they do not end.
 */
export const endPredecessor = async (
  dataDir: string,
  { graceMs, limitMs }: Patience = usualPatience,
): Promise<void> => {
  const pidFile = join(dataDir, 'postmaster.pid');
  const postmaster = Number(existsSync(pidFile) ? readFileSync(pidFile, 'utf8').split('\n')[0] : 0);
  const startedMs = performance.now();
  let asked: NodeJS.Signals | undefined;
  for (;;) {
    const left = processesOf(dataDir);
    if (left.length === 0) break;
    const waitedMs = performance.now() - startedMs;
    // Without a postmaster its sessions are of no use to anybody.
    const isOrderly = left.includes(postmaster) && waitedMs < graceMs;
    const signal = isOrderly ? 'SIGINT' : 'SIGQUIT';
    if (asked !== signal) signalAll(isOrderly ? [postmaster] : left, signal);
    asked = signal;
    if (waitedMs > limitMs) {
      throw new TidemarkError(
        postgresFolderUnusable,
        `starting PostgreSQL: processes of an earlier one (${left.join(', ')}) still work on ${dataDir}`,
        { fix: `End them: kill -9 ${left.join(' ')}` },
      );
    }
    await sleep(pollMs);
  }
  rmSync(pidFile, { force: true });
};
