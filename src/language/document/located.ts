/**
 * The located tree: parsed YAML in which every key and every value knows its place in the file.
 *
 * Content that an alias stands for is shared, not copied, and keeps the place where it was written. The tree is
 * finite and acyclic, at most 100 levels deep, and expands to at most 100,000 values.
 */
import type { Span } from '../../core/errors/diagnostic.js';
import type { JsonValue } from '../../core/values/json.js';
import type { Yaml11Reading } from './yaml11.js';

export interface LocatedScalar {
  readonly kind: 'scalar';
  readonly span: Span;
  /** An integer beyond ±(2^53 − 1), an infinity and "not a number" are their source text. */
  readonly value: string | number | boolean | null;
  /** The source text as written, with quotes or block header. */
  readonly raw: string;
  /** Written without quotes and not as a block. */
  readonly plain: boolean;
  /** YAML 1.1 reads this plain scalar as another type; see D22. */
  readonly yaml11?: Yaml11Reading;
  /** An unquoted date or timestamp; `value` is its text. */
  readonly date?: true;
  /** An integer that a JavaScript number cannot hold; `value` is its text. */
  readonly largeInteger?: true;
}

export interface MappingEntry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: LocatedNode;
  /** The entry came in through `<<`. */
  readonly merged?: true;
}

export interface LocatedMapping {
  readonly kind: 'mapping';
  readonly span: Span;
  /** In the order of the file, merged entries last; keys are unique. */
  readonly entries: readonly MappingEntry[];
}

export interface LocatedSequence {
  readonly kind: 'sequence';
  readonly span: Span;
  readonly items: readonly LocatedNode[];
}

export type LocatedNode = LocatedMapping | LocatedSequence | LocatedScalar;

export interface LocatedDocument {
  readonly file: string;
  /** The whole text, for excerpts. */
  readonly text: string;
  /** An empty file is a null scalar. */
  readonly root: LocatedNode;
}

export type NodePath = readonly (string | number)[];

/** Large mappings are looked into once for each of their keys: searched from the front, that would be quadratic. */
const indexes = new WeakMap<LocatedMapping, ReadonlyMap<string, MappingEntry>>();
const worthIndexing = 50;

const indexOf = (mapping: LocatedMapping): ReadonlyMap<string, MappingEntry> => {
  const known = indexes.get(mapping);
  if (known !== undefined) return known;
  const index = new Map(mapping.entries.map((entry) => [entry.key, entry]));
  indexes.set(mapping, index);
  return index;
};

/** The entry of that key, or undefined. */
export const entryOf = (node: LocatedNode, key: string): MappingEntry | undefined => {
  if (node.kind !== 'mapping') return undefined;
  return node.entries.length < worthIndexing
    ? node.entries.find((entry) => entry.key === key)
    : indexOf(node).get(key);
};

/** The value as plain JSON. Keys become own properties, `__proto__` too. */
export const toJson = (node: LocatedNode): JsonValue => {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'sequence') return node.items.map(toJson);
  return Object.fromEntries(node.entries.map((entry) => [entry.key, toJson(entry.value)]));
};

/** The node at that path, or undefined. */
export const nodeAt = (document: LocatedDocument, path: NodePath): LocatedNode | undefined => {
  let node: LocatedNode | undefined = document.root;
  for (const step of path) {
    if (node === undefined) return undefined;
    node = node.kind === 'sequence' ? node.items[Number(step)] : entryOf(node, String(step))?.value;
  }
  return node;
};

/**
 * The place of a path: `key` is the key of its last step (the value, where the last step is an index), `value` is what
 * stands behind it. Falls back to the nearest ancestor that exists, so it always answers.
 */
export const locate = (
  document: LocatedDocument,
  path: NodePath,
  part: 'key' | 'value' = 'value',
): Span => {
  let node = document.root;
  let span = node.span;
  for (const [position, step] of path.entries()) {
    const entry = entryOf(node, String(step));
    const next = node.kind === 'sequence' ? node.items[Number(step)] : entry?.value;
    if (next === undefined) return span;
    const last = position === path.length - 1;
    span = last && part === 'key' && entry !== undefined ? entry.keySpan : next.span;
    node = next;
  }
  return span;
};
