/** For each sensor that starts the run: does the asset read only the sensor's items, and if not, why (D17)? */
import type { Connector } from '../connectors/connector.js';
import type { AssetSpec, RunPlan } from '../core/plan/plan.js';
import type { Definition, SensorDefinition } from '../language/definition/definition.js';
import { assetMentions, usesTrigger } from '../planner/asset-mentions.js';

const answer = (sensor: SensorDefinition, asset: AssetSpec, looksAtTrigger: boolean): string => {
  const items = sensor.triggerMode === 'item' ? 'the item' : 'the items of a poll';
  if (asset.onTrigger === 'all') return 'reads everything: on_trigger is all';
  if (looksAtTrigger) return 'chooses by its own templates: they use the trigger';
  if (sensor.source.connection !== asset.source.connection)
    return 'reads everything: the sensor watches another connection';
  return `reads only ${items} that its options cover; everything when they cover none`;
};

export const explainTriggers = (
  definition: Definition,
  run: RunPlan,
  asset: AssetSpec,
  connectors: readonly Connector[],
): readonly string[] => {
  const starting = definition.sensors.filter((sensor) => sensor.job === run.context.name);
  if (starting.length === 0) return [];
  const looksAtTrigger = usesTrigger(assetMentions(asset, connectors));
  return starting.map(
    (sensor) => `started by ${sensor.name}, it ${answer(sensor, asset, looksAtTrigger)}`,
  );
};
