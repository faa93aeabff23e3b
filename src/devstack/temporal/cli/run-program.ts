/** Runs a program to its end and returns what it printed; a failure carries the last lines of its output. */
import { execFile, type ExecFileException } from 'node:child_process';
import type { Environment } from '../cache-folder.js';

export interface RunOptions {
  readonly env: Environment;
  /** After this time the program is killed, and the run has failed. */
  readonly limitMs: number;
}

const shownLines = 3;

export const runProgram = (
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<string> =>
  new Promise((resolve, reject) => {
    const limits = {
      timeout: options.limitMs,
      killSignal: 'SIGKILL',
      maxBuffer: 16 * 1024 * 1024,
    } as const;
    execFile(program, args, { ...limits, env: { ...options.env } }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(reasonOf(program, error, `${stdout}\n${stderr}`, options.limitMs)));
    });
  });

const reasonOf = (
  program: string,
  error: ExecFileException,
  output: string,
  limitMs: number,
): string => {
  // Some errors of execFile carry a word here, although its type says number.
  const code: unknown = error.code;
  if (code === 'ENOENT') return `there is no program ${program}`;
  if (code === 'EACCES') return `${program} may not be executed`;
  if (error.killed === true) return `${program} did not end within ${limitMs / 1000} s`;
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const ending = typeof code === 'number' ? `exit code ${code}` : String(code ?? error.signal);
  return [`${program} failed (${ending})`, ...lines.slice(-shownLines)].join(': ');
};
