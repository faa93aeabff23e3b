/** One program run, timed from outside: start-up and end belong to it. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ChildRun {
  readonly seconds: number;
  /** Processor time of the program and its threads, user and system. */
  readonly cpuSeconds: number;
  readonly output: string;
}

const ticksPerSecond = 100;

/** Fields 14 to 17 of /proc/PID/stat: own and waited-for children's processor time, in ticks. */
const statTicks = (pid: number | 'self'): readonly number[] => {
  const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  return text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
};

export const cpuSecondsOf = (pid: number): number => {
  const [user = 0, system = 0] = statTicks(pid);
  return (user + system) / ticksPerSecond;
};

const childrenSeconds = (): number => {
  const [, , user = 0, system = 0] = statTicks('self');
  return (user + system) / ticksPerSecond;
};

/** Rejects with the program's own words when it fails. Only one at a time: processor time is told apart by that. */
export const runChild = async (
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<ChildRun> => {
  const cpuBefore = childrenSeconds();
  const start = performance.now();
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0)
    throw new Error(`${program} ended with ${String(code)}: ${complaint.slice(-2000)}`);
  return { seconds, cpuSeconds: childrenSeconds() - cpuBefore, output };
};
