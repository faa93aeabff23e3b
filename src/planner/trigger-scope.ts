/** What templates see as `trigger` and `source.trigger` (dialect §5.3, §6.3). */
import type { Trigger } from '../core/plan/plan.js';
import type { JsonObject } from '../core/values/json.js';

/**
 * `data` is the one item of the run; a run of a whole batch has `items` instead, so that `trigger.data.x` fails
 * loudly where it would take one file of many.
 */
export const triggerScope = (trigger: Trigger): JsonObject => {
  const items = trigger.items.map((item) => item.fields);
  const texts = { cursor: trigger.cursor, last_cursor: trigger.last_cursor, now: trigger.now };
  const given = Object.entries(texts).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const [only] = items;
  return {
    sensor: trigger.sensor,
    ...(Object.fromEntries(given) as JsonObject),
    items,
    ...(items.length === 1 && only !== undefined ? { data: only } : {}),
  };
};
