/** A database of its own for each test, made and read by psql. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { PostgresServer } from '../../servers/postgres.js';
import type { PlaceRow, RowHarness, RowPlace } from './row-source-suite.js';

let databases = 0;

const literal = (value: string | null): string =>
  value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`;

const valuesOf = (rows: readonly PlaceRow[]): string =>
  rows.map((row) => `(${row.map(literal).join(', ')})`).join(', ');

/** A psql that stays open, so that its transaction does. */
const openTransaction = async (server: PostgresServer, database: string) => {
  const child = spawn(
    'psql',
    ['-h', server.host, '-p', String(server.port), '-U', server.user, '-d', database, '-qAtX'],
    { env: { ...process.env, PGPASSWORD: server.password }, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  let output = '';
  const waiting: (() => void)[] = [];
  child.stdout.on('data', (text: Buffer) => {
    output += text.toString();
    for (const wake of waiting.splice(0)) wake();
  });
  const ask = async (sql: string): Promise<string> => {
    output = '';
    child.stdin.write(`${sql};\n\\echo done\n`);
    while (!output.includes('done\n')) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    return output.replace('done\n', '').trim();
  };
  return {
    ask,
    end: async (): Promise<void> => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
};

export const startPlace = async (server: PostgresServer): Promise<RowPlace> => {
  const database = `place_${String(++databases)}_${String(process.pid)}`;
  await server.psql(`create database ${database}`);
  const psql = (sql: string): Promise<string> => server.psqlIn(database, sql);
  const ends: (() => Promise<void>)[] = [];
  return {
    connection: {
      host: server.host,
      port: server.port,
      user: server.user,
      password: server.password,
      database,
    },
    connectionName: 'shop',
    schema: 'public',
    create: async (table, types, key) => {
      const columns = Object.entries(types).map(([name, type]) => `"${name}" ${type}`);
      const constraint = key === null ? [] : [`primary key (${key.join(', ')})`];
      await psql(`create table "${table}" (${[...columns, ...constraint].join(', ')})`);
    },
    insert: async (table, rows) => {
      if (rows.length > 0) await psql(`insert into "${table}" values ${valuesOf(rows)}`);
    },
    rows: async (table) => {
      const text = await psql(
        `set timezone = 'UTC'; select coalesce(json_agg(r order by r.o), '[]') from (select row_number() over (order by t) as o, (select json_agg(e.value) from json_each_text(row_to_json(t)) as e) as v from "${table}" as t) as r`,
      );
      return (JSON.parse(text) as { readonly v: PlaceRow }[]).map(({ v }) => v);
    },
    now: () => psql(`set timezone = 'UTC'; select clock_timestamp()`),
    late: async (table, rows) => {
      const transaction = await openTransaction(server, database);
      ends.push(transaction.end);
      await transaction.ask(`set timezone = 'UTC'`);
      await transaction.ask('begin');
      const now = await transaction.ask('select now()');
      await transaction.ask(`insert into "${table}" values ${valuesOf(rows(now))}`);
      return {
        commit: async () => {
          await transaction.ask('commit');
          await transaction.end();
        },
      };
    },
    leftovers: async () => {
      const text = await psql(
        `select coalesce(json_agg(tablename), '[]') from pg_tables where schemaname = 'tidemark' and tablename like 'stage%'`,
      );
      return JSON.parse(text) as string[];
    },
    [Symbol.asyncDispose]: async () => {
      for (const end of ends) await end().catch(() => undefined);
      await server.psql(`drop database if exists ${database} with (force)`);
    },
  };
};

export const postgresHarness = (name: string, server: () => PostgresServer): RowHarness => ({
  name,
  start: () => startPlace(server()),
});
