/** Which of a trigger's items an asset reads (D17). */
import type { Connector } from '../connectors/connector.js';
import type { AssetSpec, Trigger, TriggerItem } from '../core/plan/plan.js';
import { usesTrigger } from './asset-mentions.js';
import type { Mention } from './templates.js';

interface NarrowingFacts {
  readonly asset: AssetSpec;
  readonly trigger: Trigger | null;
  readonly mentions: readonly Mention[];
  /** Name of the source's connection, resolved. */
  readonly connection: string;
}

/**
 * The items that the source covers, or null for the whole source: without a trigger, with `on_trigger: all`, when a
 * template uses the trigger itself, when the sensor watches another connection, or when the source covers no item.
 */
export const narrow = (
  facts: NarrowingFacts,
  connector: Connector,
  options: unknown,
): readonly TriggerItem[] | null => {
  const { asset, trigger, connection } = facts;
  if (trigger === null || asset.onTrigger === 'all' || usesTrigger(facts.mentions)) return null;
  if (trigger.connection !== connection) return null;
  const covered = trigger.items.filter((item) =>
    connector.source?.covers(options, { container: trigger.container, path: item.identity.path }),
  );
  return covered.length === 0 ? null : covered;
};
