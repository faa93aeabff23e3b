/** The account of a run: what was read, what stands at the target, and whether both agree (promise G14). */
import type { AssetPlan, AssetResult, CheckSpec } from '../plan/plan.js';
import type { CopyTotals } from './copy-state.js';

export interface CheckResult {
  readonly name: string;
  readonly passed: boolean;
  readonly severity: CheckSpec['severity'];
  /** What was compared, in words. */
  readonly message: string;
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
  readonly reconciled: boolean;
}

/** Observation names of the dialect (§8); checks compare two of them. */
export const observations = (totals: CopyTotals): Readonly<Record<string, number>> => ({
  files_scanned: totals.scanned - totals.filtered,
  files_uploaded: totals.files + totals.skipped,
  files_copied: totals.files,
  files_skipped: totals.skipped,
  bytes_transferred: totals.targetBytes,
  bytes_read: totals.bytes,
});

const runCheck = (check: CheckSpec, seen: Readonly<Record<string, number>>): CheckResult => {
  const source = seen[check.sourceKey];
  const target = seen[check.targetKey];
  const base = { name: check.name, severity: check.severity };
  if (source === undefined || target === undefined) {
    const missing = source === undefined ? check.sourceKey : check.targetKey;
    const known = Object.keys(seen).sort().join(', ');
    return {
      ...base,
      passed: false,
      message: `observation ${missing} is not known; known: ${known}`,
    };
  }
  const difference = Math.abs(source - target);
  return {
    ...base,
    passed: difference <= check.threshold,
    message: `${check.sourceKey} ${String(source)}, ${check.targetKey} ${String(target)}: difference ${String(difference)}, allowed ${String(check.threshold)}`,
  };
};

const differencesOf = (totals: CopyTotals, route: AssetPlan['route']): readonly string[] => {
  if (route === 'list-only') return [];
  const found: string[] = [];
  if (totals.bytes !== totals.targetBytes) {
    found.push(
      `read ${String(totals.bytes)} bytes, the target holds ${String(totals.targetBytes)}`,
    );
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

export const resultOf = (totals: CopyTotals): AssetResult => ({
  bucket_name: totals.container === '' ? null : totals.container,
  prefix: totals.commonFolder === null ? null : totals.commonFolder.replace(/\/$/, ''),
  keys: totals.keys,
  files: totals.files,
  rows: 0,
  bytes: totals.targetBytes,
  table_name: null,
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
    crc32: { source: totals.crc32, target: totals.files === 0 ? totals.crc32 : totals.targetCrc32 },
    retries: totals.retries,
    checks: plan.checks.map((check) => runCheck(check, seen)),
    reconciled: differences.length === 0,
    differences,
    result: resultOf(totals),
  };
};
