/** The seat belt of replacements (G16): one rule for every target, asked before anything is deleted. */
import { TidemarkError } from '../core/errors/error.js';
import type { LoadPlan } from '../core/plan/rows.js';
import { tooFewRows } from './load-errors.js';

/** `before`: rows that would go; `after`: rows that take their place. Throws `load/too-few-rows`. */
export const requireEnoughRows = (plan: LoadPlan, before: number, after: number): void => {
  const { maxShrink, table } = plan;
  if (maxShrink === null || before === 0) return;
  if (after > 0 && after >= before * (1 - maxShrink)) return;
  const name = table.schema === null ? table.name : `${table.schema}.${table.name}`;
  throw new TidemarkError(
    tooFewRows,
    `replacing ${name}: it holds ${String(before)} rows and ${String(after)} would take their place; max_shrink is ${String(maxShrink)}`,
    { details: { before, after } },
  );
};
