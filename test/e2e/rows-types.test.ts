/**
 * G15: a table with every type goes to objects and back, and into another table, and psql finds the same text of every
 * row. NULL and the empty text stay apart. What a format cannot keep ends the run by name.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everyType } from '../conformance/connectors/postgres-reads.js';
import { hasPostgres, postgresKinds, startRowsWorld, type RowsWorld } from './rows-world.js';

interface Way {
  readonly name: string;
  readonly options: string;
  readonly key: string;
  /** Table that is read; what comes back is what `expected` holds. */
  readonly table: string;
  readonly expected: string;
}

const csv = { table: 's.every_type', expected: 's.every_type' };
const jsonl = { table: 's.json_rows', expected: 's.json_expected', object: ', object_type: JSONL' };

const ways: readonly Way[] = [
  { ...csv, name: 'csv', key: 'types/csv.csv', options: '' },
  { ...csv, name: 'csv_gz', key: 'types/csv_gz.csv.gz', options: '' },
  {
    ...csv,
    name: 'csv_marks',
    key: 'types/csv_marks.txt',
    options:
      ', csv_options: { delimiter: ";", quotechar: "\'", escapechar: "\\\\", quoting: ALL, null_string: nil, lineterminator: "\\r\\n" }',
  },
  {
    ...csv,
    name: 'csv_bare',
    key: 'types/csv_bare.txt',
    options: ', csv_options: { quoting: NONE, delimiter: "\\t", has_headers: false }',
  },
  { ...jsonl, name: 'jsonl', key: 'types/jsonl.jsonl', options: jsonl.object },
  { ...jsonl, name: 'jsonl_gz', key: 'types/jsonl_gz.jsonl.gz', options: jsonl.object },
];

const pair = ({ name, key, options, table }: Way): string => `
  - name: out_${name}
    source: { type: POSTGRES, connection: shop, configs: { table_name: ${table} } }
    target: { type: S3, connection: lake, configs: { key: ${key}${options} } }
  - name: in_${name}
    source: { type: S3, connection: lake, configs: { key: ${key}${options} } }
    target: { type: POSTGRES, connection: shop, configs: { table_name: back.${name}, sync_mode: append } }`;

/** Values that JSON lines cannot tell from others, one table each. */
const unspelled = {
  json_null: `doc json`,
  jsonb_null: `doc jsonb`,
  jsonb_null_inside: `doc jsonb[]`,
  other_bounds: `doc int[]`,
};
const unspelledValues = {
  json_null: `' null'`,
  jsonb_null: `'null'`,
  jsonb_null_inside: `array['1', 'null']::jsonb[]`,
  other_bounds: `'[0:1]={1,2}'`,
};
type Unspelled = keyof typeof unspelled;
const unspelledNames = Object.keys(unspelled) as readonly Unspelled[];

const unspelledAsset = (name: string): string => `
  - name: ${name}
    source: { type: POSTGRES, connection: shop, configs: { table_name: s.${name} } }
    target: { type: S3, connection: lake, configs: { key: refused/${name}.jsonl, object_type: JSONL } }`;

const copy = (name: string, table: string, options = ''): string => `
  - name: ${name}
    source: { type: POSTGRES, connection: shop, configs: { table_name: ${table} } }
    target: { type: POSTGRES, connection: ${options.includes('other') ? 'other' : 'shop'}, configs: { table_name: back.${name}, sync_mode: full-refresh${options.replace('other', '')} } }`;

const made = ', auto_create_table: true';

const pipelines = `
assets:${ways.map(pair).join('')}${unspelledNames.map(unspelledAsset).join('')}
${copy('copied', 's.every_type')}
${copy('made', 's.every_type', made)}
${copy('words', 's.words', made)}
${copy('moods', 's.moods', `other${made}`)}
${copy('moods_as_text', 's.moods', `other${made}, table_schema: [{ column_name: m, data_type: text }]`)}
`;

/** Another database of the same server, which has none of the types. */
const other = `
  other:
    type: PostgresResource
    config: { host: "{{ env.PG_HOST }}", port: "{{ env.PG_PORT }}", user: "{{ env.PG_USER }}", password: "{{ env.PG_PASSWORD }}", database: other }
`;

const tables = `
  create database other;
  create schema s; create schema back; ${everyType('s')};
  ${[...ways.map(({ name }) => name), 'copied'].map((name) => `create table back.${name} (like s.every_type including all);`).join('\n')}
  create table s.json_rows as table s.every_type; update s.json_rows set j = null where j::text = 'null';
  create table s.json_expected as table s.json_rows; update s.json_expected set j = replace(j::text, E'\\n', ' ')::json;
  ${unspelledNames.map((name) => `create table s.${name} (id int primary key, ${unspelled[name]}); insert into s.${name} values (1, null), (2, ${unspelledValues[name]});`).join('\n')}
  create table s.words (id int primary key, code text, day text, flag text);
  insert into s.words values (1, '1', '2024-01-01', 't'), (2, '20', '2024-01-02', 'f');
  create table s.moods (id int primary key, m s.mood); insert into s.moods values (1, 'sad'), (2, null);
`;

describe.each(postgresKinds)('every type of PostgreSQL (%s)', (kind) => {
  describe.skipIf(!hasPostgres(kind))('in whole runs', () => {
    let rows: RowsWorld;

    beforeAll(async () => {
      rows = await startRowsWorld('types', {
        version: kind,
        pipelines,
        connections: other,
        sql: tables,
      });
      await rows.server.psqlIn('other', 'create schema back');
    }, 90_000);

    afterAll(() => rows[Symbol.asyncDispose]());

    const typesOf = (table: string): Promise<string> =>
      rows.server.psql(
        `select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum) from pg_attribute where attrelid = '${table}'::regclass and attnum > 0`,
      );

    it.each(ways)(
      '$name: to S3 and back without a difference (G15)',
      async ({ name, expected }) => {
        await rows.run(`out_${name}`);
        const receipt = await rows.run(`in_${name}`);
        expect(receipt).toMatchObject({ rows: 5, reconciled: true });
        expect(await rows.differences(`table ${expected}`, `table back.${name}`)).toBe('0');
      },
    );

    it.each(['copied', 'made'])(
      '%s: from table to table without a difference (G15)',
      async (name) => {
        expect(await rows.run(name)).toMatchObject({ rows: 5, reconciled: true });
        expect(await rows.differences('table s.every_type', `table back.${name}`)).toBe('0');
        // A domain is made as the type that it is over: its rule belongs to the source.
        const wanted = await typesOf('s.every_type');
        expect(await typesOf(`back.${name}`)).toBe(
          name === 'made' ? wanted.replace('s.positive', 'integer') : wanted,
        );
      },
    );

    it('a column of text stays one, whatever it holds (G15)', async () => {
      await rows.run('words');
      expect(await typesOf('back.words')).toBe(await typesOf('s.words'));
    });

    it('a type that the target has not is refused with the column, and may be made as another (G15)', async () => {
      const failed = await rows.fails('moods');
      expect(failed.codes).toContain('load/type-missing');
      expect(failed.text).toContain('m (s.mood)');
      await rows.run('moods_as_text');
      const found = await rows.server.psqlIn('other', 'table back.moods_as_text');
      expect(found).toBe('1|sad\n2|');
    });

    it.each(unspelledNames)(
      '%s: what JSON lines cannot keep is refused by name (G15)',
      async (name) => {
        const failed = await rows.fails(name);
        expect(failed.codes).toContain('postgres/not-in-jsonl');
        expect(failed.text).toContain(
          `doc (${unspelled[name].slice(4).replace('int[', 'integer[')})`,
        );
        expect(await rows.world.head(`refused/${name}.jsonl`)).toBeNull();
        await rows.server.psql(`delete from s.${name} where id = 2`);
        expect(await rows.run(name)).toMatchObject({ rows: 1 });
      },
    );
  });
});
