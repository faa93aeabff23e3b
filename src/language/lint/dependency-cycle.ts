/** Assets whose upstreams lead back to themselves: none of them could ever start. Each cycle is reported once. */
import { defineDiagnostic, diagnose } from '../../core/errors/diagnostic.js';
import type { AssetDefinition } from '../definition/definition.js';
import { exampleAsset, exampleProject } from './example.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/dependency-cycle',
  severity: 'error',
  summary: 'Assets wait for each other in a circle through deps or ins.',
  fix: 'Remove one of the dependencies.',
});

/** The names on a way from an asset back to itself, or undefined; breadth first, so a shortest one. */
const cycleThrough = (
  start: string,
  upstreams: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined => {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let at = 0; at < queue.length; at++) {
    const name = queue[at] ?? start;
    for (const above of upstreams.get(name) ?? []) {
      if (above === start) return wayTo(name, start, cameFrom);
      if (cameFrom.has(above)) continue;
      cameFrom.set(above, name);
      queue.push(above);
    }
  }
  return undefined;
};

const wayTo = (
  end: string,
  start: string,
  cameFrom: ReadonlyMap<string, string>,
): readonly string[] => {
  const way = [end];
  for (let name = end; name !== start;) {
    name = cameFrom.get(name) ?? start;
    way.unshift(name);
  }
  return way;
};

const cycles = (assets: readonly AssetDefinition[]): readonly (readonly string[])[] => {
  const upstreams = new Map(
    assets.map((asset) => [asset.name, asset.upstreams.map(({ asset: name }) => name)]),
  );
  const seen = new Set<string>();
  return [...upstreams.keys()].flatMap((name) => {
    if (seen.has(name)) return [];
    const cycle = cycleThrough(name, upstreams);
    for (const member of cycle ?? []) seen.add(member);
    return cycle === undefined ? [] : [cycle];
  });
};

export const dependencyCycle = defineRule({
  kind,
  bad: exampleProject(
    `assets:\n${exampleAsset}    deps: [customers]\n${exampleAsset.replaceAll('orders', 'customers')}    deps: [orders]\n`,
  ),
  good: exampleProject(
    `assets:\n${exampleAsset}    deps: [customers]\n${exampleAsset.replaceAll('orders', 'customers')}`,
  ),
  check: (draft) => {
    const assets = draft.assets.map(({ definition }) => definition);
    return cycles(assets).flatMap((cycle) => {
      const members = cycle.flatMap((name) => assets.find((asset) => asset.name === name) ?? []);
      const [first, ...others] = members;
      if (first === undefined) return [];
      const way = [...cycle, first.name].join(' → ');
      return [
        diagnose(kind, first.span, `assets wait for each other: ${way}`, {
          related: others.map(({ name, span }) => ({
            message: `asset ${JSON.stringify(name)}`,
            span,
          })),
        }),
      ];
    });
  },
});
