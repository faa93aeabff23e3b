import { describe, expect, it } from 'vitest';
import type { RunContext } from '../../core/plan/plan.js';
import type { JsonObject } from '../../core/values/json.js';
import { planAsset } from '../plan-asset.js';
import { planItems } from '../plan-items.js';
import { planRun } from '../plan-run.js';
import { asset, endpoint, facts, file, project, rowConnectors } from '../planner.fixture.js';
import { checkAgainstShape } from './check-shape.js';
import {
  connections,
  failure,
  incremental,
  planned,
  rowsOf,
  table,
  toTable,
  type Given,
} from './rows-plan.fixture.js';

const intoVault = ['vault', 'vault'] as const;
const loading = ['shelf', 'vault'] as const;

describe('plans of rows', () => {
  it('a table to files, everything', () => {
    const plan = planned({ source: table });
    expect(plan.route).toBe('unload-rows');
    expect(plan.rows).toMatchObject({
      query: { table: { schema: 'sales', name: 'orders' }, sql: null, cursor: null, key: null },
      mark: null,
      load: null,
      fromStart: false,
      ledger: { project: 'shop', asset: 'orders', partition: '' },
      sizes: {
        pageRows: 50_000,
        pageBytes: 8_388_608,
        partBytes: 8_388_608,
        chunkParts: 32,
        lanes: 1,
      },
    });
  });

  it('a table to files, what is new since the mark', () => {
    expect(
      rowsOf({ source: { ...incremental, initial_cursor: '2026-01-01', settle: '5m' } }),
    ).toMatchObject({
      query: { cursor: 'updated_at' },
      mark: { column: 'updated_at', initial: '2026-01-01', settleMs: 300_000, nulls: 'fail' },
    });
  });

  it('files to a table, rows updated by their key', () => {
    const plan = planned({
      kinds: loading,
      source: { path: '/out' },
      target: toTable({ sync_mode: 'incremental', primary_key: 'id' }),
    });
    expect(plan.route).toBe('load-files');
    expect(plan.rows).toMatchObject({
      query: null,
      mark: null,
      force: false,
      load: {
        table: { schema: 'mirror', name: 'orders' },
        mode: 'upsert',
        key: ['id'],
        maxShrink: 0.5,
        ledgerSchema: 'tidemark',
      },
    });
    const facts = { connectors: rowConnectors, serverNowMs: null, targetConnection: {} };
    expect(planItems(plan, [file('a.csv')], facts).items.map(({ address }) => address)).toEqual([
      null,
    ]);
  });

  it('a table to a table, contents replaced', () => {
    const plan = planned({
      kinds: intoVault,
      source: table,
      target: toTable({ sync_mode: 'full-refresh', max_shrink: 'any', truncate: true }),
    });
    expect(plan.route).toBe('copy-rows');
    expect(plan.rows).toMatchObject({
      format: { rows: { kind: 'csv', header: false }, compression: 'none' },
      load: { mode: 'replace', key: null, maxShrink: null, truncate: true, partition: null },
    });
  });

  it('the shape is the same for every run, and another one for another query, mark or table', () => {
    const shape = (given: Given) => rowsOf(given).shapeHash;
    const base = shape({ source: incremental });
    expect(
      shape({
        source: incremental,
        owner: 'other',
        context: { plannedAt: '2027-01-01T00:00:00.000Z' },
      }),
    ).toBe(base);
    const others = [
      shape({ source: { ...incremental, table_name: 'b' } }),
      shape({ source: { ...incremental, nulls: 'skip' } }),
      shape({ source: incremental, target: { bucket_name: 'raw', prefix: 'q' } }),
      shape({ source: incremental, context: { fullRefresh: true } }),
    ];
    expect(new Set([base, ...others]).size).toBe(5);
  });

  it('tiny meets every boundary', () => {
    expect(rowsOf({ source: table, vary: 'tiny' }).sizes).toMatchObject({
      pageRows: 3,
      pageRowsMax: 3,
      chunkParts: 1,
    });
  });
});

describe('statements', () => {
  it('are bound in rows and stand in no options', () => {
    const plan = planned({
      kinds: intoVault,
      source: {
        sql: "SELECT * FROM t WHERE d = '{{ params.day }}' AND n = ?",
        params: { n: '{{ params.n }}' },
      },
      target: toTable({
        sql_pre: ["UPDATE audit SET day = '{{ params.day }}'"],
        sql_post: { sql: 'x = ?', params: { a: 1 } },
      }),
      params: { day: "1' OR '1'='1", n: 7 },
    });
    expect(plan.rows?.query?.sql).toEqual([
      'SELECT * FROM t WHERE d = ',
      { value: "1' OR '1'='1", as: 'text' },
      ' AND n = ',
      { value: '7', as: 'text' },
    ]);
    expect(plan.rows?.load?.sqlPre).toEqual([
      ['UPDATE audit SET day = ', { value: "1' OR '1'='1", as: 'text' }],
    ]);
    expect(plan.rows?.load?.sqlPost).toEqual([['x = ', { value: '1', as: 'text' }]]);
    expect(Object.keys(plan.source.options)).toEqual([]);
    expect(Object.keys(plan.target?.options ?? {})).toEqual(['table_name']);
  });

  it('values for question marks count in the order of the YAML, whatever their names are', () => {
    const { rows } = planned({
      kinds: intoVault,
      source: { sql: 'SELECT * FROM t WHERE d = ? AND n >= ?', params: { z: 'first', a: 2 } },
      target: toTable({
        sql_pre: { sql: 'x = ?, ?', params: { z: 1, a: 2 } },
        sql_post: [
          'y',
          { sql: 'z = ?, ?, ?', params: { z: 3, a: 4, '5th': 5 } },
          { sql: '?', params: [6] },
        ],
      }),
    });
    const bound = [rows?.query?.sql, ...(rows?.load?.sqlPre ?? []), ...(rows?.load?.sqlPost ?? [])];
    const values = bound.map((sql) =>
      sql?.flatMap((piece) => (typeof piece === 'object' && 'value' in piece ? [piece.value] : [])),
    );
    expect(values).toEqual([['first', '2'], ['1', '2'], [], ['3', '4', '5'], ['6']]);
  });

  it('a value outside of quotes is refused with asset, field and expression', () => {
    const failed = failure(() =>
      planned({
        source: { sql: 'SELECT * FROM t WHERE d = {{ params.day }}' },
        params: { day: 'x; DROP' },
      }),
    );
    expect(failed).toContain('plan/unsafe-sql: asset "orders", source.sql: {{ params.day }}');
  });

  it('a file of the project is the whole query', () => {
    const { query } = rowsOf({
      source: { sql: "{{ fn.file.read('q.sql') }}" },
      readFile: () => "SELECT 'a'",
    });
    expect(query?.sql).toEqual(["SELECT 'a'"]);
  });

  it.each([
    ['sql and table_name', { ...table, sql: 'SELECT 1' }, 'exactly one'],
    ['neither', {}, 'write table_name or sql'],
    ['several statements', { sql: 'SELECT 1; SELECT 2' }, 'several statements'],
    ['columns with sql', { sql: 'SELECT 1', columns: 'a' }, 'a query selects its own'],
    ['two schemas', { ...table, schema_name: 'b' }, '"sales" and "b"'],
    ['a table of three parts', { table_name: 'a.b.c' }, 'schema.table'],
    ['no cursor', { sql: 'SELECT 1', sync_mode: 'incremental' }, 'write cursor_column'],
    ['two cursors', { ...incremental, update_key: 'b' }, 'updated_at and b'],
    ['nulls without upsert', { ...incremental, nulls: 'include' }, 'nulls is include'],
    ['metadata.now alone', { sql: "SELECT '{{ metadata.now }}'" }, 'no mark'],
  ])('%s is refused', (_, source, says) => {
    expect(failure(() => planned({ source }))).toContain(says);
  });
});

describe('the cursor of a query', () => {
  it.each([
    ["u > '{{ metadata.last_cursor }}'", 'u'],
    ["o.updated_at >= '{{ metadata.last_cursor }}' AND x", 'updated_at'],
    ['"Changed At" > \'{{ metadata.last_cursor }}\'', 'Changed At'],
    ["'{{ metadata.last_cursor }}' < u", 'u'],
    ["u > CAST('{{ metadata.last_cursor }}' AS timestamp)", 'u'],
    ["u > timestamp '{{ metadata.last_cursor }}'", 'u'],
  ])('%s is read from %s', (predicate, column) => {
    expect(rowsOf({ source: { sql: `SELECT * FROM t WHERE ${predicate}` } }).mark?.column).toBe(
      column,
    );
  });

  it('is asked for where it cannot be told', () => {
    const sql =
      "SELECT * FROM t WHERE a > '{{ metadata.last_cursor }}' OR b > '{{ metadata.last_cursor }}'";
    expect(failure(() => planned({ source: { sql } }))).toContain('write cursor_column');
    expect(rowsOf({ source: { sql, cursor_column: 'b' } }).mark?.column).toBe('b');
  });
});

describe('modes of a load', () => {
  const load = (source: JsonObject, target: JsonObject, context: Partial<RunContext> = {}) =>
    rowsOf({ kinds: intoVault, source, target: toTable(target), context }).load;
  const day = {
    partition: '2026-01-31',
    partitionKey: { key: '2026-01-31', start: 'S', end: 'E', dimensions: null },
  };

  it.each([
    ['append by default', table, {}, 'append'],
    ['full-refresh replaces', table, { sync_mode: 'full-refresh' }, 'replace'],
    ['incremental with a key upserts', incremental, { primary_key: ['id'] }, 'upsert'],
    ['the key may stand at the source', { ...incremental, primary_key: ['id'] }, {}, 'upsert'],
    ['incremental without a key appends', incremental, {}, 'append'],
    [
      'a statement that empties the target replaces',
      table,
      { sql_pre: 'TRUNCATE mirror.orders' },
      'replace',
    ],
  ])('%s', (_, source, target, mode) => {
    expect(load(source, target)?.mode).toBe(mode);
  });

  it('what empties the target is not run as a statement too', () => {
    expect(load(table, { sql_pre: ['TRUNCATE mirror.orders', 'SELECT 1'] })?.sqlPre).toEqual([
      ['SELECT 1'],
    ]);
  });

  it('a full refresh of the run replaces and begins at the beginning, keeping the mark', () => {
    const rows = rowsOf({
      kinds: intoVault,
      source: incremental,
      target: toTable({ primary_key: 'id' }),
      context: { fullRefresh: true },
    });
    expect([rows.load?.mode, rows.fromStart, rows.mark?.column]).toEqual([
      'replace',
      true,
      'updated_at',
    ]);
  });

  it('replaced contents take every file again', () => {
    expect(
      rowsOf({
        kinds: loading,
        source: { path: '/o' },
        target: toTable({ sync_mode: 'full-refresh' }),
      }).force,
    ).toBe(true);
  });

  it('a partition replaces its own rows: a piece of time by its bounds, another by its key', () => {
    expect(load(table, { partition_column: 'd' }, day)).toMatchObject({
      mode: 'replace',
      partition: { column: 'd', start: 'S', end: 'E' },
    });
    const region = {
      partition: 'eu',
      partitionKey: { key: 'eu', start: null, end: null, dimensions: null },
    };
    expect(load(table, { partition_column: 'd' }, region)?.partition).toEqual({
      column: 'd',
      value: 'eu',
    });
    expect(load(table, { partition_column: 'd' })?.mode).toBe('append');
  });

  it.each([
    [
      'TRUNCATE for one partition',
      table,
      { sql_pre: 'TRUNCATE x', partition_column: 'd' },
      'empties the whole table',
    ],
    [
      'full refresh for one partition without its column',
      table,
      { sync_mode: 'full-refresh' },
      'all other partitions',
    ],
    ['a statement that cannot run inside', table, { sql_pre: 'VACUUM' }, 'VACUUM cannot run'],
    ['TRUNCATE afterwards', table, { sql_post: 'TRUNCATE x' }, 'just loaded'],
    [
      'different modes',
      { ...table, sync_mode: 'append' },
      { sync_mode: 'incremental' },
      'append at the source',
    ],
    ['lanes into a table', { ...table, lanes: 2 }, {}, 'several lanes'],
  ])('%s is refused', (_, source, target, says) => {
    expect(failure(() => load(source, target, day))).toContain(says);
  });

  it('replacing with only what is new is refused', () => {
    expect(failure(() => load(incremental, { sql_pre: 'TRUNCATE x' }))).toContain(
      'new since the mark',
    );
  });
});

it('rows are not only counted', () => {
  const definition = { source: endpoint('vault', 'erp', table), target: null };
  const definitionOf = project({ connections, assets: [asset('orders', definition)] });
  const run = planRun(definitionOf, {}, facts('orders', { env: {}, connectors: rowConnectors }));
  const [first] = run.assets;
  if (first === undefined) throw new Error('the run has no asset');
  const order = { ...run, asset: first, upstreams: {}, runId: 'run' };
  const known = { connectors: rowConnectors, owner: 'o', ownerStartedMs: 1, vary: null };
  expect(failure(() => planAsset(order, known))).toContain('plan/no-route');
});

it('columns that a query does not give are named with what was probably meant', () => {
  const rows = rowsOf({ source: { ...incremental, primary_key: 'idd' } });
  const columns = ['id', 'updated_at'].map((name) => ({
    name,
    type: 't',
    family: 'text' as const,
    nullable: false,
  }));
  expect(checkAgainstShape(rows, { columns })).toMatchObject([
    { field: 'source.primary_key', column: 'idd', hint: 'did you mean id?' },
  ]);
});
