/**
 * Publishing in memory: fence, ledger and rows in one step. Everything is computed first and then put in place without a
 * pause, so that it happens whole or not at all.
 */
import { TidemarkError } from '../../core/errors/error.js';
import type { CheckSpec } from '../../core/plan/plan.js';
import type { Column, ColumnFamily, LoadPlan, PartitionScope } from '../../core/plan/rows.js';
import { publishWindow } from '../../core/run/ledger-changes.js';
import type { LoadOutcome } from '../../core/run/load.js';
import type { CheckResult } from '../../core/run/receipt.js';
import { ledgerStale } from '../ledger-errors.js';
import { countsDiffer, outsidePartition } from '../load-errors.js';
import type { PublishOrder } from '../row-connector.js';
import { requireEnoughRows } from '../seat-belt.js';
import { tablesOnly } from './errors.js';
import { nameOf } from './source.js';
import { ledgerKey, stagingOf } from './staging.js';
import type { Database, Row, Staging, Table } from './store.js';
import { compareValues } from './values.js';

const nothing: LoadOutcome = {
  staged: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  duplicates: 0,
  deleted: 0,
  wasPublished: false,
};

const placeOf = (columns: readonly Column[], name: string): number =>
  columns.findIndex((column) => column.name === name);

const keyText = (columns: readonly Column[], key: readonly string[], row: Row): string =>
  JSON.stringify(key.map((name) => row[placeOf(columns, name)] ?? null));

/** The bound of a piece of time in a type without a zone: its wall clock, as databases read it. */
const boundOf = (family: ColumnFamily, iso: string): string => {
  if (family === 'date') return iso.slice(0, 10);
  return family === 'timestamp' ? iso.slice(0, 19) : iso;
};

const isOf = (columns: readonly Column[], scope: PartitionScope | null, row: Row): boolean => {
  if (scope === null) return true;
  const place = placeOf(columns, scope.column);
  const value = row[place] ?? null;
  const family = columns[place]?.family ?? 'text';
  if (value === null) return false;
  if ('value' in scope) return compareValues(family, value, scope.value) === 0;
  const [start, end] = [boundOf(family, scope.start), boundOf(family, scope.end)];
  return compareValues(family, value, start) >= 0 && compareValues(family, value, end) < 0;
};

const refuseOutside = (plan: LoadPlan, { columns }: Table, staged: readonly Row[]): void => {
  if (plan.partition === null) return;
  const outside = staged.filter((row) => !isOf(columns, plan.partition, row)).length;
  if (outside === 0) return;
  throw new TidemarkError(
    outsidePartition,
    `loading ${nameOf(plan.table)}: ${String(outside)} of the staged rows are not of the partition ${plan.partition.column}`,
  );
};

/** Staged rows in the columns of the table. */
const arranged = (columns: readonly Column[], staging: Staging): readonly Row[] => {
  const places = columns.map(({ name }) => placeOf(staging.table.columns, name));
  return staging.table.rows.map((row) => places.map((place) => row[place] ?? null));
};

interface Change {
  readonly rows: Row[];
  readonly outcome: Partial<LoadOutcome>;
}

/** Of rows with one key the last one wins. */
const lastOfEach = (
  columns: readonly Column[],
  key: readonly string[],
  staged: readonly Row[],
): ReadonlyMap<string, Row> => new Map(staged.map((row) => [keyText(columns, key, row), row]));

const upserted = (table: Table, key: readonly string[], staged: readonly Row[]): Change => {
  const { columns } = table;
  const incoming = lastOfEach(columns, key, staged);
  const known = new Map(table.rows.map((row) => [keyText(columns, key, row), row]));
  const isSame = (text: string, row: Row): boolean =>
    JSON.stringify(known.get(text)) === JSON.stringify(row);
  const found = [...incoming].filter(([text]) => known.has(text));
  const unchanged = found.filter(([text, row]) => isSame(text, row)).length;
  const rows = table.rows.map((row) => incoming.get(keyText(columns, key, row)) ?? row);
  const added = [...incoming].filter(([text]) => !known.has(text)).map(([, row]) => row);
  return {
    rows: [...rows, ...added],
    outcome: {
      inserted: added.length,
      updated: found.length - unchanged,
      unchanged,
      duplicates: staged.length - incoming.size,
    },
  };
};

const replaced = (plan: LoadPlan, table: Table, staged: readonly Row[]): Change => {
  const { columns } = table;
  refuseOutside(plan, table, staged);
  const fresh = plan.key === null ? staged : [...lastOfEach(columns, plan.key, staged).values()];
  const kept = table.rows.filter((row) => !isOf(columns, plan.partition, row));
  const deleted = table.rows.length - kept.length;
  requireEnoughRows(plan, deleted, fresh.length);
  return {
    rows: [...kept, ...fresh],
    outcome: { inserted: fresh.length, deleted, duplicates: staged.length - fresh.length },
  };
};

const changeOf = (plan: LoadPlan, table: Table, staged: readonly Row[]): Change => {
  if (plan.mode === 'replace' || plan.partition !== null) return replaced(plan, table, staged);
  if (plan.mode === 'upsert' && plan.key !== null) return upserted(table, plan.key, staged);
  return { rows: [...table.rows, ...staged], outcome: { inserted: staged.length } };
};

/** The table as it will be: made, or with the columns that only the source has. */
const tableFor = (database: Database, plan: LoadPlan, staging: Staging): Table => {
  const known = database.tables.get(nameOf(plan.table));
  if (known === undefined) return { columns: staging.table.columns, key: plan.key, rows: [] };
  const added = staging.table.columns.filter(({ name }) => placeOf(known.columns, name) < 0);
  if (added.length === 0 || !plan.addNewColumns) return known;
  const rows = known.rows.map((row) => [...row, ...added.map(() => null)]);
  return { columns: [...known.columns, ...added], key: known.key, rows };
};

const requireNoSql = (plan: LoadPlan): void => {
  if (plan.sqlPre.length + plan.sqlPost.length === 0) return;
  throw new TidemarkError(
    tablesOnly,
    `loading ${nameOf(plan.table)}: sql_pre or sql_post is given`,
  );
};

export const publishLoad = (database: Database, order: PublishOrder): LoadOutcome => {
  const { load, mark, rows, files, nowIso } = order;
  const { plan, ledger, window } = load;
  requireNoSql(plan);
  const key = ledgerKey(ledger);
  const published = publishWindow(database.ledgers.get(key)?.document ?? null, {
    windowId: window.id,
    token: window.token,
    mark,
    rows,
    publishedAt: nowIso,
    names: [nameOf(plan.table)],
  });
  if (published.kind === 'already') {
    return { ...nothing, staged: published.window.rows, wasPublished: true };
  }
  if (published.kind === 'stale') {
    throw new TidemarkError(
      ledgerStale,
      `publishing ${nameOf(plan.table)}: token ${String(window.token)} is not the newest, ${String(published.token)} is`,
    );
  }
  const staging = stagingOf(database, load);
  const staged = staging.table.rows.length;
  if (staged !== rows) {
    throw new TidemarkError(
      countsDiffer,
      `publishing ${nameOf(plan.table)}: ${String(rows)} rows were read, ${String(staged)} are staged`,
    );
  }
  const table = tableFor(database, plan, staging);
  const change = changeOf(plan, table, arranged(table.columns, staging));
  // From here on nothing can fail and nothing else runs.
  database.tables.set(nameOf(plan.table), { ...table, rows: change.rows });
  database.ledgers.set(key, { document: published.document, tag: database.nextTag() });
  const known = database.files.get(key) ?? new Map<string, string>();
  for (const { path, digest } of files) known.set(path, digest);
  database.files.set(key, known);
  database.stagings.delete(load.staging);
  return { ...nothing, staged, ...change.outcome };
};

const result = (check: CheckSpec, bad: number, what: string): CheckResult => ({
  name: check.name,
  severity: check.severity,
  passed: bad === 0,
  message: `${String(bad)} of the staged rows ${what}`,
});

const uniqueCheck = (
  check: Extract<CheckSpec, { readonly type: 'unique' }>,
  { table }: Staging,
): CheckResult => {
  const places = check.columns.map((name) => placeOf(table.columns, name));
  const whole = table.rows.filter((row) => places.every((place) => (row[place] ?? null) !== null));
  const seen = new Set(whole.map((row) => keyText(table.columns, check.columns, row)));
  return result(check, whole.length - seen.size, `repeat ${check.columns.join(', ')}`);
};

const judge = (staging: Staging, check: CheckSpec): readonly CheckResult[] => {
  const { table } = staging;
  switch (check.type) {
    case 'observation_diff':
      return [];
    case 'row_count': {
      const count = table.rows.length;
      const isFew = check.min !== null && count < check.min;
      const isMany = check.max !== null && count > check.max;
      const message = `${String(count)} rows are staged`;
      return [{ ...result(check, 0, ''), passed: !isFew && !isMany, message }];
    }
    case 'unique':
      return [uniqueCheck(check, staging)];
    case 'not_null': {
      const places = check.columns.map((name) => placeOf(table.columns, name));
      const bad = table.rows.filter((row) => places.some((place) => (row[place] ?? null) === null));
      return [result(check, bad.length, `have no ${check.columns.join(' or no ')}`)];
    }
    case 'freshness':
    case 'sql':
      throw new TidemarkError(
        tablesOnly,
        `check ${check.name}: a check of type ${check.type} is a statement, tables in memory take none`,
      );
  }
};

export const judgeStaged = (
  staging: Staging,
  checks: readonly CheckSpec[],
): readonly CheckResult[] => checks.flatMap((check) => judge(staging, check));
