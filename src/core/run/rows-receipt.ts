/** The account of an asset that moved rows: read = written = staged = published (promise G14). */
import type { AssetPlan, AssetResult } from '../plan/plan.js';
import { addSum } from './copy-totals.js';
import type { LoadOutcome } from './load.js';
import { resultKeys, type AssetReceipt, type RowsAccount, type WindowAccount } from './receipt.js';
import { judgeAfter } from './rows-checks.js';
import { rowsOf } from './rows-run.js';
import type { RowsState } from './rows-state.js';

const windowOf = (state: RowsState): WindowAccount | undefined => {
  const { begun } = state;
  if (begun === null || begun.ceiling === '') return undefined;
  return {
    id: begun.window?.id ?? null,
    low: begun.window?.low?.value ?? null,
    high: begun.window?.high?.value ?? null,
    ceiling: begun.ceiling,
    waiting: begun.waiting,
    null_cursors: begun.nullCursors,
  };
};

const published = (load: LoadOutcome): number =>
  load.inserted + load.updated + load.unchanged + load.duplicates;

const noLoad = {
  staged: null,
  inserted: null,
  updated: null,
  unchanged: null,
  duplicates: null,
  deleted: null,
};

const accountOf = (state: RowsState): RowsAccount => {
  const load = state.published?.load ?? null;
  const { rows, rowsRead } = state.totals;
  const counted = { read: rows, read_twice: Math.max(0, rowsRead - rows) };
  if (load === null) return { ...counted, written: rows, ...noLoad };
  const { staged, inserted, updated, unchanged, duplicates, deleted } = load;
  const parts = { staged, inserted, updated, unchanged, duplicates, deleted };
  return { ...counted, written: published(load), ...parts };
};

const crcSum = (values: readonly string[]): string => values.reduce(addSum, '00000000');

const objectDifferences = (state: RowsState): readonly string[] => {
  const objects = state.published?.objects ?? [];
  const target = objects.reduce((sum, object) => sum + object.size, 0);
  const found: string[] = [];
  if (objects.length !== state.done.length) {
    found.push(`${String(state.done.length)} lanes, ${String(objects.length)} objects`);
  }
  if (target !== state.totals.bytes) {
    found.push(`wrote ${String(state.totals.bytes)} bytes, the target holds ${String(target)}`);
  }
  const source = crcSum(state.done.map(({ outcome }) => outcome.crc32));
  const crcs = objects.map(({ crc32 }) => crc32);
  const reported = crcs.filter((crc) => crc !== null);
  if (reported.length === crcs.length && crcSum(reported) !== source) {
    found.push(`CRC32 at the source ${source}, at the target ${crcSum(reported)}`);
  }
  return found;
};

const loadDifferences = (state: RowsState): readonly string[] => {
  const load = state.published?.load ?? null;
  if (load === null) return ['nothing was published'];
  const { rows } = state.totals;
  const found: string[] = [];
  if (load.staged !== rows) {
    found.push(`read ${String(rows)} rows, staged ${String(load.staged)}`);
  }
  if (published(load) !== load.staged) {
    found.push(`staged ${String(load.staged)} rows, published ${String(published(load))}`);
  }
  return found;
};

const differencesOf = (plan: AssetPlan, state: RowsState): readonly string[] => {
  if (state.begun?.isEmpty === true) return [];
  return rowsOf(plan).load === null ? objectDifferences(state) : loadDifferences(state);
};

const folderOf = (keys: readonly string[]): string | null => {
  const folders = keys.map((key) => key.split('/').slice(0, -1));
  const [first] = folders;
  if (first === undefined) return null;
  let same = first.length;
  for (const folder of folders) {
    let i = 0;
    while (i < same && folder[i] === first[i]) i++;
    same = i;
  }
  return first.slice(0, same).join('/');
};

const resultOf = (plan: AssetPlan, state: RowsState): AssetResult => {
  const objects = state.published?.objects ?? [];
  const keys = objects.map(({ key }) => key);
  const table = rowsOf(plan).load?.table;
  const place = state.begun?.place ?? null;
  return {
    bucket_name: place === null || place.container === '' ? null : place.container,
    prefix: folderOf(keys.length === 0 && place !== null ? [place.key] : keys),
    ...resultKeys(keys),
    files: objects.length,
    rows: state.totals.rows,
    bytes: state.totals.bytes,
    table_name:
      table === undefined
        ? null
        : [table.schema, table.name].filter((part) => part !== null).join('.'),
  };
};

export const summariseRows = (plan: AssetPlan, state: RowsState): AssetReceipt => {
  const differences = differencesOf(plan, state);
  const objects = state.published?.objects ?? [];
  const { totals } = state;
  const source = crcSum(state.done.map(({ outcome }) => outcome.crc32));
  const reported = objects.map(({ crc32 }) => crc32);
  const window = windowOf(state);
  return {
    asset: plan.name,
    partition: plan.partition,
    route: plan.route,
    plan_hash: plan.hash,
    files: {
      scanned: totals.filesScanned,
      filtered: totals.filesFiltered,
      skipped: totals.filesSkipped,
      copied: plan.route === 'load-files' ? state.done.length : objects.length,
    },
    bytes: {
      source: totals.bytes,
      target:
        plan.rows?.load === null ? objects.reduce((sum, { size }) => sum + size, 0) : totals.bytes,
      read: totals.bytesRead,
      read_twice: Math.max(0, totals.bytesRead - totals.bytes),
    },
    crc32: {
      source,
      target:
        reported.every((crc) => crc !== null) && reported.length > 0 ? crcSum(reported) : null,
    },
    rows: accountOf(state),
    ...(window === undefined ? {} : { window }),
    retries: totals.retries,
    checks: [...state.checks, ...judgeAfter(plan, state)],
    reconciled: differences.length === 0,
    differences,
    result: resultOf(plan, state),
  };
};
