/**
 * Files become rows of PostgreSQL in whole runs: headers of every kind, modes, statements around the publish, the seat belt.
 * A run that fails leaves the table, the ledger and the staging as they were.
 */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPostgres, startRowsWorld, type RowsWorld } from './rows-world.js';

const source = (path: string, options = ''): string =>
  `{ type: LOCAL, connection: disk, configs: { path: ${path}${options} } }`;

const asset = (name: string, from: string, into: string, more = ''): string => `
  - name: ${name}
    source: ${from}
    target: { type: POSTGRES, connection: shop, configs: { ${into} } }${more}`;

const append = 'sync_mode: append';
const refresh = 'sync_mode: full-refresh';

const pipelines = `
assets:
${asset('by_name', source('headers/by_name'), `table_name: by_name, ${append}`)}
${asset('by_position', source('headers/by_position'), `table_name: by_position, ${append}, column_match_config: target_column_order`)}
${asset('no_header', source('headers/none', ', csv_options: { has_headers: false }'), `table_name: no_header, ${append}`)}
${asset('other_marks', source('headers/marks', `, csv_options: { delimiter: ";", quotechar: "'", null_string: 'NULL' }`), `table_name: other_marks, ${append}`)}
${asset('lines', source('lines', ', object_type: JSONL'), `table_name: lines, ${append}`)}
${asset('from_sftp', '{ type: SFTP, connection: partner, configs: { path: /in } }', `table_name: from_sftp, ${append}`)}
${asset('created', source('created'), `table_name: made.created, auto_create_table: true, table_schema: [{ column_name: code, data_type: text }], ${append}`)}
${asset('grown', source('grown'), `table_name: grown, add_new_columns: true, ${append}`)}
${asset('lenient', source('lenient'), `table_name: lenient, column_mismatch_failure: false, ${append}`)}
${asset('strict', source('lenient'), `table_name: lenient, ${append}`)}
${asset('missing', source('created'), `table_name: not_there, ${append}`)}
${asset('again', source('again'), `table_name: again, ${append}`)}
${asset('upserted', source('upserted'), 'table_name: upserted, sync_mode: incremental, primary_key: id, force: true')}
${asset('refreshed', source('refreshed'), `table_name: refreshed, ${refresh}`)}
${asset('emptied', source('refreshed'), `table_name: refreshed, ${refresh}, max_shrink: any`)}
${asset('by_delete', source('by_delete'), `table_name: by_delete, sql_pre: DELETE FROM by_delete`)}
${asset('bad_row', source('bad_row'), `table_name: bad_row, ${append}`)}
${asset('bad_post', source('bad_post'), `table_name: bad_post, ${append}, sql_pre: ["INSERT INTO log VALUES ('pre')"], sql_post: ["SELECT 1/0"]`)}
${asset('around', source('bad_post'), `table_name: bad_post, ${append}, sql_pre: ["INSERT INTO log VALUES ('{{ params.who }}')", "CREATE TABLE IF NOT EXISTS extra (n int)"], sql_post: [{ sql: "INSERT INTO log SELECT ? || count(*) FROM bad_post", params: { text: "rows " } }]`, '\n    params: { who: "o\'hara" }')}
`;

const simple = (name: string): string => `create table ${name} (id int primary key, note text);`;

const tables = `
  create schema made; create table log (text text);
  create table by_name (id int, "Note Text" text, extra text);
  ${['by_position', 'no_header', 'other_marks', 'from_sftp', 'again', 'upserted', 'refreshed', 'by_delete', 'bad_row', 'bad_post', 'grown'].map(simple).join('\n')}
  create table lines (id int, note text, tags text[], doc jsonb, at timestamptz);
  create table lenient (id int, note text, extra text default 'kept');
  insert into refreshed select g, 'old' from generate_series(1, 10) g;
  insert into by_delete values (99, 'old'); insert into upserted values (1, 'old'), (2, 'same');
`;

describe.skipIf(!hasPostgres('debian'))('from files to tables, in whole runs', () => {
  let rows: RowsWorld;

  beforeAll(async () => {
    rows = await startRowsWorld('load', { version: 'debian', pipelines, sql: tables });
  }, 90_000);

  afterAll(() => rows[Symbol.asyncDispose]());

  const table = (name: string): Promise<string> =>
    rows.server.psql(
      `select coalesce(string_agg(t::text, ' ' order by t::text), '') from ${name} t`,
    );

  /** What a failed run must not change. */
  const ledger = (asset: string): Promise<string> =>
    rows.server.psql(
      `select coalesce(string_agg(document->>'mark', ','), '') from tidemark.ledger where asset = '${asset}'`,
    );

  it('headers are matched by name: any order, other case, quotes, a byte order mark, CRLF, gzip', async () => {
    await rows.write(
      'headers/by_name/1.csv',
      '\ufeffNOTE TEXT,"extra",Id\r\n"a, b",x,1\r\n,"",2\r\n',
    );
    await rows.write('headers/by_name/2.csv.gz', gzipSync('id,extra,"Note Text"\n3,,z'));
    expect(await rows.run('by_name')).toMatchObject({ rows: 3, reconciled: true });
    expect(await table('by_name')).toBe('(1,"a, b",x) (2,,"") (3,z,)');
  });

  it('or by position, whatever their names are, or there are none', async () => {
    await rows.write('headers/by_position/1.csv', 'x,"two\nlines"\n1,a\n');
    await rows.run('by_position');
    expect(await table('by_position')).toBe('(1,a)');
    await rows.write('headers/none/1.csv', '1,a\n2,\n');
    await rows.run('no_header');
    expect(await table('no_header')).toBe('(1,a) (2,)');
    await rows.write('headers/marks/1.csv', "id;note\n1;'a;b'\n2;NULL\n3;'NULL'\n");
    await rows.run('other_marks');
    expect(await table('other_marks')).toBe('(1,a;b) (2,) (3,NULL)');
  });

  it('lines of JSON are read by key, and a key that the table has not is refused', async () => {
    await rows.write(
      'lines/1.jsonl',
      '{"note":"a\\nb","id":1,"tags":["x",null],"doc":{"k":[1, 2]},"at":"2024-01-01T00:00:00.123456+02:00"}\n\n{"id":2}',
    );
    expect(await rows.run('lines')).toMatchObject({ rows: 2, reconciled: true });
    expect(
      await rows.server.psql(
        `set timezone='UTC'; select id, note = E'a\\nb', tags, doc, at from lines order by id`,
      ),
    ).toBe('1|t|{x,NULL}|{"k": [1, 2]}|2023-12-31 22:00:00.123456+00\n2||||');
    await rows.write('lines/2.jsonl', '{"id":3,"unknown":1}\n');
    const failed = await rows.fails('lines');
    expect(failed.codes).toContain('load/column-mismatch');
    expect(failed.text).toContain('unknown');
    expect(await rows.stagings()).toBe('0');
  });

  it('files of an SFTP server are loaded once, and a new version again', async () => {
    await rows.world.put('in/1.csv', 'id,note\n1,a\n');
    await rows.run('from_sftp');
    expect(await table('from_sftp')).toBe('(1,a)');
    expect(await rows.run('from_sftp')).toMatchObject({ rows: 0 });
    await rows.world.put('in/1.csv', 'id,note\n2,longer than before\n');
    await rows.run('from_sftp');
    expect(await table('from_sftp')).toBe('(1,a) (2,"longer than before")');
  });

  it('a table is made from what the files hold, and grows where that is asked for', async () => {
    await rows.write(
      'created/1.csv',
      'id,code,price,day,at,is,odd\n1,007,1.50,2024-01-31,2024-01-31 10:00:00.000001,t,1\n2,8,,,,f,x\n',
    );
    await rows.run('created');
    expect(
      await rows.server.psql(
        `select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum) from pg_attribute where attrelid = 'made.created'::regclass and attnum > 0`,
      ),
    ).toBe(
      'id bigint, code text, price numeric, day date, at timestamp without time zone, is boolean, odd text',
    );
    expect(await table('made.created')).toBe(
      '(1,007,1.50,2024-01-31,"2024-01-31 10:00:00.000001",t,1) (2,8,,,,f,x)',
    );
    await rows.write('grown/1.csv', 'id,note,more\n1,a,b\n');
    await rows.run('grown');
    expect(await table('grown')).toBe('(1,a,b)');
  });

  it('other columns than those of the table are refused by name, or left out where that is asked for', async () => {
    await rows.write('lenient/1.csv', 'id,unknown\n1,x\n');
    const failed = await rows.fails('strict');
    expect(failed.codes).toContain('load/column-mismatch');
    expect(failed.text).toContain('unknown');
    expect(failed.text).toContain('note, extra');
    await rows.run('lenient');
    expect(await table('lenient')).toBe('(1,,kept)');
    expect((await rows.fails('missing')).codes).toContain('load/table-missing');
  });

  it('rows of one key are updated, and of several in a file the last one counts', async () => {
    await rows.write('upserted/1.csv', 'id,note\n1,first\n3,new\n1,last\n2,same\n');
    const receipt = await rows.run('upserted');
    expect(receipt.assets[0]?.rows).toMatchObject({
      staged: 4,
      inserted: 1,
      updated: 1,
      unchanged: 1,
      duplicates: 1,
    });
    expect(await table('upserted')).toBe('(1,last) (2,same) (3,new)');
  });

  it('a truncated or empty source empties no table, unless that is written (G16)', async () => {
    const before = await table('refreshed');
    await rows.write('refreshed/1.csv', 'id,note\n1,new\n2,new\n');
    const shrunken = await rows.fails('refreshed');
    expect(shrunken.codes).toContain('load/too-few-rows');
    expect(shrunken.text).toContain('max_shrink');
    await rows.write('refreshed/1.csv', 'id,note\n');
    expect((await rows.fails('refreshed')).codes).toContain('load/too-few-rows');
    expect(await table('refreshed')).toBe(before);
    expect(await rows.stagings()).toBe('0');
    await rows.run('emptied');
    expect(await table('refreshed')).toBe('');
    await rows.write('refreshed/1.csv', 'id,note\n1,back\n');
    await rows.run('refreshed');
    expect(await table('refreshed')).toBe('(1,back)');
  });

  it('a statement that empties the target is a replacement', async () => {
    await rows.write('by_delete/1.csv', 'id,note\n1,new\n');
    await rows.run('by_delete');
    expect(await table('by_delete')).toBe('(1,new)');
    const receipt = await rows.run('by_delete');
    expect(receipt.assets[0]?.rows).toMatchObject({ inserted: 1, deleted: 1 });
  });

  it('a bad row ends the run with its place, and nothing is loaded', async () => {
    await rows.write('bad_row/1.csv', 'id,note\n1,a\n2,b\nthree,c\n');
    const failed = await rows.fails('bad_row');
    expect(failed.codes).toContain('load/bad-row');
    expect(failed.text).toContain('line 3 of the page, column id');
    expect(failed.text).not.toContain('three');
    expect(await table('bad_row')).toBe('');
    expect(await rows.stagings()).toBe('0');
    await rows.write('bad_row/1.csv', 'id,note\n1,a\n2,b\n3,c\n');
    expect(await rows.run('bad_row')).toMatchObject({ rows: 3 });
  });

  it('statements around the publish are part of it: all of it happens, or nothing', async () => {
    await rows.write('bad_post/1.csv', 'id,note\n1,a\n');
    expect((await rows.fails('bad_post')).text).toContain('22012');
    expect([await table('bad_post'), await table('log'), await ledger('bad_post')]).toEqual([
      '',
      '',
      '',
    ]);
    await rows.run('around');
    expect([await table('bad_post'), await table('log')]).toEqual(['(1,a)', `("rows 1") (o'hara)`]);
    expect(await table('extra')).toBe('');
  });
});
