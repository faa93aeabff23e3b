/**
 * A child process with its output in a log file, that never outlives this process.
 *
 * It runs in a process group of its own, so that Ctrl-C reaches only us and the order of the shutdown stays ours. Its
 * guard is a tiny shell that reads from a pipe which only this process holds open: however we end, `kill -9` included,
 * the pipe closes and the guard ends the child.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServerProcess {
  readonly pid: number;
  /** Resolves when the process has ended, whatever the reason; never rejects. */
  readonly exited: Promise<Exit>;
  /** SIGTERM, and SIGKILL when it is still there after the grace time. Idempotent. */
  readonly stop: () => Promise<void>;
}

export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  /** Standard output and errors are appended to it. */
  readonly logFile: string;
  readonly graceMs: number;
}

/** Starts it; rejects when the program cannot be executed. */
export const launch = async (options: Launch): Promise<ServerProcess> => {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a');
  try {
    const child = spawn(options.program, [...options.args], {
      stdio: ['ignore', log, log],
      detached: true,
    });
    const exited = exitOf(child);
    await once(child, 'spawn');
    return handleOf(child, exited, options.graceMs);
  } finally {
    closeSync(log);
  }
};

const exitOf = (child: ChildProcess): Promise<Exit> =>
  new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });

const handleOf = (child: ChildProcess, exited: Promise<Exit>, graceMs: number): ServerProcess => {
  const { pid } = child;
  if (pid === undefined) throw new Error('a child process that was spawned has no process id');
  const guard = guardOf(pid);
  // The guard goes with the child: a process id may be given to somebody else later.
  void exited.then(() => guard.kill('SIGKILL'));
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= end(child, exited, graceMs));
  return { pid, exited, stop };
};

const guardOf = (pid: number): ChildProcess => {
  const script = `read -r _; kill -TERM ${pid} 2>/dev/null`;
  const guard = spawn('/bin/sh', ['-c', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell there is no guard; the child is then ended by stop() alone.
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  guard.unref();
  return guard;
};

const end = async (child: ChildProcess, exited: Promise<Exit>, graceMs: number): Promise<void> => {
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await exited;
  clearTimeout(force);
};
