/**
 * `tidemark` as a user runs it: a child process of the compiled program, in a folder of its own, with an environment that
 * names no server. What is started here is stopped by its own process id.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporalForTests } from '../servers/temporal.js';

const program = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

/** Nothing of the machine that runs the tests may point a command at a server. */
const cleanEnv = (): Record<string, string | undefined> => {
  if (!existsSync(program)) throw new Error(`${program} is missing: run \`npm run build\``);
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(TEMPORAL|S3|SFTP|TIDEMARK|AWS|PG)_|^PG[A-Z]+$/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    NO_COLOR: '1',
    TEMPORAL_CLI_PATH: temporalForTests().cliPath,
  };
};

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Everything printed so far. */
  text(): string;
  /** Waits until the output matches; fails with the output when the program ends before. */
  shows(pattern: RegExp, limitMs?: number): Promise<void>;
  /** SIGTERM, and its end. */
  stop(): Promise<Ended>;
}

export interface Place {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const follow = (child: ChildProcess): Running => {
  let out = '';
  let err = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close').then(([code]): Ended => ({
    code: code as number | null,
    out,
    err,
  }));
  const text = (): string => `${out}\n${err}`;
  const shows = async (pattern: RegExp, limitMs = 60_000): Promise<void> => {
    for (const deadline = Date.now() + limitMs; Date.now() < deadline; await sleep(50)) {
      if (pattern.test(text())) return;
      if (child.exitCode !== null || child.signalCode !== null) break;
    }
    if (!pattern.test(text()))
      throw new Error(`the program did not print ${String(pattern)}:\n${text()}`);
  };
  const stop = async (): Promise<Ended> => {
    child.kill('SIGTERM');
    return ended;
  };
  return { child, ended, text, shows, stop };
};

export const start = (args: readonly string[], { cwd, env = {} }: Place): Running =>
  follow(
    spawn(process.execPath, [program, ...args], {
      cwd,
      env: { ...cleanEnv(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );

/** Runs it to its end. */
export const tidemark = (args: readonly string[], place: Place): Promise<Ended> =>
  start(args, place).ended;

/** The `temporal` CLI as a user calls it, with the environment that `tidemark dev env` gives. */
export const temporalCli = (args: readonly string[], place: Place): Promise<Ended> =>
  follow(
    spawn(temporalForTests().cliPath, [...args], {
      cwd: place.cwd,
      env: { ...cleanEnv(), ...place.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  ).ended;

/** Ports of Temporal are chosen freely: two test files may start a stack in the same moment. */
export const freePorts = ['--temporal-port', '0', '--ui-port', '0'] as const;

export interface DevJson {
  readonly pid: number;
  readonly temporal: { readonly address: string; readonly ui: string };
  readonly s3: { readonly endpoint: string; readonly root: string; readonly bucket: string };
  readonly sftp: { readonly host: string; readonly port: number; readonly root: string };
  readonly postgres: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  readonly env: Readonly<Record<string, string>>;
}

export const readDevJson = (cwd: string): DevJson =>
  JSON.parse(readFileSync(join(cwd, '.tidemark', 'dev.json'), 'utf8')) as DevJson;

/** A folder below the system's temporary one, with these files. */
export const folderWith = (files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-cli-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
};

export const removeFolder = (folder: string): void => {
  rmSync(folder, { recursive: true, force: true });
};

const answers = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** The addresses that still answer when none does any more, or after the limit. */
export const stillAnswering = async (
  addresses: readonly string[],
  limitMs: number,
): Promise<readonly string[]> => {
  let left = addresses;
  for (
    const deadline = Date.now() + limitMs;
    left.length > 0 && Date.now() < deadline;
    await sleep(100)
  ) {
    const found = await Promise.all(
      left.map(async (address) => ((await answers(...partsOf(address))) ? [address] : [])),
    );
    left = found.flat();
  }
  return left;
};

const partsOf = (address: string): [host: string, port: number] => {
  const { hostname, port } = new URL(address.includes('://') ? address : `tcp://${address}`);
  return [hostname, Number(port)];
};

/** Every address of the stack. */
export const addressesOf = ({ temporal, s3, sftp, postgres }: DevJson): readonly string[] => [
  temporal.address,
  temporal.ui,
  s3.endpoint,
  `${sftp.host}:${String(sftp.port)}`,
  `${postgres.host}:${String(postgres.port)}`,
];

/** Polls until `check` answers something; fails after the limit. */
export const eventually = async <T>(
  what: string,
  limitMs: number,
  check: () => Promise<T | null>,
): Promise<T> => {
  for (const deadline = Date.now() + limitMs; Date.now() < deadline; await sleep(250)) {
    const found = await check();
    if (found !== null) return found;
  }
  throw new Error(`waited ${String(limitMs / 1000)} s in vain: ${what}`);
};
