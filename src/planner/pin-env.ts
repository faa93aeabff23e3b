/**
 * Values of the environment that a run uses, pinned when it is planned: during a rolling deploy two workers may have
 * different environments, and one run must see one (promise G9). Secret fields are not looked at.
 */
import { TidemarkError } from '../core/errors/error.js';
import type { JsonObject } from '../core/values/json.js';
import type { Environment } from './connections.js';
import { badTemplate, unsetVariable } from './errors.js';
import type { Mention } from './templates.js';
import { mentionsOfVars, usedVars } from './vars.js';

/** Somebody whose templates are looked at, for messages: `asset "orders"`. */
export interface EnvUser {
  readonly what: string;
  readonly mentions: readonly Mention[];
}

/** Throws `plan/unset-variable` naming variable and user; a mention with a default may stay unset. */
export const pinEnv = (
  users: readonly EnvUser[],
  vars: JsonObject,
  env: Environment,
): Readonly<Record<string, string>> => {
  const pinned: Record<string, string> = {};
  for (const user of users) {
    const throughVars = mentionsOfVars(usedVars(vars, user.mentions));
    for (const { path, optional } of [...user.mentions, ...throughVars]) {
      const [root, name] = path;
      if (root !== 'env') continue;
      if (name === undefined) {
        throw new TidemarkError(
          badTemplate,
          `${user.what} takes "env" as a whole; write env.NAME, so that the run can pin it`,
        );
      }
      const value = env[name];
      if (value !== undefined) pinned[name] = value;
      else if (!optional) {
        throw new TidemarkError(
          unsetVariable,
          `${user.what} uses env.${name}, and the variable ${name} of the environment is not set`,
        );
      }
    }
  }
  return Object.fromEntries(Object.entries(pinned).sort(([a], [b]) => (a < b ? -1 : 1)));
};
