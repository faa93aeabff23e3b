/** The part of a scope that templates still need which are resolved later: plans stay small, and show what is used. */
import { isJsonObject, type JsonObject } from '../core/values/json.js';
import type { Mention, TemplateScope } from './templates.js';

/** The mentioned roots; of a mapping only the mentioned names, unless it is mentioned as a whole. */
export const keptScope = (scope: TemplateScope, kept: readonly Mention[]): JsonObject => {
  // The run's clock is always there: functions take it where they are given no date.
  const roots = ['now', ...new Set(kept.map(({ path }) => path[0] ?? ''))].sort();
  const entries = roots
    .filter((root) => Object.hasOwn(scope, root))
    .map((root) => {
      const value = scope[root] ?? null;
      const names = kept.filter(({ path }) => path[0] === root).map(({ path }) => path[1]);
      if (!isJsonObject(value) || names.includes(undefined)) return [root, value] as const;
      const used = Object.entries(value).filter(([name]) => names.includes(name));
      return [root, Object.fromEntries(used)] as const;
    });
  return Object.fromEntries(entries);
};
