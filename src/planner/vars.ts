/**
 * The project's `vars` as templates see them: only those that are used (plans are small), with their own
 * `{{ env.X }}` resolved. Variables do not see each other.
 */
import { TidemarkError } from '../core/errors/error.js';
import type { JsonObject } from '../core/values/json.js';
import { badTemplate } from './errors.js';
import { usedEnv } from './used-env.js';
import { fieldName, mapTexts, textsIn } from './option-fields.js';
import { isConstant, mentions, renderText, type Mention } from './templates.js';

/** Names of `vars` that the mentions need; null when one of them takes `vars` as a whole. */
const namesOf = (used: readonly Mention[]): readonly string[] | null => {
  const names = used.filter(({ path }) => path[0] === 'vars').map(({ path }) => path[1]);
  return names.includes(undefined) ? null : [...new Set(names as string[])].sort();
};

/** The variables that the mentions need, unresolved. Unknown names are left out: evaluating them is the error. */
export const usedVars = (vars: JsonObject, used: readonly Mention[]): JsonObject => {
  const names = namesOf(used) ?? Object.keys(vars);
  const known = names.filter((name) => Object.hasOwn(vars, name));
  return Object.fromEntries(known.map((name) => [name, vars[name] ?? null]));
};

/** What the texts inside the variables mention themselves. */
export const mentionsOfVars = (vars: JsonObject): readonly Mention[] =>
  textsIn(vars).flatMap(({ text, path }) => mentions(text, `vars.${fieldName(path)}`));

/** The variables that the mentions need, with their own templates resolved. */
export const renderVars = (
  vars: JsonObject,
  used: readonly Mention[],
  env: Readonly<Record<string, string | undefined>>,
): JsonObject =>
  mapTexts(usedVars(vars, used), (text, path) => {
    const where = `vars.${fieldName(path)}`;
    if (isConstant(text, where)) return text;
    const inner = mentions(text, where);
    if (inner.some(({ path }) => path[0] !== 'env' && path[0] !== 'fn')) {
      throw new TidemarkError(
        badTemplate,
        `${where} is ${JSON.stringify(text)}; a variable may only use env and functions`,
      );
    }
    return renderText(text, { env: usedEnv(inner, env, where) }, where);
  }) as JsonObject;
