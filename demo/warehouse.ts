/**
 * The PostgreSQL side as an independent client sees it: psql where it is installed, else the driver `pg` itself; none of
 * Tidemark's code. Every count of rows that the demo prints beside a receipt comes from here.
 */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { DemoError, type Environment, runProgram } from './child-program.js';
import type { DevFacts } from './dev-facts.js';

export interface Warehouse {
  /** For the reader: `psql 15.18`. */
  readonly client: string;
  /** Runs statements; the first value of the last one, as text. */
  value(sql: string): Promise<string>;
  /** COPY of a CSV file with a header. */
  load(table: string, path: string): Promise<void>;
}

type Place = DevFacts['postgres'];

const byPsql = (place: Place, client: string, env: Environment, signal: AbortSignal): Warehouse => {
  const run = async (command: string): Promise<string> => {
    const { host, port, user, password, database } = place;
    const answer = await runProgram(
      {
        command: 'psql',
        args: ['-h', host, '-p', String(port), '-U', user, '-d', database, '-qAtX', '-c', command],
        cwd: '.',
        env: { ...env, PGPASSWORD: password },
      },
      signal,
    );
    if (answer.code === 0) return answer.out.trim();
    throw new DemoError(`psql -c ${JSON.stringify(command)}\n${answer.err}`);
  };
  return {
    client,
    value: run,
    load: async (table, path) => {
      await run(`\\copy ${table} from '${path.replaceAll("'", "''")}' csv header`);
    },
  };
};

const byDriver = (place: Place): Warehouse => {
  const withClient = async <T>(use: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client({ ...place, ssl: false });
    await client.connect();
    try {
      return await use(client);
    } finally {
      await client.end();
    }
  };
  return {
    client: 'the driver pg, since there is no psql on this machine',
    value: (sql) =>
      withClient(async (client) => {
        // Of several statements the driver gives a list of answers, which its types do not know.
        const answer: unknown = await client.query({ text: sql, rowMode: 'array' });
        const last = [answer].flat().at(-1) as pg.QueryArrayResult | undefined;
        return String((last?.rows[0] as readonly unknown[] | undefined)?.[0] ?? '');
      }),
    load: (table, path) =>
      withClient(async (client) => {
        const copy = client.query(copyFrom(`copy ${table} from stdin with (format csv, header)`));
        await pipeline(createReadStream(path), copy);
      }),
  };
};

/** psql if there is one. */
export const openWarehouse = async (
  place: Place,
  env: Environment,
  signal: AbortSignal,
): Promise<Warehouse> => {
  const program = { command: 'psql', args: ['--version'], cwd: '.', env };
  const version = await runProgram(program, signal).catch(() => null);
  const number = /\d+(\.\d+)*/.exec(version?.out ?? '')?.[0];
  if (version?.code !== 0 || number === undefined) return byDriver(place);
  return byPsql(place, `psql ${number}`, env, signal);
};
