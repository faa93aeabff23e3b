/**
 * `jobs[].selection` (D6, dialect §7.7): which assets a job runs. A list is the union of its entries; a mapping is
 * the intersection of its keys; a text is a small language:
 *
 *     expr := and ("or" and)*        and := not ("and" not)*       not := "not" not | "(" expr ")" | atom
 *     atom := [n]+name  name+[n]  *name  name*  key:glob  group:glob  tag:key[=value]  *
 *
 * Problems are returned, not thrown, each with the path of the entry that it is about.
 */
import { suggest } from '../../core/values/suggest.js';
import { isJsonObject, type JsonValue } from '../../core/values/json.js';
import { oncePer } from './once-per.js';
import { parseSelection, type Selector } from './selection-syntax.js';
import type { Path } from './placed.js';

export interface SelectableAsset {
  readonly name: string;
  readonly group: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly upstreams: readonly { readonly asset: string }[];
}

export interface SelectionProblem {
  /** Below `selection`. */
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
  readonly known?: readonly string[];
}

export interface Selection {
  /** In the order in which assets are declared. */
  readonly names: readonly string[];
  readonly problems: readonly SelectionProblem[];
}

type Found = ReadonlySet<string>;
type Complaint = Omit<SelectionProblem, 'path'>;
type Complain = (problem: Complaint) => void;

interface Graph {
  readonly assets: readonly SelectableAsset[];
  /** Names that files declare, also of assets that could not be defined. */
  readonly declared: readonly string[];
}

interface Links {
  /** Where each name stands among the assets. */
  readonly places: ReadonlyMap<string, number>;
  /** By code unit, so that names with one beginning stand together. */
  readonly sorted: readonly string[];
  readonly up: ReadonlyMap<string, readonly string[]>;
  readonly down: ReadonlyMap<string, readonly string[]>;
}

/** Once for all the jobs of a project. */
const linksOf = oncePer((assets: readonly SelectableAsset[]): Links => {
  const up = new Map<string, string[]>();
  const down = new Map<string, string[]>();
  const link = (links: Map<string, string[]>, from: string, to: string): void => {
    const known = links.get(from);
    if (known === undefined) links.set(from, [to]);
    else known.push(to);
  };
  for (const { name, upstreams } of assets)
    for (const { asset } of upstreams) {
      link(up, name, asset);
      link(down, asset, name);
    }
  const places = new Map(assets.map(({ name }, at) => [name, at]));
  return { places, sorted: [...places.keys()].sort(), up, down };
});

/** `levels` steps through the graph; a cycle ends when nothing new is found. */
const spread = (graph: Graph, from: Found, towards: 'up' | 'down', levels: number): Found => {
  const links = linksOf(graph.assets)[towards];
  const found = new Set(from);
  let edge: readonly string[] = [...from];
  for (let level = 0; level < levels && edge.length > 0; level++) {
    const next = edge.flatMap((name) => links.get(name) ?? []);
    edge = [...new Set(next)].filter((name) => !found.has(name));
    for (const name of edge) found.add(name);
  }
  return found;
};

/** Found by halving: a job of a few assets does not look at those of all the others. */
const namesBeginning = (graph: Graph, beginning: string): readonly string[] => {
  const { sorted } = linksOf(graph.assets);
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < beginning) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (sorted[end]?.startsWith(beginning) === true) end++;
  return sorted.slice(low, end);
};

const globToRegExp = (glob: string): RegExp =>
  new RegExp(`^${glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 'u');

const matching = (graph: Graph, accepts: (asset: SelectableAsset) => boolean): Found =>
  new Set(graph.assets.filter(accepts).map((asset) => asset.name));

const notEmpty = (found: Found, complain: Complain, problem: () => Complaint): Found => {
  if (found.size === 0) complain(problem());
  return found;
};

const allNames = ({ declared }: Graph): readonly string[] => [...new Set(declared)].sort();

const selectName = (name: string, graph: Graph, complain: Complain): Found => {
  if (linksOf(graph.assets).places.has(name)) return new Set([name]);
  if (graph.declared.includes(name)) return new Set();
  const near = suggest(name, graph.declared);
  complain({
    message: `no asset is called ${JSON.stringify(name)}`,
    ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
    known: allNames(graph),
  });
  return new Set();
};

const selectGroup = (group: string, graph: Graph, complain: Complain): Found => {
  const pattern = globToRegExp(group);
  return notEmpty(
    matching(graph, (asset) => pattern.test(asset.group)),
    complain,
    () => ({
      message: `no asset is in group ${JSON.stringify(group)}`,
      known: [...new Set(graph.assets.map((asset) => asset.group))].sort(),
    }),
  );
};

const selectTag = (tag: string, graph: Graph, complain: Complain): Found => {
  const [key = '', ...rest] = tag.split('=');
  const value = rest.length === 0 ? undefined : rest.join('=');
  return notEmpty(
    matching(
      graph,
      ({ tags }) => Object.hasOwn(tags, key) && (value === undefined || tags[key] === value),
    ),
    complain,
    () => ({ message: `no asset has the tag ${JSON.stringify(tag)}` }),
  );
};

const selectKey = (glob: string, graph: Graph, complain: Complain): Found => {
  if (!glob.includes('*')) return selectName(glob, graph, complain);
  const pattern = globToRegExp(glob);
  const candidates = namesBeginning(graph, glob.slice(0, glob.indexOf('*')));
  const found = new Set(candidates.filter((name) => pattern.test(name)));
  return notEmpty(found, complain, () => ({
    message: `no asset's name matches ${JSON.stringify(glob)}`,
    known: allNames(graph),
  }));
};

const evaluate = (selector: Selector, graph: Graph, complain: Complain): Found => {
  const inner = (part: Selector) => evaluate(part, graph, complain);
  switch (selector.kind) {
    case 'all':
      return matching(graph, () => true);
    case 'name':
      return selectName(selector.name, graph, complain);
    case 'key':
      return selectKey(selector.glob, graph, complain);
    case 'group':
      return selectGroup(selector.group, graph, complain);
    case 'tag':
      return selectTag(selector.tag, graph, complain);
    case 'spread': {
      const from = inner(selector.of);
      const up = spread(graph, from, 'up', selector.upLevels);
      const down = spread(graph, from, 'down', selector.downLevels);
      return new Set([...up, ...down]);
    }
    case 'or':
      return new Set([...inner(selector.left), ...inner(selector.right)]);
    case 'and': {
      const right = inner(selector.right);
      return new Set([...inner(selector.left)].filter((name) => right.has(name)));
    }
    case 'not': {
      const left = inner(selector.of);
      return matching(graph, (asset) => !left.has(asset.name));
    }
  }
};

const evaluateText = (text: string, graph: Graph, complain: Complain): Found => {
  const parsed = parseSelection(text);
  if ('problem' in parsed) {
    complain({ message: `${JSON.stringify(text)} is not a selection: ${parsed.problem}` });
    return new Set();
  }
  return evaluate(parsed.selector, graph, complain);
};

/** `{key: name*}` means the downstream, like the bare text (D6); several keys narrow each other. */
const evaluateEntry = (entry: JsonValue, graph: Graph, complain: Complain): Found => {
  if (typeof entry === 'string') return evaluateText(entry, graph, complain);
  if (!isJsonObject(entry)) return new Set();
  const parts: Found[] = [];
  const { key, group, tag } = entry;
  if (typeof key === 'string') parts.push(evaluateText(key, graph, complain));
  if (typeof group === 'string') parts.push(selectGroup(group, graph, complain));
  if (typeof tag === 'string') parts.push(selectTag(tag, graph, complain));
  if (parts.length === 0) complain({ message: 'an empty mapping selects nothing' });
  const [first = new Set<string>(), ...others] = parts;
  return new Set([...first].filter((name) => others.every((other) => other.has(name))));
};

/** The assets that a selection names; without one, all. */
export const resolveSelection = (selection: JsonValue | undefined, graph: Graph): Selection => {
  const problems: SelectionProblem[] = [];
  const entries: readonly (readonly [Path, JsonValue])[] = Array.isArray(selection)
    ? selection.map((entry: JsonValue, index) => [[index], entry])
    : [[[], selection ?? '*']];
  const found = new Set<string>();
  for (const [path, entry] of entries) {
    const complain: Complain = (problem) => problems.push({ path, ...problem });
    for (const name of evaluateEntry(entry, graph, complain)) found.add(name);
  }
  const { places } = linksOf(graph.assets);
  const names = [...found]
    .map((name) => ({ name, at: places.get(name) ?? -1 }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
  if (
    names.length === 0 &&
    problems.length === 0 &&
    graph.assets.length === graph.declared.length
  ) {
    problems.push({ path: [], message: 'the selection is empty: nothing would run' });
  }
  return { names, problems };
};
