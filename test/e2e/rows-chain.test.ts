/**
 * Chains of rows (demand 6): what an upstream gave is what its downstream reads, parameters have their rank, and behind an
 * asset that failed its check nothing runs.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPostgres, startRowsWorld, type RowsWorld } from './rows-world.js';

const table = (name: string, more = ''): string =>
  `{ type: POSTGRES, connection: shop, configs: { table_name: ${name}, sync_mode: full-refresh, max_shrink: any${more} } }`;

const pipelines = `
assets:
  - name: landed
    source:
      type: POSTGRES
      connection: shop
      configs:
        sql: "select id, zone, amount from orders where zone = '{{ params.zone }}' and amount >= {{ params.least }}"
        primary_key: id
    target: { type: S3, connection: lake, configs: { key: "{{ params.folder }}/{{ params.zone }}/orders.csv" } }
  - name: by_key
    ins: { land: { key: landed } }
    source: { type: S3, connection: lake, configs: { key: "{{ land.result.keys[0] }}" } }
    target: ${table('by_key', `, sql_post: ["insert into notes values ('{{ land.result.rows }}', '{{ params.note }}')"]`)}
  - name: by_prefix
    ins: { land: { key: landed } }
    source: { type: S3, connection: lake, configs: { prefix: "{{ land.result.prefix }}" } }
    target: ${table('by_prefix')}
  - name: copied
    ins: { load: { key: by_key } }
    source:
      type: POSTGRES
      connection: shop
      configs:
        sql: "select id, '{{ load.result.rows }}'::int as of_rows, '{{ load.result.table_name }}' as of_table from {{ load.result.table_name }}"
        primary_key: id
    target: ${table('copied')}
  - name: counted
    deps: [copied, by_prefix]
    source:
      type: POSTGRES
      connection: shop
      configs: { sql: "select (select count(*) from copied) as copied, (select count(*) from by_prefix) as by_prefix", primary_key: copied }
    target: { type: POSTGRES, connection: shop, configs: { table_name: counted, sync_mode: append } }
  - name: judged
    source: { type: POSTGRES, connection: shop, configs: { table_name: orders } }
    target: ${table('judged')}
    checks: [{ name: few, type: row_count, max: 1, severity: abort }]
  - name: after_judged
    ins: { judged: { key: judged } }
    source: { type: POSTGRES, connection: shop, configs: { sql: "select id from {{ judged.result.table_name }}", primary_key: id } }
    target: ${table('after_judged')}
  - name: beside
    source: { type: POSTGRES, connection: shop, configs: { table_name: orders } }
    target: ${table('beside')}
jobs:
  - name: chain
    # Listed against the order in which they must run.
    selection: [counted, copied, by_prefix, by_key, landed]
    params_schema: { zone: [north, south], least: "int|10", note: "string|plain", folder: "string|chain" }
    job_overrides: { least: 20, folder: overridden }
    ops_config:
      by_key: { note: "{{ vars.note }} of {{ env.STAGE }}" }
      landed: { folder: "{{ vars.place }}" }
  - { name: checked, selection: [after_judged, judged, beside] }
`;

const orders = ['id', 'zone', 'amount'].join(', ');

describe.skipIf(!hasPostgres('debian'))('a chain of rows', () => {
  let rows: RowsWorld;

  beforeAll(async () => {
    rows = await startRowsWorld('rows-chain', {
      version: 'debian',
      pipelines,
      env: { STAGE: "it's a test" },
      sql: `
        create table orders (id int primary key, zone text, amount int);
        insert into orders select g, case when g % 2 = 0 then 'north' else 'south' end, g from generate_series(1, 60) g;
        create table by_key (like orders); create table by_prefix (like orders); create table judged (like orders);
        create table beside (like orders); create table after_judged (id int);
        insert into judged values (0, 'before', 0);
        create table copied (id int, of_rows int, of_table text);
        create table counted (copied int, by_prefix int);
        create table notes (of_rows text, note text)`,
    });
    await rows.world.yaml('vars/common.yaml', "note: a 'note'\nplace: from/vars\n");
  }, 90_000);

  afterAll(() => rows[Symbol.asyncDispose]());

  const chosen = (zone: string, least: number): string =>
    `select ${orders} from orders where zone = '${zone}' and amount >= ${least}`;

  const arrived = async (zone: string, least: number, count: number): Promise<void> => {
    for (const name of ['by_key', 'by_prefix'])
      expect(await rows.differences(`select ${orders} from ${name}`, chosen(zone, least))).toBe(
        '0',
      );
    expect(
      await rows.server.psql(
        'select count(*), min(of_rows), max(of_rows), min(of_table) from copied',
      ),
    ).toBe(`${count}|${count}|${count}|by_key`);
  };

  it('hands keys, prefix, rows and table on, in order, with defaults below overrides below ops_config', async () => {
    const receipt = await rows.run('chain');
    const [landed] = receipt.assets.filter(({ asset }) => asset === 'landed');
    expect(landed?.result).toMatchObject({
      keys: ['from/vars/north/orders.csv'],
      prefix: 'from/vars/north',
      rows: 21,
    });
    await arrived('north', 20, 21);
    expect(await rows.server.psql('select * from notes')).toBe("21|a 'note' of it's a test");
    // It depends on both by deps alone, and counts what they had when it ran.
    expect(await rows.server.psql('select * from counted')).toBe('21|21');
  }, 120_000);

  it('takes values of the launch before all others, for all assets or for one', async () => {
    await rows.run('chain', { params: { zone: 'south', 'landed.least': 51, note: 'launched' } });
    await arrived('south', 51, 5);
    expect(await rows.server.psql("select * from notes where note = 'launched'")).toBe(
      '5|launched',
    );
    expect(await rows.server.psql('select * from counted offset 1')).toBe('5|5');
  }, 120_000);

  it('refuses a value that is no choice, and says which are, before anything runs', async () => {
    const { codes, text } = await rows.fails('chain', { params: { zone: 'west' } });
    expect(codes.filter((code) => code.startsWith('plan/'))).toEqual(['plan/bad-parameter']);
    expect(text).toContain('"west"');
    expect(text).toMatch(/north.*south/);
    expect(await rows.server.psql('select count(*) from counted')).toBe('2');
  }, 60_000);

  it('skips what depends on an asset that failed its check, and runs what does not', async () => {
    const { text } = await rows.fails('checked');
    expect(text).toContain('checked: asset judged failed');
    expect(text).toContain('1 assets were skipped');
    expect(await rows.server.psql('select * from judged')).toBe('0|before|0');
    expect(await rows.server.psql('select count(*) from after_judged')).toBe('0');
    expect(await rows.server.psql('select count(*) from beside')).toBe('60');
    expect(await rows.stagings()).toBe('0');
  }, 120_000);
});
