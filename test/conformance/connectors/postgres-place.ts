/**
 * Schemas on a PostgreSQL server for the suites: a fresh one for each test, looked into by psql, and by sessions of the
 * driver where a transaction has to stay open.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { postgres } from '../../../src/connectors/postgres/index.js';
import type { RowSource } from '../../../src/connectors/row-connector.js';
import type { PostgresServer } from '../../servers/postgres.js';
import { freeLine } from './opening.js';

/** The connection as one writes it in the YAML. */
export const connectionOf = (server: PostgresServer) => ({
  host: server.host,
  port: server.port,
  user: server.user,
  password: server.password,
  database: server.database,
});

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** A session of the driver, with its own defaults; the caller ends it. */
export const openSession = async (server: PostgresServer): Promise<pg.Client> => {
  const client = new pg.Client({ ...connectionOf(server), application_name: 'somebody else' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

export const createSchema = async (server: PostgresServer): Promise<string> => {
  const schema = `only_${randomBytes(4).toString('hex')}`;
  await server.psql(`CREATE SCHEMA ${schema}`);
  return schema;
};

/** A fresh schema, a source that is open on it, and sessions beside; disposing ends them and drops the schema. */
export const sourcePlace = async (server: PostgresServer) => {
  const { rowSource, connection } = postgres;
  if (rowSource === undefined) throw new Error('it reads rows');
  const schema = await createSchema(server);
  const sessions: pg.Client[] = [];
  const open = (facts: Record<string, unknown> = {}): Promise<RowSource> =>
    rowSource.open(connection.options.parse({ ...connectionOf(server), ...facts }), freeLine('pg'));
  const source = await open();
  return {
    schema,
    source,
    open,
    session: async (): Promise<pg.Client> => {
      const client = await openSession(server);
      sessions.push(client);
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      await source[Symbol.asyncDispose]();
      for (const client of sessions) await client.end();
      await server.psql(`DROP SCHEMA ${schema} CASCADE`);
    },
  };
};
