/**
 * The staging table of a window and its pages. A page and its record are committed together, so that a page is staged
 * once; the record is the target's own answer to how far a lane is.
 */
import { createHash } from 'node:crypto';
import { TidemarkError } from '../../core/errors/error.js';
import type { Column } from '../../core/plan/rows.js';
import type { LedgerName } from '../../core/run/ledger.js';
import type { PreparedLoad } from '../../core/run/load.js';
import { badRow, columnMismatch, countsDiffer, stagingGone, typeMissing } from '../load-errors.js';
import type { LaneProgress, StagedPage, StagedRows } from '../row-connector.js';
import type { PgSession } from './client.js';
import { copyInSql } from './copy-text.js';
import { sqlstateOf } from './errors.js';
import { ledgerTables } from './ledger-tables.js';
import { quoteIdent, quoteList, quoteLiteral } from './quoting.js';

/** Of a window; the same whoever asks, and a name that nobody else gives. */
export const stagingName = (name: LedgerName, windowId: string): string => {
  const whose = JSON.stringify([name.project, name.asset, name.partition, windowId]);
  return `stage_${createHash('sha256').update(whose).digest('hex').slice(0, 24)}`;
};

export const isStagingName = (name: string): boolean => /^stage_[0-9a-f]{24}$/.test(name);

export const stagingTable = ({ plan, staging }: PreparedLoad): string =>
  ledgerTables(plan.ledgerSchema).staging(staging);

/** Which of the types this database does not have; PostgreSQL names none of them. */
const missingTypes = async (
  session: PgSession,
  columns: readonly Column[],
  signal: AbortSignal,
): Promise<string> => {
  const { rows } = await session.query(
    `SELECT c->>'name', c->>'type' FROM jsonb_array_elements($1::jsonb) AS c WHERE to_regtype(c->>'type') IS NULL`,
    [JSON.stringify(columns)],
    signal,
  );
  return rows.map(([name, type]) => `${name ?? ''} (${type ?? ''})`).join(', ');
};

/** Unlogged, like the records of its pages: half the writing, and a crash empties both. */
export const createStaging = async (
  session: PgSession,
  table: string,
  columns: readonly Column[],
  signal: AbortSignal,
): Promise<void> => {
  const list = columns.map(({ name, type }) => `${quoteIdent(name)} ${type}`).join(', ');
  const sql = `CREATE UNLOGGED TABLE IF NOT EXISTS ${table} (${list}) WITH (autovacuum_enabled = off)`;
  try {
    await session.query(sql, [], signal);
  } catch (error) {
    // Unknown type, or the schema that it would be in.
    if (sqlstateOf(error) !== '42704' && sqlstateOf(error) !== '3F000') throw error;
    const missing = await missingTypes(session, columns, signal);
    throw new TidemarkError(
      typeMissing,
      `staging rows: the database has no type for the columns ${missing}`,
    );
  }
};

export const noProgress: LaneProgress = {
  pages: 0,
  rows: 0,
  bytes: 0,
  position: null,
  crc32: '00000000',
};

export const laneProgress = async (
  session: PgSession,
  load: PreparedLoad,
  lane: number,
  signal: AbortSignal,
): Promise<LaneProgress> => {
  const { page } = ledgerTables(load.plan.ledgerSchema);
  const { rows } = await session.query(
    `SELECT number::text, position, bytes::text, crc32,
       (SELECT sum(rows)::text FROM ${page} WHERE staging = $1 AND lane = $2)
     FROM ${page} AS p WHERE staging = $1 AND lane = $2 ORDER BY p.number DESC LIMIT 1`,
    [load.staging, String(lane)],
    signal,
  );
  const [row] = rows;
  if (row === undefined) return noProgress;
  const [number, position, bytes, crc32, staged] = row;
  return {
    pages: Number(number),
    rows: Number(staged),
    bytes: Number(bytes),
    position: position ?? null,
    crc32: crc32 ?? '',
  };
};

/** What the target knows of a page: its rows, if it is staged; and the newest page of its lane. */
const stagedBefore = async (
  session: PgSession,
  load: PreparedLoad,
  page: StagedPage,
): Promise<{ readonly rows: number | null; readonly newest: number }> => {
  const { page: pages } = ledgerTables(load.plan.ledgerSchema);
  const { rows } = await session.query(
    `SELECT (sum(rows) FILTER (WHERE number = $3))::text, coalesce(max(number), 0)::text
     FROM ${pages} WHERE staging = $1 AND lane = $2`,
    [load.staging, String(page.lane), String(page.number)],
  );
  const [found = null, newest] = rows[0] ?? [];
  return { rows: found === null ? null : Number(found), newest: Number(newest) };
};

const lineTable = 'pg_temp.tidemark_line';

/** Keys of the lines that the staging table has no column for. */
const refuseUnknownKeys = async (
  session: PgSession,
  { plan, stagingColumns }: PreparedLoad,
): Promise<void> => {
  if (!plan.failOnColumnMismatch) return;
  const known = stagingColumns.map(({ name }) => quoteLiteral(name)).join(', ');
  const { rows } = await session.query(
    `SELECT DISTINCT k FROM ${lineTable} CROSS JOIN LATERAL json_object_keys(line) AS k
     WHERE k NOT IN (${known}) LIMIT 20`,
  );
  if (rows.length === 0) return;
  const names = rows.map(([name]) => name ?? '').join(', ');
  throw new TidemarkError(
    columnMismatch,
    `loading ${plan.table.name}: lines have ${names}, the table has not`,
  );
};

/** Lines of JSON: the server makes values of them, by the types of the staging table. */
const copyLines = async (
  session: PgSession,
  load: PreparedLoad,
  page: StagedPage,
  io: { readonly body: AsyncIterable<Buffer>; readonly signal: AbortSignal },
): Promise<number> => {
  const table = stagingTable(load);
  await session.query(
    `CREATE TEMP TABLE IF NOT EXISTS tidemark_line (line json) ON COMMIT DELETE ROWS`,
  );
  await session.copyIn(copyInSql(lineTable, ['line'], page.format), io.body, io.signal);
  await refuseUnknownKeys(session, load);
  const list = quoteList(load.stagingColumns.map(({ name }) => name));
  const values = load.stagingColumns.map(({ name }) => `r.${quoteIdent(name)}`).join(', ');
  // An empty line holds no row; COPY makes a NULL of it.
  const { count } = await session.query(
    `INSERT INTO ${table} (${list}) SELECT ${values} FROM ${lineTable} AS l
     CROSS JOIN LATERAL json_populate_record(NULL::${table}, l.line) AS r WHERE l.line IS NOT NULL`,
    [],
    io.signal,
  );
  return count;
};

const copyPage = (
  session: PgSession,
  load: PreparedLoad,
  page: StagedPage,
  io: { readonly body: AsyncIterable<Buffer>; readonly signal: AbortSignal },
): Promise<number> =>
  page.format.kind === 'jsonl'
    ? copyLines(session, load, page, io)
    : session.copyIn(copyInSql(stagingTable(load), page.columns, page.format), io.body, io.signal);

/** An error of the data, with its place in the page; the value that the server echoes stays behind. */
const rowError = (error: unknown, load: PreparedLoad, page: StagedPage): unknown => {
  const state = sqlstateOf(error);
  const what = `staging page ${String(page.number)} of lane ${String(page.lane)} for ${load.plan.table.name}`;
  if (state === '42P01') return new TidemarkError(stagingGone, `${what}: its table is gone`);
  if (state === undefined || !/^(22|23)/.test(state)) return error;
  const { cause, details } = error as TidemarkError;
  const { line, column } = details as { readonly line?: number; readonly column?: string };
  const place = [
    ...(line === undefined ? [] : [`line ${String(line)} of the page`]),
    ...(column === undefined ? [] : [`column ${column}`]),
  ].join(', ');
  return new TidemarkError(
    badRow,
    `${what}: SQLSTATE ${state}${place === '' ? '' : `, ${place}`}`,
    {
      cause,
      details: {
        sqlstate: state,
        ...(line === undefined ? {} : { line }),
        ...(column === undefined ? {} : { column }),
      },
    },
  );
};

const requireCount = (load: PreparedLoad, page: StagedPage, rows: number): void => {
  const expected = page.expectedRows?.();
  if (expected === undefined || expected === rows) return;
  throw new TidemarkError(
    countsDiffer,
    `staging page ${String(page.number)} for ${load.plan.table.name}: the source counted ${String(expected)} rows, the target ${String(rows)}`,
  );
};

const recordPage = async (
  session: PgSession,
  load: PreparedLoad,
  page: StagedPage,
  rows: number,
): Promise<void> => {
  const { page: pages } = ledgerTables(load.plan.ledgerSchema);
  await session.query(
    `INSERT INTO ${pages} (staging, lane, number, position, rows, bytes, crc32) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      load.staging,
      String(page.lane),
      String(page.number),
      page.position(),
      String(rows),
      String(page.bytes()),
      page.crc32(),
    ],
  );
};

/** A crash of the server empties staging: what a page would follow is then gone, although this attempt staged it. */
const requirePagesBelow = (load: PreparedLoad, page: StagedPage, newest: number): void => {
  if (newest >= page.number - 1) return;
  throw new TidemarkError(
    stagingGone,
    `staging page ${String(page.number)} of lane ${String(page.lane)} for ${load.plan.table.name}: the newest that is there is page ${String(newest)}`,
  );
};

/** Staged now, or by another attempt before. */
export const stagePage = async (
  session: PgSession,
  load: PreparedLoad,
  page: StagedPage,
  io: { readonly body: AsyncIterable<Buffer>; readonly signal: AbortSignal },
): Promise<StagedRows> => {
  const before = await stagedBefore(session, load, page);
  if (before.rows !== null) return { rows: before.rows, wasThere: true };
  await session.query('BEGIN');
  try {
    const rows = await copyPage(session, load, page, io);
    requireCount(load, page, rows);
    // Asked here, where the COPY holds the staging table: nobody can empty it between this answer and the commit.
    requirePagesBelow(load, page, (await stagedBefore(session, load, page)).newest);
    await recordPage(session, load, page, rows);
    await session.query('COMMIT', [], io.signal);
    return { rows, wasThere: false };
  } catch (error) {
    await session.query('ROLLBACK').catch(() => {
      session.destroy();
    });
    // Another attempt has staged it meanwhile; its record made ours impossible.
    const staged = sqlstateOf(error) === '23505' ? await stagedBefore(session, load, page) : null;
    if (staged !== null && staged.rows !== null) return { rows: staged.rows, wasThere: true };
    throw rowError(error, load, page);
  }
};

export const emptyStaging = async (
  session: PgSession,
  load: PreparedLoad,
  signal: AbortSignal,
): Promise<void> => {
  const { page } = ledgerTables(load.plan.ledgerSchema);
  const late = { newestToken: load.window.token, silentMs: 0 };
  await endHolders(session, stagingTable(load), late, signal);
  await session.query(
    `BEGIN; TRUNCATE ${stagingTable(load)}; DELETE FROM ${page} WHERE staging = ${quoteLiteral(load.staging)}; COMMIT`,
    [],
    signal,
  );
};

/**
 * Ends the sessions of late attempts that still hold the staging table: a process that stands still answers nobody, and
 * would be waited for as long as its connection stands. `newestToken`: of the caller; who holds a newer one is not late.
 * `silentMs`: only those whose client has said nothing for so long; 0 ends all.
 */
export const endHolders = async (
  session: PgSession,
  table: string,
  holder: { readonly newestToken: number | null; readonly silentMs: number },
  signal: AbortSignal,
): Promise<void> => {
  const { newestToken, silentMs } = holder;
  await session.query(
    `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
     WHERE a.usename = current_user AND a.pid <> pg_backend_pid()
       AND a.application_name ~ '^tidemark [0-9a-f]{16} [0-9]+$'
       AND ($2::bigint IS NULL OR split_part(a.application_name, ' ', 3)::bigint <= $2::bigint)
       AND ($3::bigint = 0 OR (a.wait_event = 'ClientRead'
         AND a.state_change < clock_timestamp() - $3::bigint * interval '1 millisecond'))
       AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.relation = to_regclass($1))`,
    [table, newestToken === null ? null : String(newestToken), String(silentMs)],
    signal,
  );
};

/** Only names that are ours are touched. */
export const dropStagings = async (
  session: PgSession,
  schema: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  const tables = ledgerTables(schema);
  for (const name of names.filter(isStagingName)) {
    // The fence was raised before: whoever still works for this window may publish nothing.
    await endHolders(session, tables.staging(name), { newestToken: null, silentMs: 0 }, signal);
    await session.query(
      `BEGIN; DROP TABLE IF EXISTS ${tables.staging(name)}; DELETE FROM ${tables.page} WHERE staging = ${quoteLiteral(name)}; COMMIT`,
      [],
      signal,
    );
  }
};
