/** A lane that two attempts work on: the page of the faster one stands, and may end elsewhere than that of the other. */
import { TidemarkError } from '../core/errors/error.js';
import type { PreparedLoad } from '../core/run/load.js';
import { laneOvertaken } from './errors.js';

export const overtaken = (
  { plan }: PreparedLoad,
  page: { readonly lane: number; readonly number: number },
): TidemarkError =>
  new TidemarkError(
    laneOvertaken,
    `staging page ${String(page.number)} of lane ${String(page.lane)} for ${plan.table.name}: another attempt has staged it`,
  );
