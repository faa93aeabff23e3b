/** `deps`, `ins` and `ops_config` name assets that exist. */
import { defineDiagnostic, diagnose, type Span } from '../../core/errors/diagnostic.js';
import { namesOf, type ProjectDraft } from '../definition/draft.js';
import { placedAt, placedEntries, placedItems, type Placed } from '../definition/placed.js';
import { exampleAsset, exampleProject } from './example.js';
import { nearFacts } from './near.js';
import { defineRule } from './rule.js';

const kind = defineDiagnostic({
  code: 'lint/unknown-asset',
  severity: 'error',
  summary: 'deps, ins or ops_config names an asset that no file declares.',
  fix: 'Correct the name, or declare the asset.',
});

interface Reference {
  readonly what: string;
  readonly name: string;
  readonly span: Span;
}

const upstreamReferences = (what: string, placed: Placed): readonly Reference[] => {
  const deps = placedItems(placedAt(placed, 'deps')).flatMap((item) =>
    typeof item.value === 'string'
      ? [{ what: `${what}: deps`, name: item.value, span: item.span([], 'value') }]
      : [],
  );
  const ins = placedEntries(placedAt(placed, 'ins')).map(([alias, entry]) => {
    const key = placedAt(entry, 'key').value;
    return typeof key === 'string'
      ? { what: `${what}: ins.${alias}`, name: key, span: entry.span(['key'], 'value') }
      : { what: `${what}: ins`, name: alias, span: entry.span([], 'key') };
  });
  return [...deps, ...ins];
};

const references = (draft: ProjectDraft): readonly Reference[] => [
  ...draft.assets.flatMap(({ definition, placed }) =>
    upstreamReferences(`asset ${JSON.stringify(definition.name)}`, placed),
  ),
  ...draft.jobs
    .filter(({ definition }) => definition.generatedFrom === null)
    .flatMap(({ definition, placed }) =>
      placedEntries(placedAt(placed, 'ops_config')).map(([name, entry]) => ({
        what: `job ${JSON.stringify(definition.name)}: ops_config`,
        name,
        span: entry.span([], 'key'),
      })),
    ),
];

export const unknownAsset = defineRule({
  kind,
  bad: exampleProject(`assets:\n${exampleAsset}    deps: [customers]\n`),
  good: exampleProject(
    `assets:\n${exampleAsset}    deps: [customers]\n${exampleAsset.replaceAll('orders', 'customers')}`,
  ),
  check: (draft) => {
    const known = namesOf(draft, 'asset');
    const names = new Set(known);
    return references(draft)
      .filter(({ name }) => !names.has(name))
      .map(({ what, name, span }) =>
        diagnose(
          kind,
          span,
          `${what}: no asset is called ${JSON.stringify(name)}`,
          nearFacts(name, known),
        ),
      );
  },
});
