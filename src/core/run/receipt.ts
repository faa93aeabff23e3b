/** The account of a run: what was read, what stands at the target, and whether both agree (promise G14). */
import { resultKeysMax, type AssetPlan, type AssetResult, type CheckSpec } from '../plan/plan.js';
import type { CopyTotals } from './copy-state.js';
import type { Made } from './outcome.js';

export interface CheckResult {
  readonly name: string;
  readonly passed: boolean;
  readonly severity: CheckSpec['severity'];
  /** What was compared, in words. */
  readonly message: string;
}

/** Rows of one asset. What does not apply to its route is null. */
export interface RowsAccount {
  readonly read: number;
  /** Rows of the objects, or inserted + updated + unchanged + duplicates. */
  readonly written: number;
  readonly staged: number | null;
  readonly inserted: number | null;
  readonly updated: number | null;
  readonly unchanged: number | null;
  /** Staged rows whose key a later staged row has too. */
  readonly duplicates: number | null;
  /** Rows that a replacement took away. */
  readonly deleted: number | null;
  readonly read_twice: number;
}

/** The window of one run of an incremental asset. */
export interface WindowAccount {
  readonly id: string | null;
  /** Marks as the source writes them; null: the beginning, or nothing new. */
  readonly low: string | null;
  readonly high: string | null;
  /** Where the window ends and why. */
  readonly ceiling: string;
  /** Rows at or above the ceiling; null: not counted. */
  readonly waiting: number | null;
  readonly null_cursors: number;
}

export interface AssetReceipt {
  readonly asset: string;
  readonly partition: string | null;
  readonly route: AssetPlan['route'];
  readonly plan_hash: string;
  readonly files: {
    readonly scanned: number;
    readonly filtered: number;
    /** The target already held this very version. */
    readonly skipped: number;
    readonly copied: number;
  };
  readonly bytes: {
    readonly source: number;
    readonly target: number;
    /** What all attempts read; more than `source` when something had to be read again. */
    readonly read: number;
    readonly read_twice: number;
  };
  /** Of one file its CRC32; of several the sum modulo 2^32. `target` is null where the target reports none. */
  readonly crc32: { readonly source: string; readonly target: string | null };
  /** Only where rows moved. */
  readonly rows?: RowsAccount;
  /** Only where the asset has a mark. */
  readonly window?: WindowAccount;
  readonly retries: number;
  readonly checks: readonly CheckResult[];
  readonly reconciled: boolean;
  /** Why it does not reconcile; empty when it does. */
  readonly differences: readonly string[];
  readonly result: AssetResult;
}

export interface RunReceipt {
  readonly project: string;
  readonly name: string;
  readonly workflow_id: string;
  readonly run_id: string;
  readonly plan_hash: string;
  readonly partition: string | null;
  readonly trigger: string;
  readonly assets: readonly AssetReceipt[];
  readonly files: number;
  readonly bytes: number;
  /** Rows that were read, of all assets. */
  readonly rows: number;
  readonly reconciled: boolean;
}

const madeObservations = ({ objects, rowsRead, rowsWritten }: Made) => ({
  files_uploaded: objects,
  rows_extracted: rowsRead,
  rows_written: rowsWritten,
});

/** Observation names of the dialect (§8); checks compare two of them. */
export const observations = (totals: CopyTotals): Readonly<Record<string, number>> => ({
  files_scanned: totals.scanned - totals.filtered,
  files_uploaded: totals.files + totals.skipped,
  files_copied: totals.files,
  files_skipped: totals.skipped,
  bytes_transferred: totals.targetBytes,
  bytes_read: totals.bytes,
  ...(totals.made === undefined ? {} : madeObservations(totals.made)),
});

type Observations = Readonly<Record<string, number>>;

const missingObservation = (
  base: Pick<CheckResult, 'name' | 'severity'>,
  missing: string,
  seen: Observations,
): CheckResult => ({
  ...base,
  passed: false,
  message: `observation ${missing} is not known; known: ${Object.keys(seen).sort().join(', ')}`,
});

const judgeDifference = (
  check: Extract<CheckSpec, { readonly type: 'observation_diff' }>,
  seen: Observations,
): CheckResult => {
  const source = seen[check.sourceKey];
  const target = seen[check.targetKey];
  const base = { name: check.name, severity: check.severity };
  if (source === undefined) return missingObservation(base, check.sourceKey, seen);
  if (target === undefined) return missingObservation(base, check.targetKey, seen);
  const difference = Math.abs(source - target);
  return {
    ...base,
    passed: difference <= check.threshold,
    message: `${check.sourceKey} ${String(source)}, ${check.targetKey} ${String(target)}: difference ${String(difference)}, allowed ${String(check.threshold)}`,
  };
};

const judgeRowCount = (
  check: Extract<CheckSpec, { readonly type: 'row_count' }>,
  seen: Observations,
): CheckResult => {
  const base = { name: check.name, severity: check.severity };
  const rows = seen['rows_extracted'];
  if (rows === undefined) return missingObservation(base, 'rows_extracted', seen);
  const { min, max } = check;
  const allowed = `${min === null ? 'any number' : `at least ${String(min)}`}${max === null ? '' : `, at most ${String(max)}`}`;
  return {
    ...base,
    passed: (min === null || rows >= min) && (max === null || rows <= max),
    message: `${String(rows)} rows, expected ${allowed}`,
  };
};

/**
 * Checks that are judged by the counts of this run. The others are about rows that wait to be published; the target
 * judges those.
 */
export const judgeChecks = (
  checks: readonly CheckSpec[],
  seen: Observations,
): readonly CheckResult[] =>
  checks.flatMap((check): readonly CheckResult[] => {
    if (check.type === 'observation_diff') return [judgeDifference(check, seen)];
    return check.type === 'row_count' ? [judgeRowCount(check, seen)] : [];
  });

const differencesOf = (totals: CopyTotals, route: AssetPlan['route']): readonly string[] => {
  if (route === 'list-only') return [];
  const found: string[] = [];
  const { made } = totals;
  const given = made?.bytes ?? totals.bytes;
  if (given !== totals.targetBytes) {
    const did = made === undefined ? 'read' : 'made';
    found.push(`${did} ${String(given)} bytes, the target holds ${String(totals.targetBytes)}`);
  }
  if (made !== undefined && made.rowsRead !== made.rowsWritten) {
    found.push(`${String(made.rowsRead)} rows were read, ${String(made.rowsWritten)} written`);
  }
  if (totals.targetCrc32 !== null && totals.crc32 !== totals.targetCrc32) {
    found.push(`CRC32 at the source ${totals.crc32}, at the target ${totals.targetCrc32}`);
  }
  const planned = totals.scanned - totals.filtered - totals.skipped;
  if (planned !== totals.files) {
    found.push(`${String(planned)} files were planned, ${String(totals.files)} were copied`);
  }
  return found;
};

/** The first keys, and whether there are others. */
export const resultKeys = (keys: readonly string[]): Pick<AssetResult, 'keys' | 'keys_cut'> => ({
  keys: keys.slice(0, resultKeysMax),
  ...(keys.length > resultKeysMax ? { keys_cut: true } : {}),
});

export const resultOf = (totals: CopyTotals): AssetResult => ({
  bucket_name: totals.container === '' ? null : totals.container,
  prefix: totals.commonFolder === null ? null : totals.commonFolder.replace(/\/$/, ''),
  ...resultKeys(totals.keys),
  files: totals.files,
  rows: totals.made?.rowsWritten ?? 0,
  bytes: totals.targetBytes,
  table_name: null,
});

/** Files of records that were converted: nothing is staged, inserted or updated. */
const rowsOf = ({ rowsRead, rowsWritten }: Made): RowsAccount => ({
  read: rowsRead,
  written: rowsWritten,
  staged: null,
  inserted: null,
  updated: null,
  unchanged: null,
  duplicates: null,
  deleted: null,
  read_twice: 0,
});

export const summariseAsset = (plan: AssetPlan, totals: CopyTotals): AssetReceipt => {
  const differences = differencesOf(totals, plan.route);
  const seen = observations(totals);
  return {
    asset: plan.name,
    partition: plan.partition,
    route: plan.route,
    plan_hash: plan.hash,
    files: {
      scanned: totals.scanned,
      filtered: totals.filtered,
      skipped: totals.skipped,
      copied: totals.files,
    },
    bytes: {
      source: totals.bytes,
      target: totals.targetBytes,
      read: totals.bytesRead,
      read_twice: Math.max(0, totals.bytesRead - totals.bytes),
    },
    ...(totals.made === undefined || (plan.recoding?.records ?? null) === null
      ? {}
      : { rows: rowsOf(totals.made) }),
    crc32: { source: totals.crc32, target: totals.files === 0 ? totals.crc32 : totals.targetCrc32 },
    retries: totals.retries,
    checks: judgeChecks(plan.checks, seen),
    reconciled: differences.length === 0,
    differences,
    result: resultOf(totals),
  };
};
