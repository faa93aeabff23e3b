/**
 * Staging of loads in memory. Keeps true: a page and its record appear in one step, a page that is there is not staged
 * again, and what is staged changes no target table.
 */
import { createHash } from 'node:crypto';
import { TidemarkError } from '../../core/errors/error.js';
import type { Column, LoadPlan } from '../../core/plan/rows.js';
import type { LedgerName } from '../../core/run/ledger.js';
import type { LoadOrder, PreparedLoad } from '../../core/run/load.js';
import { badRow, columnMismatch, countsDiffer, stagingGone, tableMissing } from '../load-errors.js';
import type { LaneProgress, StagedPage, StagedRows } from '../row-connector.js';
import { lostConnection, nextFault, suffer } from './faults.js';
import { readRows } from './row-text.js';
import { nameOf, type OpenTables } from './source.js';
import { columnsOf, type Database, type Staging } from './store.js';

export const ledgerKey = (name: LedgerName): string =>
  JSON.stringify([name.project, name.asset, name.partition]);

export const stagingNameOf = (plan: LoadPlan, ledger: LedgerName, windowId: string): string => {
  const digest = createHash('sha256')
    .update(`${ledgerKey(ledger)} ${windowId}`)
    .digest('hex');
  return `${plan.ledgerSchema}.stage_${plan.table.name}_${digest.slice(0, 12)}`;
};

const namesOf = (columns: readonly Column[]): string => columns.map(({ name }) => name).join(', ');

/** Columns of the staging table: those of the source that the target takes, with the target's types. */
const matched = (
  plan: LoadPlan,
  columns: readonly Column[],
  incoming: readonly Column[] | null,
): readonly Column[] => {
  if (incoming === null) return columns;
  const what = `loading ${nameOf(plan.table)}`;
  if (plan.matchColumns === 'position') {
    if (incoming.length === columns.length) return columns;
    throw new TidemarkError(
      columnMismatch,
      `${what}: the source has ${String(incoming.length)} columns, the table ${String(columns.length)}`,
    );
  }
  const names = new Set(incoming.map(({ name }) => name));
  const unknown = incoming.filter(({ name }) => !columns.some((known) => known.name === name));
  const missing = columns.filter(({ name }) => !names.has(name));
  if (
    plan.failOnColumnMismatch &&
    (missing.length > 0 || (unknown.length > 0 && !plan.addNewColumns))
  ) {
    throw new TidemarkError(
      columnMismatch,
      `${what}: only the source has (${namesOf(unknown)}), only the table has (${namesOf(missing)})`,
    );
  }
  return incoming.map((column) => columns.find(({ name }) => name === column.name) ?? column);
};

/** Columns of the table; without a table those that `auto_create_table` will give it. */
const targetColumns = (
  { database }: OpenTables,
  plan: LoadPlan,
  incoming: readonly Column[] | null,
): readonly Column[] => {
  const table = database.tables.get(nameOf(plan.table));
  if (table !== undefined) return table.columns;
  if (plan.autoCreate && incoming !== null) {
    const types = incoming.map(({ name, type }) => [name, plan.columnTypes[name] ?? type]);
    return columnsOf(Object.fromEntries(types) as Record<string, string>);
  }
  throw new TidemarkError(
    tableMissing,
    `loading ${nameOf(plan.table)}: there is no such table in memory`,
  );
};

export const prepareLoad = (
  open: OpenTables,
  order: LoadOrder,
  incoming: readonly Column[] | null,
): PreparedLoad => {
  const { plan, ledger, window } = order;
  const columns = targetColumns(open, plan, incoming);
  const stagingColumns = matched(plan, columns, incoming);
  const staging = stagingNameOf(plan, ledger, window.id);
  if (!open.database.stagings.has(staging)) {
    open.database.stagings.set(staging, {
      ledger: ledgerKey(ledger),
      table: { columns: stagingColumns, key: null, rows: [] },
      lanes: new Map(),
    });
  }
  return { ...order, staging, columns, stagingColumns };
};

export const stagingOf = (database: Database, load: PreparedLoad): Staging => {
  const staging = database.stagings.get(load.staging);
  if (staging !== undefined) return staging;
  throw new TidemarkError(
    stagingGone,
    `loading ${nameOf(load.plan.table)}: its staging table ${load.staging} is gone`,
  );
};

export const noPages: LaneProgress = {
  pages: 0,
  rows: 0,
  bytes: 0,
  position: null,
  crc32: '00000000',
};

const rowsOf = (page: StagedPage, staging: Staging, text: string) => {
  const { columns } = staging.table;
  const places = columns.map(({ name }) => page.columns.indexOf(name));
  try {
    return readRows(text, page.columns, page.format).map((row) =>
      places.map((place) => (place < 0 ? null : (row[place] ?? null))),
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TidemarkError(
      badRow,
      `lane ${String(page.lane)}, page ${String(page.number)}, row ${error.message}: it has not the columns of the page`,
    );
  }
};

/** One step: nothing runs between the look and the write. */
const commitPage = (staging: Staging, page: StagedPage, text: string): number => {
  const before = staging.lanes.get(page.lane) ?? noPages;
  const rows = rowsOf(page, staging, text);
  const expected = page.expectedRows?.() ?? rows.length;
  if (rows.length !== expected) {
    throw new TidemarkError(
      countsDiffer,
      `lane ${String(page.lane)}, page ${String(page.number)}: the source counted ${String(expected)} rows, ${String(rows.length)} arrived`,
    );
  }
  for (const row of rows) staging.table.rows.push(row);
  staging.lanes.set(page.lane, {
    pages: page.number,
    rows: before.rows + rows.length,
    bytes: page.bytes(),
    position: page.position(),
    crc32: page.crc32(),
  });
  return rows.length;
};

export const stagePage = async (
  open: OpenTables,
  load: PreparedLoad,
  page: StagedPage,
  io: { readonly body: AsyncIterable<Buffer>; readonly signal: AbortSignal },
): Promise<StagedRows> => {
  const { database, connection, context } = open;
  const place = { on: 'stage', what: load.staging } as const;
  const fault = nextFault(database, connection.faults, 'stage');
  const pieces: Buffer[] = [];
  for await (const piece of io.body) {
    io.signal.throwIfAborted();
    await context.throttle(piece.length, io.signal);
    pieces.push(Buffer.from(piece));
  }
  await suffer(fault, place, io.signal);
  const staging = stagingOf(database, load);
  const { pages } = staging.lanes.get(page.lane) ?? noPages;
  const text = Buffer.concat(pieces).toString();
  if (page.number <= pages) return { rows: rowsOf(page, staging, text).length, wasThere: true };
  if (page.number !== pages + 1) {
    throw new TidemarkError(
      countsDiffer,
      `lane ${String(page.lane)}: page ${String(page.number)} was to follow page ${String(pages)}`,
    );
  }
  const rows = commitPage(staging, page, text);
  if (fault === 'lose-answer') throw lostConnection('stage', load.staging);
  return { rows, wasThere: false };
};
