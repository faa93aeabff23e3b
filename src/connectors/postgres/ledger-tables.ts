/**
 * Tidemark's own tables, in a schema of their own. Keeps true: `page` and the staging tables are unlogged both, so that a
 * crash of the server empties them together, and nothing is believed staged that is not there.
 */
import { TidemarkError } from '../../core/errors/error.js';
import type { PgSession } from './client.js';
import { denied } from './errors.js';
import { quoteIdent, quoteLiteral } from './quoting.js';

export const ledgerTables = (schema: string) => {
  const within = (name: string): string => `${quoteIdent(schema)}.${name}`;
  return {
    ledger: within('ledger'),
    receipt: within('receipt'),
    page: within('page'),
    loadedFile: within('loaded_file'),
    staging: (name: string): string => `${quoteIdent(schema)}.${quoteIdent(name)}`,
  };
};

const createSql = (schema: string): string => {
  const { ledger, receipt, page, loadedFile } = ledgerTables(schema);
  const whose = 'project text NOT NULL, asset text NOT NULL, partition text NOT NULL';
  return `
CREATE SCHEMA IF NOT EXISTS ${quoteIdent(schema)};
CREATE TABLE IF NOT EXISTS ${ledger} (${whose}, token bigint NOT NULL, version bigint NOT NULL,
  mark text, document jsonb NOT NULL, updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project, asset, partition));
CREATE TABLE IF NOT EXISTS ${receipt} (${whose}, window_id text NOT NULL, token bigint NOT NULL,
  low text, high text, staged bigint NOT NULL, inserted bigint NOT NULL, updated bigint NOT NULL,
  unchanged bigint NOT NULL, duplicates bigint NOT NULL, deleted bigint NOT NULL,
  published_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (project, asset, partition, window_id));
CREATE UNLOGGED TABLE IF NOT EXISTS ${page} (staging text NOT NULL, lane bigint NOT NULL,
  number bigint NOT NULL, position text NOT NULL, rows bigint NOT NULL, bytes bigint NOT NULL,
  crc32 text NOT NULL, PRIMARY KEY (staging, lane, number));
CREATE TABLE IF NOT EXISTS ${loadedFile} (${whose}, path text NOT NULL, digest text NOT NULL,
  window_id text NOT NULL, loaded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project, asset, partition, path));`;
};

export const haveLedgerTables = async (
  session: PgSession,
  schema: string,
  signal: AbortSignal,
): Promise<boolean> => {
  const { loadedFile } = ledgerTables(schema);
  const { rows } = await session.query('SELECT to_regclass($1)::text', [loadedFile], signal);
  return (rows[0]?.[0] ?? null) !== null;
};

/** Creates what is missing; safe for many at once. Throws `postgres/denied` with what is to be granted. */
export const ensureLedgerTables = async (
  session: PgSession,
  schema: string,
  signal: AbortSignal,
): Promise<void> => {
  if (await haveLedgerTables(session, schema, signal)) return;
  try {
    // `IF NOT EXISTS` alone fails where two create at the same time.
    const lock = `SELECT pg_advisory_xact_lock(hashtext(${quoteLiteral(`tidemark ${schema}`)}))`;
    await session.query(`BEGIN; ${lock}; ${createSql(schema)} COMMIT`, [], signal);
  } catch (error) {
    await session.query('ROLLBACK').catch(() => undefined);
    if (!(error instanceof TidemarkError) || error.code !== denied.code) throw error;
    throw new TidemarkError(
      denied,
      `creating the tables of the ledger in schema ${schema}: ${error.message}`,
      {
        fix: `Let an administrator run: CREATE SCHEMA ${quoteIdent(schema)} AUTHORIZATION <role>; or name another schema in ledger_schema.`,
        details: error.details,
      },
    );
  }
};
