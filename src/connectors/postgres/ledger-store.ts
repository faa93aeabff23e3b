/** Ledgers as rows with a version: read, and replaced only while they are what was read. */
import { TidemarkError } from '../../core/errors/error.js';
import type { LedgerDocument, LedgerName } from '../../core/run/ledger.js';
import { ledgerText, parseLedger } from '../ledger-document.js';
import type { LedgerStore } from '../row-connector.js';
import type { PgClient, PgSession } from './client.js';
import { ensureLedgerTables, haveLedgerTables, ledgerTables } from './ledger-tables.js';

export interface StoredLedger {
  readonly document: LedgerDocument;
  readonly tag: string;
}

const whose = 'project = $1 AND asset = $2 AND partition = $3';

export const namesIn = ({ project, asset, partition }: LedgerName): readonly string[] => [
  project,
  asset,
  partition,
];

/** `lock`: `FOR UPDATE` or `FOR SHARE`, inside a transaction. */
export const readLedger = async (
  session: PgSession,
  {
    schema,
    name,
    lock = '',
  }: { readonly schema: string; readonly name: LedgerName; readonly lock?: string },
  signal: AbortSignal,
): Promise<StoredLedger | null> => {
  const { ledger } = ledgerTables(schema);
  const sql = `SELECT version::text, document::text FROM ${ledger} WHERE ${whose} ${lock}`;
  const [row] = (await session.query(sql, namesIn(name), signal)).rows;
  const [tag, text] = row ?? [];
  if (typeof tag !== 'string' || typeof text !== 'string') return null;
  return { document: parseLedger(text, `of ${name.asset} in ${ledger}`), tag };
};

/** The new version; null when somebody else wrote. */
export const writeLedger = async (
  session: PgSession,
  { schema, name }: { readonly schema: string; readonly name: LedgerName },
  change: { readonly document: LedgerDocument; readonly expected: string | null },
  signal: AbortSignal,
): Promise<string | null> => {
  const { ledger } = ledgerTables(schema);
  const { document, expected } = change;
  const values = [...namesIn(name), String(document.token), document.mark?.value ?? null];
  const sql =
    expected === null
      ? `INSERT INTO ${ledger} (project, asset, partition, token, mark, document, version)
         VALUES ($1, $2, $3, $4, $5, $6, 1) ON CONFLICT DO NOTHING RETURNING version::text`
      : `UPDATE ${ledger} SET token = $4, mark = $5, document = $6, version = version + 1, updated_at = now()
         WHERE ${whose} AND version::text = $7 RETURNING version::text`;
  const all = [...values, ledgerText(document), ...(expected === null ? [] : [expected])];
  const { rows } = await session.query(sql, all, signal);
  return rows[0]?.[0] ?? null;
};

export const ledgerStore = (client: PgClient, schema: string): LedgerStore => {
  const read: LedgerStore['read'] = async (name, signal) => {
    await using session = await client.session(`reading the ledger of ${name.asset}`, signal);
    if (!(await haveLedgerTables(session, schema, signal))) return null;
    return await readLedger(session, { schema, name }, signal);
  };
  return {
    read,
    write: async (name, document, expected, signal) => {
      const place = { schema, name };
      try {
        await using session = await client.session(`writing the ledger of ${name.asset}`, signal);
        await ensureLedgerTables(session, schema, signal);
        return await writeLedger(session, place, { document, expected }, signal);
      } catch (error) {
        if (!(error instanceof TidemarkError) || error.code !== 'postgres/unreachable') throw error;
        // The answer may have been lost: our own document is success.
        const found = await read(name, signal);
        if (found !== null && ledgerText(found.document) === ledgerText(document)) return found.tag;
        throw error;
      }
    },
  };
};
