/**
 * G10 with a database: its password and the values of rows that do not fit
 * stay out of histories, errors and logs.
 */
import { randomBytes } from 'node:crypto';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPostgres, startRowsWorld, type RowsWorld } from './rows-world.js';

const canary = (): string => `canary${randomBytes(12).toString('hex')}`;

const source = (sql: string): string =>
  `{ type: POSTGRES, connection: shop, configs: { sql: ${JSON.stringify(sql)}, primary_key: id } }`;
const target =
  '{ type: POSTGRES, connection: shop, configs: { table_name: numbers, sync_mode: append } }';

const pipelines = `
assets:
  - name: good
    source: ${source(`select id, 1 as n from words where text <> 'x'`)}
    target: ${target}
  - name: keyed
    source: ${source(`select id, length('{{ fn.secrets.get("SQL_KEY") }}') as n from words where '{{ fn.secrets.get("SQL_KEY") }}' like 'canary%'`)}
    target: { type: POSTGRES, connection: shop, configs: { table_name: lengths, sync_mode: full-refresh, sql_post: ["update keys set used = true where key = '{{ fn.secrets.get('SQL_KEY') }}'"] } }
  - name: bad_key
    source: ${source(`select id, '{{ fn.secrets.get("SQL_KEY") }}'::int as n from words`)}
    target: ${target}
  - name: no_key
    source: ${source(`select id, 1 as n from words where text = '{{ fn.secrets.get("NOT_SET") }}'`)}
    target: ${target}
  - name: bad_sql
    source: ${source(`select id, text::int as n from words`)}
    target: ${target}
  - name: bad_row
    source: ${source('select id, text as n from words')}
    target: ${target}
  - name: bad_file
    source: { type: LOCAL, connection: disk, configs: { path: bad } }
    target: ${target}
  - name: refused
    source: { type: POSTGRES, connection: wrong, configs: { table_name: words } }
    target: ${target}
`;

const wrong = `
  wrong:
    type: PostgresResource
    config: { host: "{{ env.PG_HOST }}", port: "{{ env.PG_PORT }}", user: "{{ env.PG_USER }}", password: "{{ fn.secrets.get('WRONG_PASSWORD') }}", database: postgres }
`;

describe.skipIf(!hasPostgres('debian'))('G10: a database', () => {
  let rows: RowsWorld;
  const secrets = { WRONG_PASSWORD: canary(), SQL_KEY: `${canary()}'s` };
  const values = [canary(), canary()] as const;

  beforeAll(async () => {
    rows = await startRowsWorld('rows-canary', {
      version: 'debian',
      pipelines,
      connections: wrong,
      env: secrets,
      sql: `create table words (id int primary key, text text); insert into words values (1, '${values[0]}');
        create table numbers (id int, n int);
        create table lengths (id int, n int);
        create table keys (key text, used boolean); insert into keys values ('${secrets.SQL_KEY.replace("'", "''")}')`,
    });
    await rows.write('bad/1.csv', `id,n\n1,${values[1]}\n`);
  }, 90_000);

  afterAll(() => rows[Symbol.asyncDispose]());

  it('shows no secret and no value of a row, whatever goes wrong', async () => {
    const seen: string[] = [];
    const { client, taskQueue } = rows.world;
    await rows.run('good');
    await rows.run('keyed');
    const length = secrets.SQL_KEY.length;
    expect(await rows.server.psql('select id, n, used from lengths, keys')).toBe(`1|${length}|t`);
    expect((await rows.fails('no_key')).codes).toContain('plan/unset-variable');
    for (const name of ['bad_key', 'bad_sql', 'bad_row', 'bad_file', 'refused']) {
      const failed = await rows.fails(name);
      expect(failed.codes.length).toBeGreaterThan(0);
      seen.push(failed.text);
    }
    for (const name of [
      'good',
      'keyed',
      'no_key',
      'bad_key',
      'bad_sql',
      'bad_row',
      'bad_file',
      'refused',
    ]) {
      const handle = client.workflow.getHandle(`${taskQueue}/asset/${name}`);
      seen.push(historyToJSON(await handle.fetchHistory()));
    }
    seen.push(rows.world.workerLog());
    const everything = seen.join('\n');
    const payloads = [...everything.matchAll(/"data":\s*"([A-Za-z0-9+/=]+)"/g)]
      .map(([, data]) => Buffer.from(data ?? '', 'base64').toString())
      .join('\n');
    // The search works: what is no secret is found, inside payloads too.
    expect(everything).toContain('22P02');
    expect(payloads).toContain('numbers');
    expect(payloads).toContain('{"secret":"SQL_KEY"}');
    const hidden = [...Object.values(secrets), ...values, rows.server.password];
    const spelled = hidden.flatMap((text) => [
      text,
      Buffer.from(text).toString('base64').replace(/=+$/, ''),
      Buffer.from(text).toString('hex'),
    ]);
    for (const text of spelled) {
      expect(everything.includes(text) || payloads.includes(text), 'a value was found').toBe(false);
    }
  }, 120_000);
});
