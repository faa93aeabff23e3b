/**
 * Windows and marks in whole runs (D23): cursors of every type that has an exact order, marks in a query, ledgers at every
 * kind of target, and a failing check that leaves target and mark as they were.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReceipt } from '../../src/core/run/receipt.js';
import { hasPostgres, startRowsWorld, type RowsWorld } from './rows-world.js';

/** Type, and the values of the first run, of the second, and of a tie with the mark that comes later. */
const cursors = {
  integer: ['bigint', '9007199254740993', '9007199254740994'],
  numeric: ['numeric(20,6)', '1.5', '1.500001'],
  timestamp: ['timestamp', '2024-01-01 00:00:00.123456', '2024-01-01 00:00:00.123457'],
  timestamptz: ['timestamptz', '2024-01-01 00:00:00.123456+00', '2024-01-01 00:00:00.123457+00'],
  date: ['date', '2024-01-01', '2024-01-02'],
  text: ['text', 'a', 'b'],
  uuid: ['uuid', '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002'],
} as const;
const names = Object.keys(cursors) as readonly (keyof typeof cursors)[];

const read = (name: string, options: string): string =>
  `    source: { type: POSTGRES, connection: shop, configs: { ${name === '' ? '' : `table_name: ${name}, `}${options} } }`;
const incremental = 'sync_mode: incremental, cursor_column: c';

const intoTable = (table: string, more = ''): string =>
  `    target: { type: POSTGRES, connection: shop, configs: { table_name: ${table}, sync_mode: incremental, primary_key: id${more} } }`;

const query = `
        sql: |
          with recent as (select * from q_source where c > '{{ metadata.last_cursor }}')
          select id, c from recent
          order by c desc
        primary_key: id
        cursor_column: c`;

const check = (name: string, text: string): string => `
  - name: ${name}
${read('checked', incremental)}
${intoTable(`t_${name}`)}
    checks: [${text}]`;

const checks = {
  row_count: '{ name: few, type: row_count, max: 2, SEVERITY }',
  unique: '{ name: one, type: unique, columns: note, SEVERITY }',
  not_null: '{ name: full, type: not_null, columns: note, SEVERITY }',
  freshness: '{ name: fresh, type: freshness, column: c, max_age: 1h, SEVERITY }',
  sql: `{ name: asked, type: sql, sql: "select 1 from staged where note = 'x'", SEVERITY }`,
  observation_diff:
    '{ name: same, type: observation_diff, source_key: rows_extracted, target_key: files_scanned, SEVERITY }',
};
const kinds = Object.keys(checks) as readonly (keyof typeof checks)[];
const severities = ['abort', 'warn'] as const;

const pipelines = `
assets:
${names.map((name) => `  - name: by_${name}\n${read(`s_${name}`, incremental)}\n${intoTable(`t_${name}`, ', ledger_schema: marks')}`).join('\n')}
  - name: by_float
${read('s_float', incremental)}
${intoTable('t_float')}
  - name: by_query
    source:
      type: POSTGRES
      connection: shop
      configs:${query}
${intoTable('q_target')}
${(['fail', 'include', 'skip'] as const).map((nulls) => `  - name: nulls_${nulls}\n${read('nulls', `${incremental}, nulls: ${nulls}`)}\n${intoTable(`nulls_${nulls}`)}`).join('\n')}
  - name: nulls_only
${read('only_nulls', `${incremental}, nulls: include`)}
${intoTable('nulls_only')}
  - name: to_s3
${read('places', incremental)}
    target: { type: S3, connection: lake, configs: { prefix: new } }
  - name: to_sftp
${read('places', incremental)}
    target: { type: SFTP, connection: partner, configs: { path: /new } }
  - name: to_disk
${read('places', incremental)}
    target: { type: LOCAL, connection: disk, configs: { path: new } }
${kinds.flatMap((kind) => severities.map((severity) => check(`${kind}_${severity}`, checks[kind].replace('SEVERITY', `severity: ${severity}`)))).join('')}
`;

const tables = `
  ${names.map((name) => `create table s_${name} (id int primary key, c ${cursors[name][0]} not null); create table t_${name} (like s_${name} including all); insert into s_${name} values (1, '${cursors[name][1]}');`).join('\n')}
  create table s_float (id int primary key, c float8 not null); create table t_float (like s_float including all);
  create table q_source (id int primary key, c timestamptz not null); create table q_target (like q_source including all);
  insert into q_source select g, timestamptz '2024-01-01' + g % 3 * interval '1 microsecond' from generate_series(1, 30) g;
  create table nulls (id int primary key, c int); insert into nulls values (1, 1), (2, null), (3, null);
  create table only_nulls (id int primary key, c int); insert into only_nulls values (1, null); create table nulls_only (like nulls including all);
  ${['fail', 'include', 'skip'].map((each) => `create table nulls_${each} (like nulls including all);`).join('\n')}
  create table places (id int primary key, c int not null); insert into places values (1, 1), (2, 2);
  create table checked (id int primary key, c timestamptz not null, note text);
  insert into checked values (1, '2024-01-01', 'x'), (2, '2024-01-01', 'x'), (3, '2024-01-02', null);
  ${kinds.flatMap((kind) => severities.map((severity) => `create table t_${kind}_${severity} (like checked including all);`)).join('\n')}
`;

describe.skipIf(!hasPostgres('debian'))('windows and marks, in whole runs', () => {
  let rows: RowsWorld;

  beforeAll(async () => {
    rows = await startRowsWorld('incremental', { version: 'debian', pipelines, sql: tables });
  }, 90_000);

  afterAll(() => rows[Symbol.asyncDispose]());

  const readBy = ({ assets }: RunReceipt): number | undefined => assets[0]?.rows?.read;

  it.each(names)(
    '%s: the mark is exact, ties come once, an idle run reads nothing (G3)',
    async (name) => {
      const [, first, second] = cursors[name];
      expect(readBy(await rows.run(`by_${name}`))).toBe(1);
      const insert = (id: number, value: string): Promise<string> =>
        rows.server.psql(`insert into s_${name} values (${String(id)}, '${value}')`);
      await insert(2, first);
      await insert(3, second);
      const receipt = await rows.run(`by_${name}`);
      expect(readBy(receipt)).toBe(2);
      const mark = await rows.server.psql(
        `set timezone = 'UTC'; select c from s_${name} order by c desc limit 1`,
      );
      expect(receipt.assets[0]?.window?.high).toBe(mark);
      expect(readBy(await rows.run(`by_${name}`))).toBe(0);
      expect(await rows.differences(`table s_${name}`, `table t_${name}`)).toBe('0');
      // The ledger stands in the schema of choice.
      expect(
        await rows.server.psql(
          `select document->'mark'->>'value' from marks.ledger where asset = 'by_${name}'`,
        ),
      ).toBe(mark);
    },
  );

  it('a float is refused as a cursor, with the types that are none', async () => {
    const failed = await rows.fails('by_float');
    expect(failed.codes).toContain('postgres/bad-cursor');
    expect(failed.text).toContain('double precision');
  });

  it('a query with WITH and ORDER BY takes its mark, and ties at it come once', async () => {
    expect(readBy(await rows.run('by_query'))).toBe(30);
    await rows.server.psql(
      `insert into q_source values (31, timestamptz '2024-01-01 00:00:00.000002+00'), (32, '2024-01-02')`,
    );
    expect(readBy(await rows.run('by_query'))).toBe(2);
    expect(readBy(await rows.run('by_query'))).toBe(0);
    expect(await rows.differences('table q_source', 'table q_target')).toBe('0');
  });

  it('rows without a cursor fail the run, come each time, or are left out', async () => {
    const never = await rows.fails('nulls_only');
    expect(never.text).toContain(
      '1 rows have no value in c, the cursor column, and no row has one',
    );
    const failed = await rows.fails('nulls_fail');
    expect(failed.text).toContain('2 rows have no value in c');
    expect(readBy(await rows.run('nulls_skip'))).toBe(1);
    const included = await rows.run('nulls_include');
    expect(readBy(included)).toBe(3);
    expect(included.assets[0]?.window?.null_cursors).toBe(2);
    expect(await rows.differences('table nulls', 'table nulls_include')).toBe('0');
    expect(await rows.server.psql('select count(*) from nulls_fail')).toBe('0');
  });

  it('each kind of target keeps its ledger, and a window its own file', async () => {
    const places = [
      ['to_s3', () => rows.world.object('new')],
      ['to_sftp', () => join(rows.world.sftpRoot, 'new')],
      ['to_disk', () => join(rows.disk, 'new')],
    ] as const;
    for (const [name] of places) expect(readBy(await rows.run(name))).toBe(2);
    await rows.server.psql('insert into places values (3, 2), (4, 3)');
    for (const [name, folder] of places) {
      expect(readBy(await rows.run(name))).toBe(2);
      expect(readBy(await rows.run(name))).toBe(0);
      const files = (await readdir(folder())).filter((file) => file.endsWith('.csv')).sort();
      expect(files).toEqual([`${name}_2.csv`, `${name}_start.csv`]);
      const text = await readFile(join(folder(), `${name}_2.csv`), 'utf8');
      expect(text).toBe('id,c\n3,2\n4,3\n');
    }
  });

  it.each(kinds)(
    '%s: abort leaves target and mark as they were, warn tells of it',
    async (kind) => {
      const failed = await rows.fails(`${kind}_abort`);
      expect(failed.codes).toContain('run/check-failed');
      expect(await rows.server.psql(`select count(*) from t_${kind}_abort`)).toBe('0');
      expect(
        await rows.server.psql(
          `select count(*) from tidemark.ledger where asset = '${kind}_abort' and document->>'mark' is not null`,
        ),
      ).toBe('0');
      expect(await rows.stagings()).toBe('0');
      const warned = await rows.run(`${kind}_warn`);
      expect(readBy(warned)).toBe(3);
      expect(warned.assets[0]?.checks).toMatchObject([{ passed: false, severity: 'warn' }]);
      expect(await rows.server.psql(`select count(*) from t_${kind}_warn`)).toBe('3');
    },
  );
});
