/**
 * A small world for tests of whole runs: an SFTP server, an S3 server, a project and worker processes, all real, all
 * on this machine, all stopped with the test. The servers live in the test's process, so that it can look at what they
 * saw; workers are processes of their own, so that they can be killed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HeadObjectCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { Client, Connection } from '@temporalio/client';
import { supervise, type Supervisor } from '../../src/runtime/worker/supervisor.js';
import type { OnRequest } from '../../src/devstack/s3/fault.js';
import { startS3Server, type S3Server } from '../../src/devstack/s3/server.js';
import { createHostKey } from '../../src/devstack/sftp/host-key.js';
import { startSftpServer, type SftpServer } from '../../src/devstack/sftp/sftp-server.js';
import { type TemporalForTests, temporalForTests } from '../servers/temporal.js';

const builtProgram = fileURLToPath(
  new URL('../../dist/src/runtime/worker/worker-process.js', import.meta.url),
);

export interface World extends AsyncDisposable {
  readonly root: string;
  readonly taskQueue: string;
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  readonly cliPath: string;
  readonly sftp: SftpServer;
  readonly sftpRoot: string;
  readonly s3: S3Server;
  readonly bucket: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes a file of the project. */
  yaml(path: string, text: string): Promise<void>;
  /** Writes a file below the SFTP server's root. */
  put(path: string, content: Buffer | string): Promise<string>;
  /** The folder or file below the S3 server's root that holds an object's bytes. */
  object(key: string): string;
  /** Everything that worker processes wrote so far. */
  workerLog(): string;
  startWorker(): ChildProcess;
  superviseWorker(): Supervisor;
  start(type: string, input?: object, workflowId?: string): Promise<string>;
  result(workflowId: string): Promise<unknown>;
  /** Entity tag and time of an object, by an independent client; null when it is not there. */
  head(key: string): Promise<{ readonly etag: string; readonly modified: string } | null>;
  /** Uploads that are open on the S3 server, asked for by an independent client. */
  openUploads(): Promise<number>;
}

export const connectionsYaml = (extra: { sftp?: string; s3?: string } = {}): string => `
resources:
  partner:
    type: SFTPResource
    config:
      host: "{{ env.SFTP_HOST }}"
      port: "{{ env.SFTP_PORT }}"
      username: "{{ env.SFTP_USERNAME }}"
      password: "{{ env.SFTP_PASSWORD }}"
      public_key: "{{ env.SFTP_HOST_KEY }}"
${extra.sftp ?? ''}
  lake:
    type: S3Resource
    config:
      endpoint_url: "{{ env.S3_ENDPOINT }}"
      region_name: "{{ env.S3_REGION }}"
      access_key: "{{ env.S3_ACCESS_KEY_ID }}"
      secret_key: "{{ env.S3_SECRET_ACCESS_KEY }}"
      bucket_name: "{{ env.S3_BUCKET }}"
${extra.s3 ?? ''}
`;

/** The connection `partner` under another name, with a limited line. */
export const slowConnection = (name: string, bytesPerSecond: string): string => `
  ${name}:
    type: SFTPResource
    config:
      host: "{{ env.SFTP_HOST }}"
      port: "{{ env.SFTP_PORT }}"
      username: "{{ env.SFTP_USERNAME }}"
      password: "{{ env.SFTP_PASSWORD }}"
      public_key: "{{ env.SFTP_HOST_KEY }}"
      bytes_per_second: ${bytesPerSecond}
`;

export const sha256Of = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

const settings = (root: string, taskQueue: string): string =>
  JSON.stringify({
    root,
    connectionFiles: [],
    taskQueue,
    memoryBytes: 64 * 1024 * 1024,
    // TIDEMARK_TIMING=production: what a worker does when nothing is set.
    timing:
      process.env['TIDEMARK_TIMING'] === 'production'
        ? {}
        : { heartbeatTimeoutMs: 5000, retryIntervalMs: 1000, stallMs: 10_000 },
  });

export interface WorldOptions {
  /** A server of the test's own, which it may kill; default: the one that all tests share. */
  readonly temporal?: TemporalForTests;
  /** Sees every request to the S3 server, and may answer a fault. */
  readonly onS3Request?: OnRequest;
  /** More variables for worker processes. */
  readonly env?: Readonly<Record<string, string>>;
  /** The program of worker processes; default: the build of this tree. */
  readonly program?: string;
  readonly onSftpRead?: Parameters<typeof startSftpServer>[0]['onRead'];
}

export const startWorld = async (name: string, options: WorldOptions = {}): Promise<World> => {
  const temporal = options.temporal ?? temporalForTests();
  const program = options.program ?? builtProgram;
  const folder = await mkdtemp(join(tmpdir(), `tidemark-${name}-`));
  const [root, sftpRoot, s3Root] = ['project', 'sftp', 's3'].map((part) => join(folder, part)) as [
    string,
    string,
    string,
  ];
  await Promise.all([root, sftpRoot, s3Root].map((path) => mkdir(path, { recursive: true })));
  const secret = (): string => randomBytes(16).toString('hex');
  const login = { username: 'partner', password: secret() };
  const sftp = await startSftpServer({
    root: sftpRoot,
    hostKey: createHostKey(),
    ...login,
    ...(options.onSftpRead === undefined ? {} : { onRead: options.onSftpRead }),
  });
  const keys = { accessKeyId: `test${secret()}`, secretAccessKey: secret() };
  const bucket = 'lake';
  const s3 = await startS3Server({
    root: s3Root,
    region: 'us-east-1',
    buckets: [bucket],
    ...keys,
    ...(options.onS3Request === undefined ? {} : { onRequest: options.onS3Request }),
  });
  const env = {
    ...process.env,
    ...options.env,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    SFTP_HOST: sftp.host,
    SFTP_PORT: String(sftp.port),
    SFTP_USERNAME: login.username,
    SFTP_PASSWORD: login.password,
    SFTP_HOST_KEY: sftp.publicKey,
    S3_ENDPOINT: s3.endpoint,
    S3_REGION: 'us-east-1',
    S3_BUCKET: bucket,
    S3_ACCESS_KEY_ID: keys.accessKeyId,
    S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
  };
  const independent = new S3Client({
    endpoint: s3.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: keys,
  });
  const taskQueue = temporal.randomTaskQueue(name);
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  const children: ChildProcess[] = [];
  const log: string[] = [];
  const supervisors: Supervisor[] = [];
  const write = async (base: string, path: string, content: Buffer | string): Promise<string> => {
    const full = join(base, path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, content);
    return full;
  };
  await write(root, 'tidemark.yaml', `name: ${taskQueue}\n`);
  await write(root, 'connections/common.yaml', connectionsYaml());
  return {
    root,
    taskQueue,
    client,
    address: temporal.address,
    namespace: temporal.namespace,
    cliPath: temporal.cliPath,
    sftp,
    sftpRoot,
    s3,
    bucket,
    env,
    yaml: async (path, text) => {
      await write(root, path, text);
    },
    put: (path, content) => write(sftpRoot, path, content),
    object: (key) => join(s3Root, bucket, key),
    workerLog: () => log.join(''),
    startWorker: () => {
      const child = fork(program, [settings(root, taskQueue)], {
        env,
        serialization: 'advanced',
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      });
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (text: Buffer) => {
          log.push(text.toString());
        });
      }
      children.push(child);
      return child;
    },
    superviseWorker: () => {
      const supervisor = supervise({
        client,
        args: [settings(root, taskQueue)],
        env,
        program,
        log: (line) => {
          process.stderr.write(`${line}\n`);
        },
      });
      supervisors.push(supervisor);
      return supervisor;
    },
    start: async (
      type,
      input = {},
      workflowId = `${taskQueue}/test/${randomBytes(4).toString('hex')}`,
    ) => {
      await client.workflow.start(type, { taskQueue, workflowId, args: [input] });
      return workflowId;
    },
    head: async (key) => {
      try {
        const found = await independent.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
        return { etag: found.ETag ?? '', modified: found.LastModified?.toISOString() ?? '' };
      } catch (error) {
        if (error instanceof Error && error.name === 'NotFound') return null;
        throw error;
      }
    },
    openUploads: async () => {
      const answer = await independent.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return (answer.Uploads ?? []).length;
    },
    result: (workflowId) => client.workflow.getHandle(workflowId).result(),
    [Symbol.asyncDispose]: async () => {
      for (const supervisor of supervisors) supervisor.stop();
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(supervisors.map((supervisor) => supervisor.ended));
      await sftp.close();
      await s3.close();
      await connection.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
