/**
 * What a bench runs on: OpenSSH and versitygw on this machine, a line of 20 ms as a process of its own, a Temporal dev
 * server, a project and one worker process. Neither server is ours. All are stopped with the stage.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import type { RunReceipt } from '../src/core/run/receipt.js';
import { cacheFolder } from '../src/devstack/temporal/cache-folder.js';
import { findTemporalCli } from '../src/devstack/temporal/find-cli.js';
import { startTemporalServer, type TemporalServer } from '../src/devstack/temporal/start-server.js';
import { workerFlags } from '../src/runtime/worker/supervisor.js';
import { memoryBytesDefault } from '../src/runtime/worker/worker-settings.js';
import { openSshAvailable, type OpenSshServer, startOpenSsh } from '../test/servers/openssh.js';
import {
  findVersitygw,
  howToGetVersitygw,
  startVersitygw,
  type Versitygw,
} from '../test/servers/versitygw.js';
import { type Bucket, createBucket } from './bucket.js';
import { Endings } from './endings.js';

/** Where the client is, seen from the SFTP server. */
export type Line = 'near' | 'far';
export const lines: readonly Line[] = ['near', 'far'];
export const roundTripMs: Readonly<Record<Line, number>> = { near: 0, far: 20 };

export interface Place {
  readonly host: string;
  readonly ports: Readonly<Record<Line, number>>;
  readonly username: string;
  readonly keyFile: string;
  /** Folder of the files; the server shows it under the same path. */
  readonly root: string;
}

export interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly receipt: RunReceipt;
  readonly workflowId: string;
}

export interface Stage extends AsyncDisposable {
  readonly sftp: Place;
  readonly s3: {
    readonly endpoint: string;
    readonly region: string;
    readonly keys: readonly [string, string];
  };
  readonly bucket: Bucket;
  readonly client: Client;
  readonly env: NodeJS.ProcessEnv;
  readonly worker: { readonly pid: number };
  readonly versions: readonly string[];
}

const pipeline = (line: Line): string => `
  - name: large_${line}
    source: { type: SFTP, connection: ${line}, configs: { path: '{{ env.BENCH_ROOT }}/large', file_name: large.bin } }
    target: { type: S3, connection: lake, configs: { prefix: large } }
  - name: small_${line}
    source: { type: SFTP, connection: ${line}, configs: { path: '{{ env.BENCH_ROOT }}/small-${line}' } }
    target: { type: S3, connection: lake, configs: { prefix: small } }
`;

const connection = (line: Line): string => `
  ${line}:
    type: SFTPResource
    config:
      host: 127.0.0.1
      port: "{{ env.BENCH_PORT_${line.toUpperCase()} }}"
      username: "{{ env.BENCH_USER }}"
      private_key: "{{ env.BENCH_KEY }}"
      public_key: "{{ env.BENCH_HOST_KEY }}"
`;

const lake = `
  lake:
    type: S3Resource
    config:
      endpoint_url: "{{ env.BENCH_S3 }}"
      access_key: "{{ env.BENCH_S3_ID }}"
      secret_key: "{{ env.BENCH_S3_SECRET }}"
      bucket_name: lake
`;

const writeProject = async (root: string): Promise<void> => {
  await mkdir(join(root, 'connections'), { recursive: true });
  await mkdir(join(root, 'pipelines'), { recursive: true });
  await writeFile(join(root, 'tidemark.yaml'), 'name: bench\n');
  const connections = `resources:${lines.map(connection).join('')}${lake}`;
  await writeFile(join(root, 'connections', 'common.yaml'), connections);
  await writeFile(join(root, 'pipelines', 'all.yaml'), `assets:${lines.map(pipeline).join('')}`);
};

export const program = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface DelayLine {
  readonly port: number;
  stop(): void;
}

const startDelayLine = async (targetPort: number, delayMs: number): Promise<DelayLine> => {
  const child = spawn(
    process.execPath,
    [program('./delay-line.js'), String(targetPort), String(delayMs)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  return { port: Number(text.toString()), stop: () => child.stdin.end() };
};

export const startWorker = async (root: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> => {
  const settings = { root, connectionFiles: [], memoryBytes: memoryBytesDefault, timing: {} };
  const profile = process.env['BENCH_CPU_PROFILE'];
  const child = fork(
    program('../src/runtime/worker/worker-process.js'),
    [JSON.stringify(settings)],
    {
      env: { MALLOC_ARENA_MAX: '2', ...env },
      serialization: 'advanced',
      execArgv: [
        // As the supervisor starts it.
        ...workerFlags,
        ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
      ],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  );
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the worker did not start')));
    child.on('message', (message) => {
      if ((message as { kind?: string }).kind === 'ready') resolve();
    });
  });
  return child;
};

export const endWorker = async (child: ChildProcess): Promise<void> => {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
};

/** What the project's `{{ env.X }}`, the worker and the plain program read. */
const environmentOf = (
  ssh: OpenSshServer,
  s3: Versitygw,
  { far, temporal }: { readonly far: number; readonly temporal: TemporalServer },
): NodeJS.ProcessEnv => ({
  ...process.env,
  TEMPORAL_ADDRESS: temporal.address,
  TEMPORAL_NAMESPACE: temporal.namespace,
  BENCH_ROOT: ssh.root,
  BENCH_PORT_NEAR: String(ssh.port),
  BENCH_PORT_FAR: String(far),
  BENCH_USER: ssh.username,
  BENCH_KEY: ssh.privateKey,
  BENCH_HOST_KEY: ssh.hostPublicKey,
  BENCH_S3: s3.endpoint,
  BENCH_S3_ID: s3.accessKeyId,
  BENCH_S3_SECRET: s3.secretAccessKey,
});

export const startStage = async (): Promise<Stage> => {
  const binary = findVersitygw();
  if (binary === undefined) throw new Error(`a bench needs versitygw: ${howToGetVersitygw}`);
  if (!openSshAvailable()) throw new Error('a bench needs OpenSSH: apt-get install openssh-server');
  await using started = new Endings();
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-'));
  started.add(() => rm(folder, { recursive: true, force: true }));
  const ssh = await startOpenSsh();
  started.add(ssh.stop);
  const s3 = await startVersitygw(binary);
  started.add(s3.close);
  const delay = await startDelayLine(ssh.port, roundTripMs.far / 2);
  started.add(() => {
    delay.stop();
  });
  const keyFile = join(folder, 'key');
  await writeFile(keyFile, ssh.privateKey, { mode: 0o600 });
  const cli = await findTemporalCli({ env: process.env, cacheDir: cacheFolder(process.env) });
  const temporal = await startTemporalServer({
    cli,
    headless: true,
    logFile: join(folder, 'temporal.log'),
  });
  started.add(temporal.stop);
  const env = environmentOf(ssh, s3, { far: delay.port, temporal });
  const project = join(folder, 'project');
  await writeProject(project);
  const bucket = await createBucket(s3, 'lake');
  started.add(() => {
    bucket.close();
  });
  const worker = await startWorker(project, env);
  started.add(() => endWorker(worker));
  const channel = await Connection.connect({ address: temporal.address });
  started.add(() => channel.close());
  started.keep();
  return {
    sftp: {
      host: ssh.host,
      ports: { near: ssh.port, far: delay.port },
      username: ssh.username,
      keyFile,
      root: ssh.root,
    },
    s3: { endpoint: s3.endpoint, region: s3.region, keys: [s3.accessKeyId, s3.secretAccessKey] },
    bucket,
    client: new Client({ connection: channel, namespace: temporal.namespace }),
    env,
    worker: { pid: worker.pid ?? 0 },
    versions: [`Temporal CLI ${cli.version}`],
    [Symbol.asyncDispose]: () => started.end(),
  };
};
