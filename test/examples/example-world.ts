/**
 * The example project as a user runs it: its real files in a temporary folder, the real dev stack, a real worker, and
 * the program `tidemark` itself. Only the data is small.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { temporalForTests } from '../servers/temporal.js';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const program = join(repository, 'dist', 'src', 'cli', 'main.js');

export const exampleProject = join(repository, 'example-pipelines');

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Without what the shell of the tests may have set for other servers. */
const cleanEnvironment = (cliPath: string): Environment => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(TEMPORAL|S3|SFTP|AWS|PG)_|^PG[A-Z]+$|^ENV$/.test(name),
    ),
  ),
  TEMPORAL_CLI_PATH: cliPath,
});

export const runTidemark = (
  args: readonly string[],
  cwd: string,
  env: Environment = process.env,
): Promise<Answer> =>
  new Promise((resolve) => {
    const options = { cwd, env, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [program, ...args], options, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, out, err });
    });
  });

export interface ExampleWorld extends AsyncDisposable {
  readonly project: string;
  readonly sftpRoot: string;
  readonly s3: {
    readonly endpoint: string;
    readonly region: string;
    readonly bucket: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
  };
  tidemark(...args: readonly string[]): Promise<Answer>;
  /** Standard output of the `temporal` CLI; throws unless it ends with 0. */
  temporal(...args: readonly string[]): Promise<string>;
  /** Runs statements by the driver itself; the first value of the last one, as text. */
  sql(statements: string): Promise<string>;
  /** Writes a file below the SFTP server's root. */
  put(path: string, content: string | Buffer): Promise<void>;
}

interface DevFile extends Pick<ExampleWorld, 's3'> {
  readonly sftp: { readonly root: string };
  readonly postgres: pg.ClientConfig;
  readonly temporal: { readonly address: string; readonly namespace: string; readonly cli: string };
}

const startProgram = async (
  args: readonly string[],
  cwd: string,
  env: Environment,
  readyText: string,
): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const collect = (chunk: Buffer): void => {
    text += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const deadlineMs = Date.now() + 60_000;
  while (!text.includes(readyText)) {
    if (child.exitCode !== null || Date.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new Error(`tidemark ${args.join(' ')} did not get ready:\n${text}`);
    }
    await sleep(50);
  }
  return child;
};

const stopProgram = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
};

const runTemporal = (cli: string, args: readonly string[], env: Environment): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(cli, [...args], { env }, (error, out, err) => {
      if (error === null) resolve(out);
      else reject(new Error(`temporal ${args.join(' ')}: ${err}`));
    });
  });

const runSql = async (place: pg.ClientConfig, statements: string): Promise<string> => {
  const client = new pg.Client({ ...place, ssl: false });
  await client.connect();
  try {
    const answer: unknown = await client.query({ text: statements, rowMode: 'array' });
    const last = [answer].flat().at(-1) as pg.QueryArrayResult | undefined;
    return String((last?.rows[0] as readonly unknown[] | undefined)?.[0] ?? '');
  } finally {
    await client.end();
  }
};

/** The usual ports are for one stack: two that start at once would both find them free. */
const freePorts = ['--temporal-port', '0', '--ui-port', '0'];

/** `original`: the folder of the project that is copied. */
export const startExampleWorld = async (original = exampleProject): Promise<ExampleWorld> => {
  const { cliPath } = temporalForTests();
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-example-'));
  const project = join(folder, 'example-pipelines');
  const isPart = (path: string): boolean => !path.includes('.tidemark');
  await cp(original, project, { recursive: true, filter: isPart });
  const env = cleanEnvironment(cliPath);
  const programs: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of programs.reverse()) await stopProgram(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    programs.push(await startProgram(['dev', ...freePorts], project, env, 'everything is up'));
    const facts = JSON.parse(
      await readFile(join(project, '.tidemark', 'dev.json'), 'utf8'),
    ) as DevFile;
    const timing = ['--heartbeat-timeout', '5s', '--retry-interval', '1s'];
    programs.push(await startProgram(['worker', ...timing], project, env, 'ready: project'));
    const temporalEnv = {
      ...env,
      TEMPORAL_ADDRESS: facts.temporal.address,
      TEMPORAL_NAMESPACE: facts.temporal.namespace,
    };
    return {
      project,
      sftpRoot: facts.sftp.root,
      s3: facts.s3,
      tidemark: (...args) => runTidemark(args, project, env),
      temporal: (...args) => runTemporal(facts.temporal.cli, args, temporalEnv),
      sql: (statements) => runSql(facts.postgres, statements),
      put: async (path, content) => {
        const full = join(facts.sftp.root, path);
        await mkdir(dirname(full), { recursive: true });
        await writeFile(full, content);
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
