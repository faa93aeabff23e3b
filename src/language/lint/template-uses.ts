/**
 * Every template of a project with the place and the scope that it stands in. Constant texts are left out, except
 * predicates, which are expressions without braces.
 */
import type { TemplateScope } from '../../connectors/fields.js';
import type { Span } from '../../core/errors/diagnostic.js';
import type { ProjectDraft } from '../definition/draft.js';
import { oncePer, oncePerText } from '../definition/once-per.js';
import { holdsTemplate, optionTexts } from '../definition/options.js';
import { placedAt, valueAt, type Path, type Placed } from '../definition/placed.js';
import { parseTemplate, type ParsedTemplate } from '../template/template.js';
import { allEndpoints, type PlacedEndpoint } from './endpoints.js';

export interface TemplateUse {
  /** `asset "orders": target`, `connection "lake"`. */
  readonly what: string;
  /** Path of the field below `what`: `key`. */
  readonly field: Path;
  readonly text: string;
  readonly parsed: ParsedTemplate;
  readonly scope: TemplateScope;
  /** The field is declared to hold a secret. */
  readonly isSecret: boolean;
  readonly endpoint: PlacedEndpoint | null;
  readonly connection: string | null;
  /** The whole value, or a stretch of the text. */
  span(offset?: number, length?: number): Span;
}

const open = '{{ ';

const parserOf = oncePer((_: ProjectDraft) => oncePerText(String, parseTemplate));

/** The template of a text, which several rules look at. */
export const parsedIn = (draft: ProjectDraft, text: string): ParsedTemplate =>
  parserOf(draft)(text);

const parseText = (draft: ProjectDraft, text: string, scope: TemplateScope): ParsedTemplate =>
  parsedIn(draft, scope === 'predicate' && !holdsTemplate(text) ? `${open}${text} }}` : text);

const spanIn =
  (placed: Placed, path: Path, shift: number) =>
  (offset?: number, length = 0): Span =>
    offset === undefined
      ? placed.span(path, 'value')
      : placed.within(path, Math.max(0, offset - shift), length);

const endpointUses = (draft: ProjectDraft, endpoint: PlacedEndpoint): readonly TemplateUse[] => {
  const { declaration, what } = endpoint;
  // Only what the definition kept: refused keys are reported once, where they stand.
  const kept = { ...endpoint.configs, value: endpoint.endpoint.configs };
  const texts = declaration === undefined ? [] : optionTexts(declaration.options, kept.value);
  const options = texts.flatMap(({ path, text, facts, known }) => {
    const scope = facts.template ?? 'none';
    if (!known || scope === 'none' || (scope !== 'predicate' && !holdsTemplate(text))) return [];
    const shift = scope === 'predicate' && !holdsTemplate(text) ? open.length : 0;
    const parsed = parseText(draft, text, scope);
    const isSecret = facts.secret === true;
    const span = spanIn(kept, path, shift);
    return [{ what, field: path, text, parsed, scope, isSecret, endpoint, connection: null, span }];
  });
  return [...options, ...connectionNameUse(draft, endpoint)];
};

/** The name of a connection may be a template of the run (D1). */
const connectionNameUse = (
  draft: ProjectDraft,
  endpoint: PlacedEndpoint,
): readonly TemplateUse[] => {
  const text = endpoint.endpoint.connection;
  if (!holdsTemplate(text)) return [];
  const isOuter = valueAt(endpoint.placed.value, ['connection']) !== undefined;
  const path = isOuter ? ['connection'] : ['configs', 'connection'];
  return [
    {
      what: endpoint.what,
      field: ['connection'],
      text,
      parsed: parsedIn(draft, text),
      scope: 'run',
      isSecret: false,
      endpoint,
      connection: null,
      span: spanIn(endpoint.placed, path, 0),
    },
  ];
};

const connectionUses = (draft: ProjectDraft): readonly TemplateUse[] =>
  draft.connections.flatMap(({ definition, placed }) => {
    const connector = draft.connectors.find((entry) => entry.kind === definition.kind);
    if (connector === undefined) return [];
    const config = placedAt(placed, 'config');
    return optionTexts(connector.connection.options, definition.config)
      .filter(
        ({ text, known, facts }) => known && holdsTemplate(text) && facts.template !== undefined,
      )
      .map(({ path, text, facts }) => ({
        what: `connection ${JSON.stringify(definition.name)}`,
        field: path,
        text,
        parsed: parsedIn(draft, text),
        scope: facts.template ?? 'connection',
        isSecret: facts.secret === true,
        endpoint: null,
        connection: definition.name,
        span: spanIn(config, path, 0),
      }));
  });

export const templateUses = oncePer((draft: ProjectDraft): readonly TemplateUse[] => [
  ...connectionUses(draft),
  ...allEndpoints(draft).flatMap((endpoint) => endpointUses(draft, endpoint)),
]);
