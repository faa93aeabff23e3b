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
  /** The stop signal, and the other one when it is still there after the grace time. Idempotent. */
  readonly stop: () => Promise<void>;
}

/** A user that a process of root runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  /** Standard output and errors are appended to it. */
  readonly logFile: string;
  readonly graceMs: number;
  /** Default: our own. */
  readonly cwd?: string;
  /** Default: our own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Undefined: the one that we run as. */
  readonly account?: Account | undefined;
  /** Asks it to stop. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** Ends it after the grace time. Default SIGKILL. */
  readonly forceSignal?: NodeJS.Signals;
}

/** Starts it; rejects when the program cannot be executed. */
export const launch = async (options: Launch): Promise<ServerProcess> => {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a');
  try {
    const { cwd, env = process.env, account } = options;
    const child = spawn(options.program, [...options.args], {
      stdio: ['ignore', log, log],
      detached: true,
      cwd,
      env,
      ...account,
    });
    const exited = exitOf(child);
    await once(child, 'spawn');
    return handleOf(child, exited, options);
  } finally {
    closeSync(log);
  }
};

const exitOf = (child: ChildProcess): Promise<Exit> =>
  new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });

const handleOf = (child: ChildProcess, exited: Promise<Exit>, options: Launch): ServerProcess => {
  const { pid } = child;
  if (pid === undefined) throw new Error('a child process that was spawned has no process id');
  const guard = guardOf(pid, options.stopSignal ?? 'SIGTERM');
  // The guard goes with the child: a process id may be given to somebody else later.
  void exited.then(() => guard.kill('SIGKILL'));
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= end(child, exited, options));
  return { pid, exited, stop };
};

const guardOf = (pid: number, signal: NodeJS.Signals): ChildProcess => {
  const script = `read -r _; kill -${signal.replace('SIG', '')} ${String(pid)} 2>/dev/null`;
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

const end = async (child: ChildProcess, exited: Promise<Exit>, options: Launch): Promise<void> => {
  child.kill(options.stopSignal ?? 'SIGTERM');
  const force = setTimeout(() => child.kill(options.forceSignal ?? 'SIGKILL'), options.graceMs);
  await exited;
  clearTimeout(force);
};
