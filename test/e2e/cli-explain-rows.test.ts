/** `tidemark explain --live` and `--sample` for assets of rows, against a real PostgreSQL: what only the source knows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../servers/postgres.js';
import { folderWith, removeFolder, tidemark } from './cli-program.js';
import { hasPostgres } from './rows-world.js';

const connections = `resources:
  shop:
    type: PostgresResource
    config:
      host: "{{ env.DB_HOST }}"
      port: "{{ env.DB_PORT }}"
      user: "{{ env.DB_USER }}"
      password: "{{ fn.secrets.get('DB_PASSWORD') }}"
      database: "{{ env.DB_NAME }}"
  disk: { type: LocalResource, config: { root: /tmp } }
`;

const right = `assets:
  - name: whole
    source:
      type: POSTGRES
      connection: shop
      configs: { table_name: sales.orders, cursor_column: changed_at, sync_mode: incremental }
    target: { type: LOCAL, connection: disk, configs: { path: whole } }
  - name: keyless
    source: { type: POSTGRES, connection: shop, configs: { table_name: sales.notes } }
    target: { type: LOCAL, connection: disk, configs: { path: keyless } }
  - name: keyed
    source:
      type: POSTGRES
      connection: shop
      configs:
        sql: "SELECT id FROM sales.orders WHERE note = '{{ fn.secrets.get('DB_KEY') }}'"
        primary_key: id
    target: { type: LOCAL, connection: disk, configs: { path: keyed } }
jobs:
  - { name: all, selection: [whole, keyless, keyed] }
`;

const wrong = `assets:
  - name: cursor
    source:
      type: POSTGRES
      connection: shop
      configs: { table_name: sales.orders, cursor_column: changed, sync_mode: incremental }
    target: { type: POSTGRES, connection: shop, configs: { table_name: t, sync_mode: incremental, primary_key: [id, idd] } }
  - name: column
    source: { type: POSTGRES, connection: shop, configs: { table_name: sales.orders, columns: [id, nota] } }
    target: { type: LOCAL, connection: disk, configs: { path: column } }
  - name: table
    source: { type: POSTGRES, connection: shop, configs: { table_name: sales.missing } }
    target: { type: LOCAL, connection: disk, configs: { path: table } }
  - name: typeless
    source: { type: POSTGRES, connection: shop, configs: { sql: "SELECT 1.5 AS total" } }
    target: { type: LOCAL, connection: disk, configs: { path: typeless, object_type: PARQUET } }
jobs:
  - { name: all, selection: [cursor, column, table, typeless] }
`;

const projectOf = (pipelines: string): string =>
  folderWith({
    'tidemark.yaml': 'name: live\n',
    'connections/common.yaml': connections,
    'pipelines/orders.yaml': pipelines,
  });

/** The lines that a server answers with: everything behind the plan itself. */
const answered = (text: string): readonly string[] => {
  const lines = text.split('\n');
  return lines.slice(lines.findIndex((line) => /^ {3}(?:live|sample) /.test(line)));
};

describe.skipIf(!hasPostgres('debian'))('explain of rows that asks the source', () => {
  let server: PostgresServer;
  let env: Readonly<Record<string, string>>;
  const folders = { right: projectOf(right), wrong: projectOf(wrong) };

  beforeAll(async () => {
    server = await startPostgres({ version: 'debian' });
    await server.psql(`
      create schema sales;
      create table sales.orders (id bigint primary key, note text, changed_at timestamptz not null);
      insert into sales.orders select g, 'note ' || g, timestamptz '2024-01-01' + g * interval '1 microsecond' from generate_series(1, 12) g;
      insert into sales.orders values (13, 'k3y''s', '2099-01-01');
      create table sales.notes (text text);
      insert into sales.notes values ('one'), ('two')`);
    env = {
      DB_HOST: server.host,
      DB_PORT: String(server.port),
      DB_USER: server.user,
      DB_PASSWORD: server.password,
      DB_NAME: server.database,
      DB_KEY: "k3y's",
    };
  }, 60_000);

  afterAll(async () => {
    Object.values(folders).forEach(removeFolder);
    await server[Symbol.asyncDispose]();
  });

  const explain = (project: keyof typeof folders, ...more: readonly string[]) =>
    tidemark(['explain', ...more], { cwd: folders[project], env });

  it('shows columns, key, rows, the end of the window and the first rows', async () => {
    const { code, out, err } = await explain('right', 'whole', '--live', '--sample', '2');
    expect([code, err]).toEqual([0, '']);
    expect(answered(out.trimEnd()).slice(0, 5)).toEqual([
      '   live    13 rows, key id (primary key)',
      '           id          bigint                    not null',
      '           note        text',
      '           changed_at  timestamp with time zone  not null',
      '   window  would end at "2024-01-01 00:00:00.000012+00"; 1 rows wait for a later one',
    ]);
    expect(answered(out.trimEnd()).slice(-3)).toEqual([
      '   sample  the first rows, by key where there is one',
      '           {"id":1,"note":"note 1","changed_at":"2024-01-01T00:00:00.000001+00:00"}',
      '           {"id":2,"note":"note 2","changed_at":"2024-01-01T00:00:00.000002+00:00"}',
    ]);
  });

  it('warns of a table that has no key, where it is named', async () => {
    const { code, out } = await explain('right', 'keyless', '--live');
    expect(code).toBe(0);
    expect(out).toContain('   live    2 rows, no key (');
    expect(out).toContain('warning[live/no-resume-key]: asset "keyless": the read cannot resume');
    expect(out).toContain('pipelines/orders.yaml:9:72');
  });

  it('fills a secret into the statement, and never shows it', async () => {
    const { code, out, err } = await explain('right', 'keyed', '--live', '--sample');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('$1 = the secret DB_KEY');
    expect(out).toContain('   live    1 rows, key id (declared)');
    expect(out).toContain('{"id":13}');
    expect(out).not.toContain('k3y');
  });

  it('gives columns and tables that are not there as findings with their places, all at once', async () => {
    const { code, out } = await explain('wrong', 'all', '--live', '--format', 'json');
    expect(code).toBe(1);
    const { diagnostics } = JSON.parse(out) as {
      diagnostics: { code: string; file: string; line: number; column: number; fix: string }[];
    };
    expect(
      diagnostics.map(({ code: kind, file, line, column }) => [kind, file, line, column]),
    ).toEqual([
      ['live/unknown-column', 'pipelines/orders.yaml', 6, 59],
      ['live/unknown-column', 'pipelines/orders.yaml', 7, 117],
      ['live/unknown-column', 'pipelines/orders.yaml', 9, 100],
      ['postgres/not-found', 'pipelines/orders.yaml', 12, 72],
      ['format/no-parquet-type', 'pipelines/orders.yaml', 15, 65],
    ]);
    expect(diagnostics[0]?.fix).toBe('did you mean changed_at?');
    const asText = await explain('wrong', 'column', '--live');
    expect(asText.code).toBe(1);
    expect(asText.out).toMatch(
      /error\[live\/unknown-column\]: asset "column": columns names "nota", .*columns: id, note, changed_at\n {2}pipelines\/orders\.yaml:9:100\n/,
    );
    expect(asText.out).toContain('1 error, 0 warnings');
  });

  it('asks nothing without --live or --sample', async () => {
    const { code, out } = await tidemark(['explain', 'all'], {
      cwd: folders.wrong,
      env: { ...env, DB_PORT: '1' },
    });
    expect([code, /^ {3}(?:live|sample) |\[live\//m.test(out)]).toEqual([0, false]);
  });
});
