/** Which files a sensor reports: those that its predicate takes. */
import type { ListedFile } from '../connectors/connector.js';
import type { SensorPlan } from '../core/plan/sensor-plan.js';
import { isJsonObject } from '../core/values/json.js';
import { compilePredicate } from './predicate.js';

/** Throws what a predicate throws. The answer of one plan may be compiled once and used for all its files. */
export const sensorTakes = (plan: SensorPlan): ((file: ListedFile) => boolean) => {
  const source = plan.scope['source'];
  return compilePredicate(
    plan.source.options['predicate'],
    `sensor "${plan.name}", predicate`,
    (file) => ({
      ...plan.scope,
      source: { ...(isJsonObject(source) ? source : {}), item: file.fields },
    }),
  );
};
