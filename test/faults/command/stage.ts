/**
 * Everything that rounds run on: Temporal, PostgreSQL, an S3 and an SFTP server, a small disk, one supervised worker, and a
 * proxy in front of each server for each side of a movement.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import type { OnRequest, SeenRequest } from '../../../src/devstack/s3/fault.js';
import type { Supervisor } from '../../../src/runtime/worker/supervisor.js';
import { startWorld, type World } from '../../e2e/world.js';
import { type FaultProxy, startFaultProxy } from '../../servers/fault-proxy.js';
import { type OwnTemporal, startOwnTemporal } from '../../servers/own-temporal.js';
import { findPostgres, type PostgresServer, startPostgres } from '../../servers/postgres.js';
import {
  type Ends,
  type FilePlace,
  type FilePlaceName,
  folderPlace,
  type PlaceName,
  s3Place,
} from './places.js';
import { lineOf, type ServerName, type Side, type Traffic } from './traffic.js';

const mebibyte = 1024 * 1024;
/** Of each connection, each way: a round takes seconds, so that there is something to be disturbed. */
const bytesPerSecond = 14 * mebibyte;
const diskBytes = 512 * mebibyte;

export interface Disk {
  readonly root: string;
  /** Null where this user may not mount one that can be filled. */
  readonly bytes: number | null;
}

export interface Stage extends AsyncDisposable {
  readonly world: World;
  readonly temporal: OwnTemporal;
  /** In front of Temporal, for everybody. */
  readonly temporalProxy: FaultProxy;
  readonly postgres: PostgresServer;
  readonly supervisor: Supervisor;
  readonly places: Readonly<Record<FilePlaceName, FilePlace>>;
  readonly disk: Disk;
  /** Where workers keep what they spool. */
  readonly spool: string;
  /** What answers instead of the S3 server, while a fault is on. */
  s3Fault: OnRequest | null;
  proxy(place: PlaceName, side: Side): FaultProxy | undefined;
  traffic(ends: Ends): Traffic;
}

const sides: readonly Side[] = ['source', 'target'];

const openDisk = async (root: string): Promise<Disk> => {
  await mkdir(root, { recursive: true });
  try {
    const size = `size=${String(diskBytes)},mode=755`;
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', size, 'tmpfs', root]);
    return { root, bytes: diskBytes };
  } catch {
    return { root, bytes: null };
  }
};

const closeDisk = async ({ root, bytes }: Disk): Promise<void> => {
  // Lazily: a worker that was killed a moment ago may still hold a file.
  if (bytes !== null) await promisify(execFile)('umount', ['-l', root]);
};

const connectionOf: Readonly<Record<ServerName, (port: number) => string>> = {
  s3: (port) => `
    type: S3Resource
    config:
      endpoint_url: "http://127.0.0.1:${String(port)}"
      region_name: "{{ env.S3_REGION }}"
      access_key: "{{ env.S3_ACCESS_KEY_ID }}"
      secret_key: "{{ env.S3_SECRET_ACCESS_KEY }}"
      bucket_name: "{{ env.S3_BUCKET }}"
`,
  sftp: (port) => `
    type: SFTPResource
    config:
      host: 127.0.0.1
      port: ${String(port)}
      username: "{{ env.SFTP_USERNAME }}"
      password: "{{ env.SFTP_PASSWORD }}"
      public_key: "{{ env.SFTP_HOST_KEY }}"
`,
  postgres: (port) => `
    type: PostgresResource
    config:
      host: 127.0.0.1
      port: ${String(port)}
      user: "{{ env.PG_USER }}"
      password: "{{ env.PG_PASSWORD }}"
      database: "{{ env.PG_DATABASE }}"
`,
};

const localConnection = (root: string): string => `
    type: LocalResource
    config: { root: "${root}", bytes_per_second: 14 MB }
`;

type Proxies = ReadonlyMap<string, FaultProxy>;

const startProxies = async (world: World, postgres: PostgresServer): Promise<Proxies> => {
  const ports: Readonly<Record<ServerName, number>> = {
    s3: Number(new URL(world.s3.endpoint).port),
    sftp: world.sftp.port,
    postgres: postgres.port,
  };
  const proxies = new Map<string, FaultProxy>();
  for (const [place, targetPort] of Object.entries(ports)) {
    for (const side of sides) {
      const line = { targetHost: '127.0.0.1', targetPort, bytesPerSecond };
      proxies.set(`${side}_${place}`, await startFaultProxy(line));
    }
  }
  return proxies;
};

const connectionsYaml = (proxies: Proxies, disk: Disk): string => {
  const servers = [...proxies].map(
    ([name, { port }]) => `  ${name}:${connectionOf[name.split('_')[1] as ServerName](port)}`,
  );
  const disks = sides.map((side) => `  ${side}_local:${localConnection(disk.root)}`);
  return `resources:\n${[...servers, ...disks].join('')}`;
};

const startServers = async () => {
  const version = findPostgres('debian') === undefined ? 'embedded' : 'debian';
  const [temporal, postgres] = await Promise.all([startOwnTemporal(), startPostgres({ version })]);
  await postgres.psql('create schema copies');
  return { temporal, postgres };
};

const noWorker = (code: number): never => {
  throw new Error(`the worker ended with code ${String(code)} and said why above`);
};

export interface StageOptions {
  /** The program of worker processes; default: the build beside the tests. */
  readonly program?: string;
}

export const startStage = async ({ program }: StageOptions = {}): Promise<Stage> => {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-faults-'));
  const spool = join(folder, 'spool');
  await mkdir(spool);
  const disk = await openDisk(join(folder, 'disk'));
  const { temporal, postgres } = await startServers();
  const [targetHost = '', targetPort = ''] = temporal.address.split(':');
  const temporalProxy = await startFaultProxy({ targetHost, targetPort: Number(targetPort) });
  const operations: string[] = [];
  let s3Fault: OnRequest | null = null;
  const world = await startWorld('faults', {
    temporal: { ...temporal, address: `${temporalProxy.host}:${String(temporalProxy.port)}` },
    onS3Request: (seen: SeenRequest) => {
      operations.push(seen.operation);
      return s3Fault?.(seen);
    },
    env: {
      PG_USER: postgres.user,
      PG_PASSWORD: postgres.password,
      PG_DATABASE: postgres.database,
      TMPDIR: spool,
    },
    ...(program === undefined ? {} : { program }),
  });
  const proxies = await startProxies(world, postgres);
  await world.yaml('connections/common.yaml', connectionsYaml(proxies, disk));
  // A worker does not start without a pipeline.
  await world.yaml('pipelines/faults.yaml', 'assets: []\n');
  const s3 = new S3Client({
    endpoint: world.s3.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: {
      accessKeyId: world.env['S3_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: world.env['S3_SECRET_ACCESS_KEY'] ?? '',
    },
  });
  const supervisor = world.superviseWorker();
  await Promise.race([supervisor.ready, supervisor.ended.then(noWorker)]);
  const proxy = (place: PlaceName, side: Side): FaultProxy | undefined =>
    proxies.get(`${side}_${place}`);
  return {
    ...{ world, temporal, temporalProxy, postgres, supervisor, disk, spool, proxy },
    places: {
      local: folderPlace('local', disk.root),
      sftp: folderPlace('sftp', world.sftpRoot),
      s3: s3Place(s3, world.bucket),
    },
    get s3Fault() {
      return s3Fault;
    },
    set s3Fault(fault) {
      s3Fault = fault;
    },
    traffic: ({ from, to }) => {
      const lines = { source: lineOf(proxy(from, 'source')), target: lineOf(proxy(to, 'target')) };
      const bytes = sides.reduce(
        (sum, side) => sum + lines[side].toTarget + lines[side].toClient,
        0,
      );
      return { lines, bytes, operations: [...operations] };
    },
    [Symbol.asyncDispose]: async () => {
      s3.destroy();
      await world[Symbol.asyncDispose]();
      await Promise.all([...proxies.values()].map((each) => each.close()));
      await postgres[Symbol.asyncDispose]();
      await temporalProxy.close();
      await temporal[Symbol.asyncDispose]();
      await closeDisk(disk);
      await rm(folder, { recursive: true, force: true });
    },
  };
};
