/**
 * One transaction: the ledger's row first (the fence), then what it says, then the data, then the ledger's new document.
 * After a lost answer the ledger says whether it happened.
 */
import { TidemarkError } from '../../core/errors/error.js';
import { invariant } from '../../core/errors/invariant.js';
import type { Column, SqlText } from '../../core/plan/rows.js';
import { publishWindow } from '../../core/run/ledger-changes.js';
import { ledgerStale } from '../ledger-errors.js';
import { countsDiffer, stagingGone } from '../load-errors.js';
import type { LoadOutcome, PublishOrder } from '../row-connector.js';
import type { PgClient, PgSession } from './client.js';
import { tableColumns } from './columns.js';
import { inferColumns } from './infer-types.js';
import { namesIn, readLedger, type StoredLedger, writeLedger } from './ledger-store.js';
import { ledgerTables } from './ledger-tables.js';
import { type Changes, publishRows } from './publish-rows.js';
import { marksOf, quoteIdent, quoteList, quoteLiteral, quoteTable, renderSql } from './quoting.js';
import { endHolders, stagingTable } from './staging.js';

interface Step {
  readonly session: PgSession;
  readonly order: PublishOrder;
  readonly signal: AbortSignal;
}

const staleError = (order: PublishOrder, token: number): TidemarkError =>
  new TidemarkError(
    ledgerStale,
    `publishing ${quoteTable(order.load.plan.table)}: window ${order.load.window.id} has token ${String(order.load.window.token)}, the ledger is at ${String(token)}`,
  );

/** Takes the lock and looks: the ledger's row is the fence. */
const lockLedger = async ({ session, order, signal }: Step): Promise<StoredLedger> => {
  const { plan, ledger, window } = order.load;
  const schema = plan.ledgerSchema;
  const stored = await readLedger(session, { schema, name: ledger, lock: 'FOR UPDATE' }, signal);
  if (stored === null) throw staleError(order, 0);
  if (ledger.partition !== '') {
    const whole = { ...ledger, partition: '' };
    const asset = await readLedger(session, { schema, name: whole, lock: 'FOR SHARE' }, signal);
    const token = asset?.document.token ?? 0;
    if (token !== window.assetToken) throw staleError(order, token);
  }
  return stored;
};

const publishedBefore = async ({ session, order, signal }: Step): Promise<LoadOutcome> => {
  const { plan, ledger, window } = order.load;
  const { receipt } = ledgerTables(plan.ledgerSchema);
  const { rows } = await session.query(
    `SELECT staged::text, inserted::text, updated::text, unchanged::text, duplicates::text, deleted::text
     FROM ${receipt} WHERE project = $1 AND asset = $2 AND partition = $3 AND window_id = $4`,
    [...namesIn(ledger), window.id],
    signal,
  );
  const [staged, inserted, updated, unchanged, duplicates, deleted] = (rows[0] ?? []).map(Number);
  return {
    staged: staged ?? 0,
    inserted: inserted ?? 0,
    updated: updated ?? 0,
    unchanged: unchanged ?? 0,
    duplicates: duplicates ?? 0,
    deleted: deleted ?? 0,
    wasPublished: true,
  };
};

/** What is staged must be what was read, page by page and in all. */
const countStaged = async ({ session, order, signal }: Step): Promise<number> => {
  const { load, rows } = order;
  const { page } = ledgerTables(load.plan.ledgerSchema);
  const counted = await session.query(
    `SELECT (SELECT count(*)::text FROM ${stagingTable(load)}),
       (SELECT coalesce(sum(rows), 0)::text FROM ${page} WHERE staging = $1)`,
    [load.staging],
    signal,
  );
  const [staged = 0, recorded = 0] = (counted.rows[0] ?? []).map(Number);
  if (staged === rows && recorded === rows) return staged;
  const what = `publishing ${quoteTable(load.plan.table)}: ${String(rows)} rows were read, ${String(staged)} are staged`;
  // A crash of the server empties staging tables with the records of their pages.
  if (staged === recorded) throw new TidemarkError(stagingGone, what);
  throw new TidemarkError(countsDiffer, `${what}, ${String(recorded)} are recorded`);
};

const createTable = async (
  { session, order, signal }: Step,
  columns: readonly Column[],
): Promise<void> => {
  const { plan } = order.load;
  const list = columns.map(({ name, type }) => `${quoteIdent(name)} ${type}`);
  const key = plan.key === null ? [] : [`PRIMARY KEY (${quoteList(plan.key)})`];
  await session.query(
    `CREATE TABLE ${quoteTable(plan.table)} (${[...list, ...key].join(', ')})`,
    [],
    signal,
  );
};

/** The columns to fill; makes the table, or adds columns, where the YAML says so. */
const ensureTable = async (step: Step): Promise<readonly Column[]> => {
  const { session, order, signal } = step;
  const { plan, stagingColumns } = order.load;
  const existing = await tableColumns(session, plan.table, signal);
  if (existing === null) {
    const made = await inferColumns(session, stagingTable(order.load), plan, stagingColumns);
    await createTable(step, made);
    return made;
  }
  const known = new Map(existing.map((column) => [column.name, column]));
  const added = plan.addNewColumns ? stagingColumns.filter(({ name }) => !known.has(name)) : [];
  for (const { name, type } of added) {
    const sql = `ALTER TABLE ${quoteTable(plan.table)} ADD COLUMN IF NOT EXISTS ${quoteIdent(name)} ${type}`;
    await session.query(sql, [], signal);
  }
  return [
    ...stagingColumns.flatMap(({ name }) => {
      const column = known.get(name);
      return column === undefined ? [] : [column];
    }),
    ...added,
  ];
};

const runStatements = async (
  { session, order, signal }: Step,
  statements: readonly SqlText[],
): Promise<void> => {
  const { low, high } = order.load.window;
  const marks = marksOf(high?.type ?? low?.type ?? null, low, order.mark ?? high);
  for (const sql of statements) await session.query(renderSql(sql, marks), [], signal);
};

const writeReceipt = async (
  { session, order, signal }: Step,
  staged: number,
  changes: Changes,
): Promise<void> => {
  const { plan, ledger, window } = order.load;
  const { receipt, loadedFile } = ledgerTables(plan.ledgerSchema);
  const { inserted, updated, unchanged, duplicates, deleted } = changes;
  await session.query(
    `INSERT INTO ${receipt} (project, asset, partition, window_id, token, low, high, staged, inserted, updated,
       unchanged, duplicates, deleted) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      ...namesIn(ledger),
      window.id,
      String(window.token),
      window.low?.value ?? null,
      order.mark?.value ?? null,
      ...[staged, inserted, updated, unchanged, duplicates, deleted].map(String),
    ],
    signal,
  );
  if (order.files.length === 0) return;
  await session.query(
    `INSERT INTO ${loadedFile} (project, asset, partition, path, digest, window_id)
     SELECT $1, $2, $3, f->>'path', f->>'digest', $4 FROM jsonb_array_elements($5::jsonb) AS f
     ON CONFLICT (project, asset, partition, path)
     DO UPDATE SET digest = excluded.digest, window_id = excluded.window_id, loaded_at = now()`,
    [...namesIn(ledger), window.id, JSON.stringify(order.files)],
    signal,
  );
};

/** Inside the transaction; null when an earlier attempt has published the window. */
const publishInside = async (step: Step): Promise<LoadOutcome | null> => {
  const { session, order, signal } = step;
  const { load, mark, rows, nowIso } = order;
  const { plan, ledger, window } = load;
  const stored = await lockLedger(step);
  const result = publishWindow(stored.document, {
    windowId: window.id,
    token: window.token,
    mark,
    rows,
    publishedAt: nowIso,
    names: [quoteTable(plan.table)],
  });
  if (result.kind === 'already') return null;
  if (result.kind === 'stale') throw staleError(order, result.token);
  const staged = await countStaged(step);
  const columns = await ensureTable(step);
  await runStatements(step, plan.sqlPre);
  const staging = stagingTable(load);
  const changes = await publishRows({ session, plan, staging, columns, staged, signal });
  await runStatements(step, plan.sqlPost);
  await writeReceipt(step, staged, changes);
  const place = { schema: plan.ledgerSchema, name: ledger };
  const written = await writeLedger(
    session,
    place,
    { document: result.document, expected: stored.tag },
    signal,
  );
  invariant(written !== null, 'the row of the ledger is locked');
  const { page } = ledgerTables(plan.ledgerSchema);
  await session.query(
    `DROP TABLE ${staging}; DELETE FROM ${page} WHERE staging = ${quoteLiteral(load.staging)}`,
    [],
    signal,
  );
  return { staged, ...changes, wasPublished: false };
};

/** Between two statements of a publish nothing is waited for. */
const silentMs = 5_000;

const attempt = async (step: Step): Promise<LoadOutcome> => {
  const { session, order, signal } = step;
  // Every lane is done: who still holds the staging table stands still, in its COPY or in a publish of its own.
  // Another publish of this window that works is left alone: the lock of the ledger's row says who is first.
  const late = { newestToken: order.load.window.token, silentMs };
  await endHolders(session, stagingTable(order.load), late, signal);
  await session.query(`BEGIN; SET LOCAL lock_timeout = '300s'`, [], signal);
  try {
    const outcome = await publishInside(step);
    await session.query(outcome === null ? 'ROLLBACK' : 'COMMIT', [], signal);
    return outcome ?? (await publishedBefore(step));
  } catch (error) {
    await session.query('ROLLBACK').catch(() => {
      session.destroy();
    });
    throw error;
  }
};

const isLostAnswer = (error: unknown): boolean =>
  error instanceof TidemarkError && error.code === 'postgres/unreachable';

/** Idempotent by window: whatever happened to an earlier attempt, the ledger knows. */
export const publishLoad = async (
  client: PgClient,
  order: PublishOrder,
  name: string,
  signal: AbortSignal,
): Promise<LoadOutcome> => {
  const doing = `publishing ${quoteTable(order.load.plan.table)}`;
  const once = async (): Promise<LoadOutcome> => {
    await using session = await client.session(doing, signal, name);
    return await attempt({ session, order, signal });
  };
  try {
    return await once();
  } catch (error) {
    // Perhaps the COMMIT arrived and its answer did not: the second try finds the window published.
    if (!isLostAnswer(error) || signal.aborted) throw error;
    return once();
  }
};
