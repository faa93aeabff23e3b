/**
 * From the YAML package's nodes to the located tree: anchors, aliases, merge keys, duplicate keys, marks on scalars.
 *
 * The walk never recurses deeper than the limit and never expands an alias: an alias shares the node of its anchor,
 * and sizes are added up as if it were copied, so a bomb is refused before anyone expands it.
 */
import { diagnose, type Diagnostic, type Span } from '../../core/errors/diagnostic.js';
import * as kinds from './diagnostics.js';
import { type LineIndex, spanOf } from './line-index.js';
import type {
  LocatedMapping,
  LocatedNode,
  LocatedScalar,
  LocatedSequence,
  MappingEntry,
} from './located.js';
import { isAlias, isMap, isScalar, isSeq, type ParsedNode } from './yaml-reader.js';
import { looksLikeDate, yaml11Reading } from './yaml11.js';

export const depthLimit = 100;
export const valueLimit = 100_000;

interface Walk {
  readonly text: string;
  readonly index: LineIndex;
  readonly diagnostics: Diagnostic[];
  /** What an anchor stands for; `open` while its own value is being walked. */
  readonly anchors: Map<string, LocatedNode | 'open'>;
  /** How many values a node expands to, and how deep it is, aliases written out. */
  readonly sizes: Map<LocatedNode, { readonly values: number; readonly depth: number }>;
}

type MappingItem = { readonly key: ParsedNode | null; readonly value: ParsedNode | null };

const spanOfNode = (walk: Walk, node: ParsedNode): Span => {
  const [start, end] = node.range;
  return spanOf(walk.index, start, end);
};

const nullAt = (span: Span): LocatedScalar => ({
  kind: 'scalar',
  span,
  value: null,
  raw: '',
  plain: true,
});

const numberMarks = (
  value: bigint | number,
  raw: string,
): Pick<LocatedScalar, 'value' | 'largeInteger'> => {
  if (typeof value === 'number') return { value: Number.isFinite(value) ? value : raw };
  const number = Number(value);
  return Number.isSafeInteger(number) ? { value: number } : { value: raw, largeInteger: true };
};

const scalarOf = (walk: Walk, node: ParsedNode & { value: unknown }): LocatedScalar => {
  const raw = walk.text.slice(node.range[0], node.range[1]);
  const plain = 'type' in node && node.type === 'PLAIN';
  const { value } = node;
  const base = { kind: 'scalar', span: spanOfNode(walk, node), raw, plain } as const;
  const marks =
    typeof value === 'bigint' || typeof value === 'number'
      ? numberMarks(value, raw)
      : { value: typeof value === 'string' || typeof value === 'boolean' ? value : null };
  const reading = plain ? yaml11Reading(raw) : undefined;
  return {
    ...base,
    ...marks,
    ...(reading === undefined ? {} : { yaml11: reading }),
    ...(plain && typeof marks.value === 'string' && looksLikeDate(raw)
      ? { date: true as const }
      : {}),
  };
};

const measure = (walk: Walk, node: LocatedNode, children: readonly LocatedNode[]): void => {
  let values = 1;
  let depth = 0;
  for (const child of children) {
    const size = walk.sizes.get(child) ?? { values: 1, depth: 1 };
    values += size.values;
    depth = Math.max(depth, size.depth);
  }
  walk.sizes.set(node, { values, depth: depth + 1 });
};

/** What takes the place of a collection that aliases make too large or too deep. */
const refuseExpansion = (walk: Walk, node: LocatedNode): LocatedNode => {
  const size = walk.sizes.get(node) ?? { values: 1, depth: 1 };
  if (size.values <= valueLimit && size.depth <= depthLimit + 1) return node;
  const large = size.values > valueLimit;
  walk.diagnostics.push(
    large
      ? diagnose(
          kinds.tooLarge,
          node.span,
          `this value expands to more than ${valueLimit} values`,
          { hint: 'aliases are counted as if written out' },
        )
      : diagnose(
          kinds.tooDeep,
          node.span,
          `aliases nest this value deeper than ${depthLimit} levels`,
        ),
  );
  const stub = nullAt(node.span);
  walk.sizes.set(stub, { values: 1, depth: 1 });
  return stub;
};

const aliasTarget = (walk: Walk, name: string, span: Span): LocatedNode => {
  const target = walk.anchors.get(name);
  if (target === 'open') {
    walk.diagnostics.push(
      diagnose(kinds.aliasCycle, span, `alias *${name} stands inside the value of its own anchor`),
    );
    return nullAt(span);
  }
  if (target !== undefined) return target;
  const known = [...walk.anchors.keys()];
  walk.diagnostics.push(
    diagnose(kinds.unknownAlias, span, `alias *${name}: no anchor &${name} stands above it`, {
      hint: 'put the value in quotes, if it is text',
      known,
    }),
  );
  return nullAt(span);
};

const isTemplateBrace = (walk: Walk, key: ParsedNode): boolean =>
  walk.text[key.range[0] - 1] === '{' && isMap(key);

const keyText = (walk: Walk, key: ParsedNode, span: Span): string | undefined => {
  const target = isAlias(key) ? aliasTarget(walk, key.source, span) : undefined;
  if (target?.kind === 'scalar' && typeof target.value === 'string') return target.value;
  if (isScalar(key)) {
    if (typeof key.value === 'string') return key.value;
    const raw = walk.text.slice(key.range[0], key.range[1]);
    const what = raw === '' ? 'an empty key' : `key ${raw}`;
    walk.diagnostics.push(
      diagnose(kinds.keyNotText, span, `${what} is not text`, { hint: `write "${raw}"` }),
    );
    return raw;
  }
  walk.diagnostics.push(
    isTemplateBrace(walk, key)
      ? diagnose(kinds.unquotedTemplate, span, 'a template stands without quotes', {
          hint: 'put the whole value in quotes',
        })
      : diagnose(kinds.keyNotText, span, 'a mapping or a list is used as a key'),
  );
  return undefined;
};

const mergeEntries = (walk: Walk, source: LocatedNode, span: Span): readonly MappingEntry[] => {
  if (source.kind === 'mapping')
    return source.entries.map((entry) => ({ ...entry, merged: true as const }));
  if (source.kind === 'sequence' && source.items.every((item) => item.kind === 'mapping')) {
    return source.items.flatMap((item) => mergeEntries(walk, item, span));
  }
  walk.diagnostics.push(
    diagnose(
      kinds.mergeNotMapping,
      span,
      'the value of << is neither a mapping nor a list of mappings',
    ),
  );
  return [];
};

const duplicate = (walk: Walk, key: string, span: Span, first: Span): void => {
  walk.diagnostics.push(
    diagnose(kinds.duplicateKey, span, `key "${key}" occurs twice in the same mapping`, {
      related: [{ message: 'first written here', span: first }],
    }),
  );
};

const valueOf = (walk: Walk, item: MappingItem, keySpan: Span, depth: number): LocatedNode =>
  item.value === null
    ? nullAt({ ...keySpan, line: keySpan.endLine, column: keySpan.endColumn })
    : locateNode(walk, item.value, depth + 1);

const isMergeKey = (key: ParsedNode): boolean =>
  isScalar(key) && key.value === '<<' && key.type === 'PLAIN';

const locateMapping = (
  walk: Walk,
  items: readonly MappingItem[],
  span: Span,
  depth: number,
): LocatedMapping => {
  const own = new Map<string, MappingEntry>();
  const merged: MappingEntry[] = [];
  for (const item of items) {
    const keySpan = item.key === null ? span : spanOfNode(walk, item.key);
    if (item.key === null) {
      walk.diagnostics.push(
        diagnose(kinds.keyNotText, keySpan, 'a mapping has an entry without a key'),
      );
      continue;
    }
    const key = isMergeKey(item.key) ? undefined : keyText(walk, item.key, keySpan);
    if (key === undefined && !isMergeKey(item.key)) continue;
    const value = valueOf(walk, item, keySpan, depth);
    if (key === undefined) {
      merged.push(...mergeEntries(walk, value, keySpan));
      continue;
    }
    const first = own.get(key);
    if (first === undefined) own.set(key, { key, keySpan, value });
    else duplicate(walk, key, keySpan, first.keySpan);
  }
  // What a mapping says itself wins over what it merges, and the first merged mapping over the later ones.
  for (const entry of merged) if (!own.has(entry.key)) own.set(entry.key, entry);
  return { kind: 'mapping', span, entries: [...own.values()] };
};

const locateContent = (walk: Walk, node: ParsedNode, depth: number): LocatedNode => {
  const span = spanOfNode(walk, node);
  if (isMap(node)) {
    const mapping = locateMapping(walk, node.items as readonly MappingItem[], span, depth);
    measure(
      walk,
      mapping,
      mapping.entries.map((entry) => entry.value),
    );
    return mapping;
  }
  if (isSeq(node)) {
    const items = node.items.map((item) => locateNode(walk, item as ParsedNode, depth + 1));
    const sequence: LocatedSequence = { kind: 'sequence', span, items };
    measure(walk, sequence, items);
    return sequence;
  }
  return isScalar(node) ? scalarOf(walk, node) : nullAt(span);
};

const locateNode = (walk: Walk, node: ParsedNode, depth: number): LocatedNode => {
  const span = spanOfNode(walk, node);
  if (isAlias(node)) return aliasTarget(walk, node.source, span);
  if (depth > depthLimit) {
    walk.diagnostics.push(
      diagnose(kinds.tooDeep, span, `this value is nested deeper than ${depthLimit} levels`),
    );
    return nullAt(span);
  }
  const { anchor } = node;
  if (anchor !== undefined) walk.anchors.set(anchor, 'open');
  const located = refuseExpansion(walk, locateContent(walk, node, depth));
  if (anchor !== undefined) walk.anchors.set(anchor, located);
  return located;
};

export const locateTree = (
  contents: ParsedNode,
  text: string,
  index: LineIndex,
): { readonly root: LocatedNode; readonly diagnostics: readonly Diagnostic[] } => {
  const walk: Walk = { text, index, diagnostics: [], anchors: new Map(), sizes: new Map() };
  const root = locateNode(walk, contents, 0);
  return { root, diagnostics: walk.diagnostics };
};
