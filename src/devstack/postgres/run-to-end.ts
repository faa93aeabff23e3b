/** Runs one of PostgreSQL's own programs to its end, as the server's account and inside the data folder. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Account } from '../process/server-process.js';

export interface Program {
  readonly path: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly account: Account | undefined;
  /** Given by standard input: never by an argument, which every user of the machine could read. */
  readonly input?: string;
  /** An open file, which the program finds as /dev/fd/3. */
  readonly file?: number;
}

export interface ProgramEnd {
  readonly code: number | null;
  /** Standard output and errors. */
  readonly text: string;
}

/** Without what libpq's clients read: it is meant for other servers. */
export const serverEnvironment = (): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^PG[A-Z_]+$/.test(name)));

/** Rejects when it cannot be executed. */
export const runToEnd = async (program: Program): Promise<ProgramEnd> => {
  const { path, args, cwd, account, input, file } = program;
  const child = spawn(path, [...args], {
    cwd,
    env: { ...serverEnvironment(), LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe', file ?? 'ignore'],
    ...account,
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  }
  // It may end without reading what it is given.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text };
};
