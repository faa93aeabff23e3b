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

/** Of one connection, source or target, in one finding at the first of them. */
const unsetIn = (references: readonly [Reference, ...Reference[]]): Diagnostic => {
  const [{ what, span }] = references;
  const names = [...new Set(references.map(({ variable }) => variable))];
  const [message, fix] =
    names.length === 1
      ? [`the environment variable ${names.join()} is not set`, kind.fix]
      : [
          `the environment variables ${names.join(', ')} are not set`,
          'Set them where the worker runs.',
        ];
  return diagnose(kind, span, `${what}: ${message}`, { fix });
};

const check = (draft: ProjectDraft): readonly Diagnostic[] => {
  const unset = new Map<string, [Reference, ...Reference[]]>();
  for (const reference of [...templateUses(draft).flatMap(inTemplate), ...wholeValues(draft)]) {
    if (draft.environment[reference.variable] !== undefined) continue;
    const known = unset.get(reference.what);
    if (known === undefined) unset.set(reference.what, [reference]);
    else known.push(reference);
  }
  return [...unset.values()].map(unsetIn);
};

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
