/**
 * Which names a template may begin with, as data. Each field of a connector declares its scope (design §3).
 *
 * A name whose fields are not given here is open: what it holds is known only in a run.
 */

/** `connection`: a connection's fields. `run`: resolved once per run. `item`: once per file. `predicate`: bare item fields. */
export type ScopeName = 'connection' | 'run' | 'item' | 'predicate';

export interface Shape {
  /** Absent: anything may stand here. */
  readonly fields?: TemplateRoots;
}

export type TemplateRoots = Readonly<Record<string, Shape>>;

/** What the caller knows; whatever is absent is open, except aliases and item fields, which are then none. */
export interface ScopeFacts {
  readonly vars?: readonly string[];
  readonly env?: readonly string[];
  readonly params?: readonly string[];
  /** The dimensions of a multi-partition key. */
  readonly dimensions?: readonly string[];
  /** The keys of the source's config, for `source.<field>`. */
  readonly sourceFields?: readonly string[];
  /** The `ins` of an asset. */
  readonly aliases?: readonly string[];
  readonly itemFields?: readonly string[];
}

const open: Shape = {};

const shapeOf = (names: readonly string[] | undefined): Shape =>
  names === undefined ? open : { fields: Object.fromEntries(names.map((name) => [name, open])) };

const merge = (...shapes: readonly Shape[]): Shape => ({
  fields: Object.assign({}, ...shapes.map((shape) => shape.fields ?? {})) as TemplateRoots,
});

const one = (name: string, shape: Shape): Shape => ({ fields: { [name]: shape } });

const triggerShape = merge(shapeOf(['cursor', 'last_cursor', 'now']), one('data', open));

const sourceShape = (facts: ScopeFacts, withItem: boolean): Shape => {
  if (facts.sourceFields === undefined && !withItem) return open;
  const item = withItem
    ? merge(one('item', shapeOf(facts.itemFields ?? [])), shapeOf(['path', 'bucket']))
    : merge();
  return merge(
    shapeOf(facts.sourceFields ?? ['path', 'bucket_name', 'prefix', 'key']),
    one('trigger', triggerShape),
    item,
  );
};

const partitionShapes = (facts: ScopeFacts): TemplateRoots => ({
  partition_key: shapeOf(facts.dimensions),
  partition_start: open,
  partition_end: open,
  ...Object.fromEntries((facts.dimensions ?? []).map((name) => [`partition_key_${name}`, open])),
});

const runRoots = (facts: ScopeFacts, withItem: boolean): TemplateRoots => ({
  ...Object.fromEntries(
    (facts.aliases ?? []).map((alias) => [alias, one('result', shapeOf(resultFields))]),
  ),
  ...partitionShapes(facts),
  env: shapeOf(facts.env),
  metadata: shapeOf(['last_cursor', 'now', 'window']),
  ops: open,
  params: shapeOf(facts.params),
  run_tags: open,
  source: sourceShape(facts, withItem),
  trigger: triggerShape,
  vars: shapeOf(facts.vars),
});

/** What an upstream's result carries (D4). */
export const resultFields: readonly string[] = [
  'bucket_name',
  'bytes',
  'files',
  'keys',
  'prefix',
  'rows',
  'table_name',
];

/** The names of a scope with what is known about each. `fn` and the modules of functions come with the functions. */
export const scopeRoots = (scope: ScopeName, facts: ScopeFacts = {}): TemplateRoots => {
  switch (scope) {
    case 'connection':
      return { env: shapeOf(facts.env), vars: shapeOf(facts.vars) };
    case 'run':
      return runRoots(facts, false);
    case 'item':
      return runRoots(facts, true);
    case 'predicate':
      return {
        vars: shapeOf(facts.vars),
        source: one('item', shapeOf(facts.itemFields ?? [])),
        ...(shapeOf(facts.itemFields ?? []).fields ?? {}),
      };
  }
};
