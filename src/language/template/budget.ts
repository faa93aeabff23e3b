/**
 * What one evaluation may use: steps, characters and list items. Nobody's template hangs a worker or fills its memory.
 *
 * Sizes are checked before something is built, never after.
 */
import { TidemarkError } from '../../core/errors/error.js';
import { limitReached } from './errors.js';

export const stepLimit = 200_000;
export const textLimit = 1024 * 1024;
export const itemLimit = 100_000;
/** How deep values may be nested when they are compared or written. */
export const valueDepthLimit = 200;

/** The one thing that changes during an evaluation; it lives no longer than that. */
export interface Budget {
  steps: number;
}

export const newBudget = (): Budget => ({ steps: stepLimit });

const exceed = (what: string): never => {
  throw new TidemarkError(limitReached, `evaluating a template: ${what}`);
};

export const spend = (budget: Budget, steps = 1): void => {
  budget.steps -= steps;
  if (budget.steps < 0) exceed(`it takes more than ${stepLimit} steps`);
};

export const checkTextLength = (budget: Budget, length: number): void => {
  if (!(length <= textLimit)) exceed(`a text would be longer than ${textLimit} characters`);
  // Long texts cost more than short ones, so that many of them end too.
  spend(budget, Math.ceil(length / 1024));
};

export const checkItemCount = (budget: Budget, count: number): void => {
  if (!(count <= itemLimit)) exceed(`a list would have more than ${itemLimit} items`);
  spend(budget, Math.ceil(count / 64));
};

export const checkDepth = (depth: number): void => {
  if (depth > valueDepthLimit) exceed(`a value is nested deeper than ${valueDepthLimit} levels`);
};
