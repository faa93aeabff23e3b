/** Assets in an order in which every upstream stands before its downstreams; ties go by name, so that it is stable. */
import { invariant } from '../core/errors/invariant.js';
import type { Upstream } from '../core/plan/plan.js';

interface Node {
  readonly name: string;
  readonly upstreams: readonly Upstream[];
}

/** Upstreams outside the list do not count. Costs assets × longest chain. */
export const orderAssets = <A extends Node>(assets: readonly A[]): readonly A[] => {
  const waiting = new Map(assets.map((asset) => [asset.name, asset]));
  const ordered: A[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting.values()]
      .filter((asset) => asset.upstreams.every((upstream) => !waiting.has(upstream.asset)))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    invariant(ready.length > 0, 'a definition has no cycle of assets');
    for (const asset of ready) {
      ordered.push(asset);
      waiting.delete(asset.name);
    }
  }
  return ordered;
};
