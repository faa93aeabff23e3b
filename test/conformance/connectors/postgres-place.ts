/**
 * Schemas on a PostgreSQL server for the suites: a fresh one for each test, looked into by psql, and by sessions of the
 * driver where a transaction has to stay open.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { PostgresServer } from '../../servers/postgres.js';

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
