/**
 * Checks of rows that are judged by counts, and when. Keeps true: whatever is known before the publish is judged before it,
 * so that a failing `abort` check leaves the target and the mark as they were; a run that finds nothing new is judged too.
 */
import type { AssetPlan, CheckSpec } from '../plan/plan.js';
import type { LoadOutcome } from './load.js';
import { type CheckResult, judgeChecks } from './receipt.js';
import type { RowsState } from './rows-state.js';

/** Known only when a table has taken the rows. */
const afterwards = ['rows_inserted', 'rows_updated', 'rows_deleted'];

export const isKnownAfterwards = (check: CheckSpec): boolean =>
  check.type === 'observation_diff' &&
  [check.sourceKey, check.targetKey].some((key) => afterwards.includes(key));

/** Does the target judge them, over the rows that it holds aside? */
export const asksTarget = ({ rows, checks }: AssetPlan): boolean =>
  rows !== undefined &&
  rows.load !== null &&
  checks.some(({ type }) => type !== 'observation_diff');

const loaded = (
  load: Pick<LoadOutcome, 'inserted' | 'updated' | 'deleted'>,
): Readonly<Record<string, number>> => ({
  rows_inserted: load.inserted,
  rows_updated: load.updated,
  rows_deleted: load.deleted,
});

/** Observation names of the dialect (§8). What is staged equals what was read, or the publish fails. */
const observationsOf = (plan: AssetPlan, { totals, begun, published }: RowsState) => {
  const { rows } = totals;
  const load = published?.load ?? null;
  const none = begun?.isEmpty === true && plan.rows?.load !== null;
  const written = load === null ? rows : load.staged;
  return {
    rows_extracted: rows,
    rows_written: written,
    rows_loaded: written,
    rows_transferred: written,
    files_scanned: totals.filesScanned - totals.filesFiltered,
    bytes_transferred: totals.bytes,
    ...(load === null ? {} : loaded(load)),
    ...(none ? loaded({ inserted: 0, updated: 0, deleted: 0 }) : {}),
  };
};

/** Before the publish. */
export const judgeBefore = (plan: AssetPlan, state: RowsState): readonly CheckResult[] => {
  const counted = plan.checks.filter(
    (check) => !isKnownAfterwards(check) && (check.type !== 'row_count' || !asksTarget(plan)),
  );
  return judgeChecks(counted, observationsOf(plan, state));
};

/** Of a run that found nothing new. */
export const judgeEmpty = (plan: AssetPlan, state: RowsState): readonly CheckResult[] =>
  judgeChecks(
    plan.checks.filter((check) => !isKnownAfterwards(check)),
    observationsOf(plan, state),
  );

/** What only the outcome of the publish tells; for the receipt. */
export const judgeAfter = (plan: AssetPlan, state: RowsState): readonly CheckResult[] =>
  judgeChecks(plan.checks.filter(isKnownAfterwards), observationsOf(plan, state));
