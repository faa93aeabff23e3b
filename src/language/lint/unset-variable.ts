/** Environment variables that the project uses and that are not set here: a warning, because a worker may have them. */
import { diagnose, type Diagnostic, type Span } from '../../core/errors/diagnostic.js';
import type { ProjectDraft } from '../definition/draft.js';
import { placedAt, type Path } from '../definition/placed.js';
import { unsetEnvironment as kind } from '../template/diagnostics.js';
import { exampleAsset, exampleConnections } from './example.js';
import { defineRule } from './rule.js';
import { templateUses, type TemplateUse } from './template-uses.js';

interface Reference {
  readonly what: string;
  readonly variable: string;
  readonly span: Span;
}

const inTemplate = (use: TemplateUse): readonly Reference[] => {
  if (!('template' in use.parsed)) return [];
  const { references } = use.parsed.template;
  const names = references
    .filter(({ root, guarded }) => root === 'env' && !guarded)
    .flatMap(({ path: [name], offset, length }) =>
      name === undefined
        ? []
        : [{ what: use.what, variable: name, span: use.span(offset, length) }],
    );
  // fn.secrets.get('X') without a default: the call's own text has the name.
  const secrets = [...use.text.matchAll(/fn\.secrets\.get\(\s*(['"])([^'"]*)\1\s*\)/g)].map(
    (match) => ({
      what: use.what,
      variable: match[2] ?? '',
      span: use.span(match.index, match[0].length),
    }),
  );
  return [...names, ...secrets];
};

/** `env:X` as a whole value of a connection (D12). */
const wholeValues = (draft: ProjectDraft): readonly Reference[] =>
  draft.connections.flatMap(({ definition, placed }) =>
    Object.entries(definition.config).flatMap(([key, value]) => {
      const variable = typeof value === 'string' ? /^env:(\w+)$/.exec(value)?.[1] : undefined;
      const path: Path = [key];
      return variable === undefined
        ? []
        : [
            {
              what: `connection ${JSON.stringify(definition.name)}`,
              variable,
              span: placedAt(placed, 'config').span(path, 'value'),
            },
          ];
    }),
  );

const check = (draft: ProjectDraft): readonly Diagnostic[] =>
  [...templateUses(draft).flatMap(inTemplate), ...wholeValues(draft)]
    .filter(({ variable }) => draft.environment[variable] === undefined)
    .map(({ what, variable, span }) =>
      diagnose(kind, span, `${what}: the environment variable ${variable} is not set`, {
        fix: kind.fix,
      }),
    );

const pipeline = { 'pipelines/orders.yaml': `assets:\n${exampleAsset}` };
const withHost = (host: string) => ({
  ...pipeline,
  'connections/common.yaml': exampleConnections.replace('files.example.com', host),
});

export const unsetVariable = defineRule({
  kind,
  bad: withHost('"{{ env.TIDEMARK_EXAMPLE_UNSET }}"'),
  good: withHost('"{{ env.TIDEMARK_EXAMPLE_HOST }}"'),
  check,
});
