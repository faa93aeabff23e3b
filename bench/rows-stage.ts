/**
 * What the benches of rows run on: PostgreSQL and versitygw on this machine, a Temporal dev server, a project and one
 * worker process. Neither server is ours. The table is the one of the reference measurements: 3,000,000 rows of ten columns.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { cacheFolder } from '../src/devstack/temporal/cache-folder.js';
import { findTemporalCli } from '../src/devstack/temporal/find-cli.js';
import { startTemporalServer, type TemporalServer } from '../src/devstack/temporal/start-server.js';
import { type PostgresServer, startPostgres } from '../test/servers/postgres.js';
import {
  findVersitygw,
  howToGetVersitygw,
  startVersitygw,
  type Versitygw,
} from '../test/servers/versitygw.js';
import { type Bucket, createBucket } from './bucket.js';
import { Endings } from './endings.js';
import { endWorker, startWorker } from './stage.js';

export const rowCount = Number(process.env['BENCH_ROWS'] ?? 3_000_000);

export const columns = 'id,customer_id,email,name,amount,status,created_at,is_gift,score,note';

const tableSql = `
create unlogged table orders as
select g::bigint as id,
 (1+(g*7919)%250000)::int as customer_id,
 'user'||((g*7919)%250000)||'@example'||(g%50)||'.com' as email,
 (array['Alice','Bob','Carol','Dàvid','Erin','François','Grace','Heidi'])[1+g%8]||' '||(array['Smith','O''Neil','Jones, Jr.','García','Müller','Lee'])[1+g%6] as name,
 (((g*37)%10000000)::numeric/100)::numeric(12,2) as amount,
 (array['pending','paid','shipped','cancelled','refunded'])[1+g%5] as status,
 (timestamptz '2020-01-01 00:00:00+00' + (g*13%157680000)*interval '1 second' + ((g*7919)%1000000)*interval '1 microsecond') as created_at,
 (g%3=0) as is_gift,
 (random()*1000)::float8 as score,
 case when g%4=0 then null when g%11=0 then 'said "please, call first"' else 'order note number '||g||' lorem ipsum dolor sit amet' end as note
from generate_series(1::bigint,${String(rowCount)}) g;
alter table orders add primary key(id);
create unlogged table orders_quarter as select * from orders where id <= ${String(Math.ceil(rowCount / 4))};
alter table orders_quarter add primary key(id);
create unlogged table orders_copy (like orders);
vacuum analyze orders, orders_quarter;`;

const unload = (name: string, table: string, target: string): string => `
  - name: ${name}
    source: { type: POSTGRES, connection: shop, configs: { ${table} } }
    target: { type: S3, connection: lake, configs: { ${target}, csv_options: { has_headers: false } } }`;

const parquet = (name: string, table: string, target: string): string => `
  - name: ${name}
    source: { type: POSTGRES, connection: shop, configs: { ${table} } }
    target: { type: S3, connection: lake, configs: { ${target}, object_type: PARQUET } }`;

const gzip =
  'key: rows/orders.csv.gz, compress_options: { compress_type: GUNZIP, action: COMPRESS }';

const copyTable = (name: string, table: string): string => `
  - name: ${name}
    source: { type: POSTGRES, connection: shop, configs: { table_name: ${table} } }
    target: { type: POSTGRES, connection: shop, configs: { table_name: orders_copy, sync_mode: append } }`;

const load = (name: string, key: string): string => `
  - name: ${name}
    source: { type: S3, connection: lake, configs: { key: ${key}, csv_options: { has_headers: false } } }
    target: { type: POSTGRES, connection: shop, configs: { table_name: orders_copy, sync_mode: append, force: true, column_match_config: target_column_order } }`;

const assets = `
assets:${[
  unload('unload_once', `sql: 'SELECT ${columns} FROM orders'`, 'key: rows/orders.csv'),
  unload('unload', 'table_name: orders', 'key: rows/orders.csv'),
  unload('unload_quarter', 'table_name: orders_quarter', 'key: rows/orders.csv'),
  unload('unload_two', 'table_name: orders, lanes: 2', 'prefix: rows'),
  unload('unload_gz', 'table_name: orders', gzip),
  unload('unload_gz_quarter', 'table_name: orders_quarter', gzip),
  parquet('parquet', 'table_name: orders', 'key: rows/orders.parquet'),
  parquet('parquet_two', 'table_name: orders, lanes: 2', 'prefix: rows'),
  copyTable('copy_table', 'orders'),
  copyTable('copy_table_quarter', 'orders_quarter'),
  load('load', 'rows/source.csv'),
  load('load_quarter', 'rows/source-quarter.csv'),
].join('')}
`;

const connections = `
resources:
  shop:
    type: PostgresResource
    config:
      host: "{{ env.BENCH_PG_HOST }}"
      port: "{{ env.BENCH_PG_PORT }}"
      user: "{{ env.BENCH_PG_USER }}"
      password: "{{ env.BENCH_PG_PASSWORD }}"
      database: "{{ env.BENCH_PG_DATABASE }}"
  lake:
    type: S3Resource
    config:
      endpoint_url: "{{ env.BENCH_S3 }}"
      access_key: "{{ env.BENCH_S3_ID }}"
      secret_key: "{{ env.BENCH_S3_SECRET }}"
      bucket_name: lake
`;

export interface RowsStage extends AsyncDisposable {
  readonly postgres: PostgresServer;
  readonly s3: { readonly endpoint: string; readonly keys: readonly [string, string] };
  readonly bucket: Bucket;
  readonly client: Client;
  readonly worker: { readonly pid: number };
  /** A worker of its own for what comes next. */
  renewWorker(): Promise<void>;
  /** For programs of others: libpq's and AWS's variables. */
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly versions: readonly string[];
}

const writeProject = async (root: string): Promise<void> => {
  await mkdir(join(root, 'connections'), { recursive: true });
  await mkdir(join(root, 'pipelines'), { recursive: true });
  await writeFile(join(root, 'tidemark.yaml'), 'name: bench\n');
  await writeFile(join(root, 'connections', 'common.yaml'), connections);
  await writeFile(join(root, 'pipelines', 'all.yaml'), assets);
};

/** For the project's `{{ env.X }}`, for the worker, and for programs of others: libpq's and AWS's variables. */
const environmentOf = (
  postgres: PostgresServer,
  s3: Versitygw,
  temporal: TemporalServer,
): NodeJS.ProcessEnv => ({
  ...process.env,
  TEMPORAL_ADDRESS: temporal.address,
  TEMPORAL_NAMESPACE: temporal.namespace,
  BENCH_PG_HOST: postgres.host,
  BENCH_PG_PORT: String(postgres.port),
  BENCH_PG_USER: postgres.user,
  BENCH_PG_PASSWORD: postgres.password,
  BENCH_PG_DATABASE: postgres.database,
  BENCH_S3: s3.endpoint,
  BENCH_S3_ID: s3.accessKeyId,
  BENCH_S3_SECRET: s3.secretAccessKey,
  PGHOST: postgres.host,
  PGPORT: String(postgres.port),
  PGUSER: postgres.user,
  PGPASSWORD: postgres.password,
  PGDATABASE: postgres.database,
  AWS_ACCESS_KEY_ID: s3.accessKeyId,
  AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
});

export const startRowsStage = async (): Promise<RowsStage> => {
  const binary = findVersitygw();
  if (binary === undefined) throw new Error(`a bench needs versitygw: ${howToGetVersitygw}`);
  await using started = new Endings();
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-'));
  started.add(() => rm(folder, { recursive: true, force: true }));
  const settings = { shared_buffers: '1GB', max_wal_size: '4GB', synchronous_commit: 'off' };
  const postgres = await startPostgres({ version: 'debian', settings });
  started.add(() => postgres[Symbol.asyncDispose]());
  await postgres.psql(tableSql);
  const s3 = await startVersitygw(binary);
  started.add(s3.close);
  const cli = await findTemporalCli({ env: process.env, cacheDir: cacheFolder(process.env) });
  const logFile = join(folder, 'temporal.log');
  const temporal = await startTemporalServer({ cli, headless: true, logFile });
  started.add(temporal.stop);
  const env = environmentOf(postgres, s3, temporal);
  const project = join(folder, 'project');
  await writeProject(project);
  const bucket = await createBucket(s3, 'lake');
  started.add(() => {
    bucket.close();
  });
  let worker = await startWorker(project, env);
  started.add(() => endWorker(worker));
  const channel = await Connection.connect({ address: temporal.address });
  started.add(() => channel.close());
  started.keep();
  return {
    postgres,
    s3: { endpoint: s3.endpoint, keys: [s3.accessKeyId, s3.secretAccessKey] },
    bucket,
    client: new Client({ connection: channel, namespace: temporal.namespace }),
    get worker() {
      return { pid: worker.pid ?? 0 };
    },
    renewWorker: async () => {
      await endWorker(worker);
      worker = await startWorker(project, env);
    },
    env,
    folder,
    versions: [`PostgreSQL ${postgres.version}`, `Temporal CLI ${cli.version}`],
    [Symbol.asyncDispose]: () => started.end(),
  };
};
