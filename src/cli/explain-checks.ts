/** How the checks of an asset are shown: what each demands, and what its failure does. Pure. */
import type { AssetPlan, CheckSpec } from '../core/plan/plan.js';
import { isKnownAfterwards } from '../core/run/rows-checks.js';

const demand = (check: CheckSpec): string => {
  switch (check.type) {
    case 'observation_diff':
      return `${check.sourceKey} and ${check.targetKey} ${check.threshold === 0 ? 'are equal' : `differ by ${String(check.threshold)} at most`}`;
    case 'row_count': {
      const bounds = [
        ...(check.min === null ? [] : [`at least ${String(check.min)}`]),
        ...(check.max === null ? [] : [`at most ${String(check.max)}`]),
      ];
      return `${bounds.join(', ')} rows in this run`;
    }
    case 'unique':
      return `no two rows with the same ${check.columns.join(', ')}`;
    case 'not_null':
      return `no NULL in ${check.columns.join(', ')}`;
    case 'freshness':
      return `the newest ${check.column} is ${String(check.maxAgeMs / 1000)} s old at most`;
    case 'sql':
      return `no row from: ${check.sql.trim().replaceAll(/\s+/g, ' ')}`;
  }
};

/** Rows are published behind their checks, except those that compare what the publish itself did. */
const consequence = (check: CheckSpec, { rows }: AssetPlan): string => {
  if (check.severity === 'warn') return 'else a warning';
  return rows === undefined || isKnownAfterwards(check)
    ? 'else the run fails'
    : 'else the run fails and publishes nothing';
};

/** `checks  keys: no two rows with the same id; else the run fails and publishes nothing`, a line each. */
export const checkLines = (plan: AssetPlan): readonly string[] =>
  plan.checks.map(
    (check, index) =>
      `   ${index === 0 ? 'checks ' : '       '} ${check.name}: ${demand(check)}; ${consequence(check, plan)}`,
  );
