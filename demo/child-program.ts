/**
 * The programs that the demo starts: `tidemark` and `temporal`, nothing else.
 *
 * Background programs get a process group of their own, so that Ctrl-C reaches the demo alone, which then stops them in
 * order. What they print goes to a log file, which an error names.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type Environment = Readonly<Record<string, string | undefined>>;

/** An end of the demo that its reader can do something about. */
export class DemoError extends Error {}

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Environment;
}

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const textOf = async (stream: NodeJS.ReadableStream): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};

/** Runs to the end. Rejects when the signal aborts; the program is stopped then. */
export const runProgram = async (program: Program, signal: AbortSignal): Promise<Answer> => {
  const { command, args, cwd, env } = program;
  const child = spawn(command, [...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], signal });
  const ended = once(child, 'close');
  const [out, err, [code]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), ended]);
  return { code: typeof code === 'number' ? code : 1, out, err };
};

export interface Background {
  readonly pid: number;
  /** Rejects when the program ends by itself. */
  readonly died: Promise<never>;
  /** Asks it to stop, waits, kills it after the deadline. Idempotent. */
  stop(): Promise<void>;
}

const stopMs = 15_000;
const shownLines = 12;

const tailOf = (logFile: string): string =>
  readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-shownLines).join('\n');

const stopChild = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = new AbortController();
  await Promise.race([ended, sleep(stopMs, undefined, { signal: late.signal }).catch(() => null)]);
  late.abort();
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await ended;
  }
};

/** Resolves once it prints `readyText`; rejects with the end of its log when it ends before. */
export const startBackground = async (
  name: string,
  program: Program,
  until: {
    readonly readyText: string;
    readonly logFile: string;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  },
): Promise<Background> => {
  const { logFile, readyText } = until;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w', 0o600);
  const { command, args, cwd, env } = program;
  const child = spawn(command, [...args], {
    cwd,
    env,
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  let isStopping = false;
  const died = once(child, 'exit').then(([code, signal]): never => {
    const how = String(signal ?? `exit code ${String(code)}`);
    throw new DemoError(`${name} ended (${how}); the end of ${logFile}:\n${tailOf(logFile)}`);
  });
  // Whoever does not wait for it must not be ended by it.
  died.catch(() => undefined);
  const stop = async (): Promise<void> => {
    isStopping = true;
    await stopChild(child);
  };
  const ready = async (): Promise<void> => {
    const deadlineMs = performance.now() + until.timeoutMs;
    while (!readFileSync(logFile, 'utf8').includes(readyText)) {
      if (isStopping) return;
      if (performance.now() > deadlineMs) {
        throw new DemoError(
          `${name} was not ready after ${String(until.timeoutMs / 1000)} s; see ${logFile}`,
        );
      }
      await sleep(100, undefined, { signal: until.signal });
    }
  };
  try {
    await Promise.race([ready(), died]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid ?? 0, died, stop };
};
