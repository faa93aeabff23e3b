/**
 * The small world of whole runs with a PostgreSQL beside it, and a folder of the worker's disk: what tests of rows share.
 * What arrives is compared by psql, never by Tidemark itself.
 */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mustRun } from '../servers/must-run.js';
import {
  findPostgres,
  howToGetPostgres,
  type PostgresKind,
  type PostgresServer,
  startPostgres,
} from '../servers/postgres.js';
import type { RunReceipt } from '../../src/core/run/receipt.js';
import { connectionsYaml, startWorld, type World, type WorldOptions } from './world.js';

const names: Readonly<Record<PostgresKind, string>> = {
  debian: 'postgres15',
  embedded: 'postgres18',
};

export const hasPostgres = (kind: PostgresKind): boolean =>
  mustRun(names[kind], findPostgres(kind) !== undefined, howToGetPostgres[kind]);

export const postgresKinds: readonly PostgresKind[] = ['debian', 'embedded'];

/** Connection `shop`: the server that the worker's environment names. */
export const shopYaml = `
  shop:
    type: PostgresResource
    config:
      host: "{{ env.PG_HOST }}"
      port: "{{ env.PG_PORT }}"
      user: "{{ env.PG_USER }}"
      password: "{{ env.PG_PASSWORD }}"
      database: "{{ env.PG_DATABASE }}"
`;

/** Connection `disk`: a folder. */
const diskYaml = `
  disk:
    type: LocalResource
    config: { root: "{{ env.DISK_ROOT }}" }
`;

export interface Failed {
  /** Codes of the failures, the outermost first. */
  readonly codes: readonly string[];
  /** Everything that they say. */
  readonly text: string;
}

export interface RowsWorld extends AsyncDisposable {
  readonly world: World;
  readonly server: PostgresServer;
  readonly disk: string;
  run(type: string, input?: object): Promise<RunReceipt>;
  /** The run must fail; what it says. */
  fails(type: string, input?: object): Promise<Failed>;
  /** Writes a file below the root of the connection `disk`. */
  write(path: string, content: Buffer | string): Promise<void>;
  /** Rows that only one of two queries gives, both ways, compared by the text of the whole row. */
  differences(one: string, other: string): Promise<string>;
  /** Staging tables that are there; none after a run. */
  stagings(schema?: string): Promise<string>;
}

interface Cause {
  readonly type?: string;
  readonly message?: string;
  readonly cause?: Cause;
}

/** The chain of failures of a run, as its starter sees it. */
export const failureOf = (error: unknown): Failed => {
  const codes: string[] = [];
  const texts: string[] = [];
  for (let at = error as Cause | undefined; at !== undefined; at = at.cause) {
    if (at.type !== undefined) codes.push(at.type);
    if (at.message !== undefined) texts.push(at.message);
  }
  return { codes, text: texts.join('\n') };
};

/** What every session of ours pins, for psql. */
const pins = `set timezone = 'UTC'; set intervalstyle = postgres; set bytea_output = hex; set extra_float_digits = 3;`;

export interface RowsWorldOptions extends WorldOptions {
  readonly version: PostgresKind;
  readonly pipelines: string;
  /** Statements before the worker starts. */
  readonly sql?: string;
  /** More entries below `resources:`. */
  readonly connections?: string;
  /** Settings of the server. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Lines of tidemark.yaml beside the name. */
  readonly project?: string;
}

const openDisk = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-disk-'));
  await chmod(folder, 0o755);
  return folder;
};

export const startRowsWorld = async (
  name: string,
  options: RowsWorldOptions,
): Promise<RowsWorld> => {
  const { version, pipelines, sql, connections = '', settings, project, env, ...rest } = options;
  const server = await startPostgres({ version, ...(settings === undefined ? {} : { settings }) });
  if (sql !== undefined) await server.psql(sql);
  const disk = await openDisk();
  const world = await startWorld(name, {
    ...rest,
    env: {
      PG_HOST: server.host,
      PG_PORT: String(server.port),
      PG_USER: server.user,
      PG_PASSWORD: server.password,
      PG_DATABASE: server.database,
      DISK_ROOT: disk,
      ...env,
    },
  });
  if (project !== undefined) {
    await world.yaml('tidemark.yaml', `name: ${world.taskQueue}\n${project}`);
  }
  await world.yaml(
    'connections/common.yaml',
    connectionsYaml() + shopYaml + diskYaml + connections,
  );
  await world.yaml('pipelines/rows.yaml', pipelines);
  world.startWorker();
  return {
    world,
    server,
    disk,
    run: async (type, input = {}) =>
      (await world.result(await world.start(type, input))) as RunReceipt,
    fails: async (type, input = {}) => {
      const id = await world.start(type, input);
      const ended = await world.result(id).then(
        () => null,
        (error: unknown) => ({ error }),
      );
      if (ended === null) throw new Error(`${type} was to fail, and did not`);
      return failureOf(ended.error);
    },
    write: async (path, content) => {
      const full = join(disk, path);
      await mkdir(dirname(full), { recursive: true });
      await writeFile(full, content);
    },
    differences: (one, other) =>
      server.psql(`${pins} with a as (select whole_row::text as r from (${one}) as whole_row), b as (select whole_row::text as r from (${other}) as whole_row)
        select count(*) from ((table a except all table b) union all (table b except all table a)) as d`),
    stagings: (schema = 'tidemark') =>
      server.psql(
        `select count(*) from pg_tables where schemaname = '${schema}' and tablename like 'stage%'`,
      ),
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await rm(disk, { recursive: true, force: true });
    },
  };
};
