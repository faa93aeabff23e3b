/**
 * The variables of the environment that a text mentions, and no others: an error that lists what a template may use
 * must not list a worker's whole environment.
 */
import { TidemarkError } from '../core/errors/error.js';
import type { JsonObject } from '../core/values/json.js';
import { unsetVariable } from './errors.js';
import type { Mention } from './templates.js';

/** Throws `plan/unset-variable`; a mention with a default may stay unset. */
export const usedEnv = (
  used: readonly Mention[],
  env: Readonly<Record<string, string | undefined>>,
  where: string,
): JsonObject => {
  const found: Record<string, string> = {};
  for (const { path, optional } of used) {
    const [root, name] = path;
    if (root !== 'env' || name === undefined) continue;
    const value = env[name];
    if (value !== undefined) found[name] = value;
    else if (!optional) {
      throw new TidemarkError(
        unsetVariable,
        `${where}: the variable ${name} of the environment is not set`,
      );
    }
  }
  return found;
};
