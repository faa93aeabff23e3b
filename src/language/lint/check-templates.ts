/**
 * Every template of the project against the names of its scope (D5, D12, D15). What is wrong is said by the template
 * stage; here is what each place knows: vars, aliases of `ins`, fields of the source and of its items.
 *
 * Parameters and environment variables are rules of their own, because jobs and sensors decide about them.
 */
import { fieldFacts, objectFields } from '../../connectors/fields.js';
import { diagnose, type Diagnostic } from '../../core/errors/diagnostic.js';
import { templateNotAllowed } from '../definition/diagnostics.js';
import type { ProjectDraft } from '../definition/draft.js';
import { pathText } from '../definition/reading.js';
import { checkTemplate, type CheckOptions } from '../template/check.js';
import { secretInText, syntaxProblem } from '../template/diagnostics.js';
import { templateFunctions } from '../template/functions/all.js';
import { scopeRoots, type ScopeFacts, type TemplateRoots } from '../template/scopes.js';
import type { Template } from '../template/template.js';
import { templateUses, type TemplateUse } from './template-uses.js';

/** A sensor polls outside of any run: there is no trigger, no partition, no source yet. */
const sensorNames = ['env', 'metadata', 'params', 'vars', 'run_tags'];

const sourceConnector = (use: TemplateUse, draft: ProjectDraft) => {
  const { endpoint } = use;
  const kind = endpoint?.asset?.source.kind ?? endpoint?.endpoint.kind;
  return draft.connectors.find((connector) => connector.kind === kind)?.source;
};

const scopeFacts = (use: TemplateUse, draft: ProjectDraft): ScopeFacts => {
  const source = sourceConnector(use, draft);
  const aliases = use.endpoint?.asset?.upstreams.flatMap(({ alias }) => alias ?? []) ?? [];
  return {
    vars: Object.keys(draft.vars),
    aliases,
    ...(source === undefined
      ? {}
      : {
          itemFields: Object.keys(source.itemFields),
          sourceFields: Object.entries(objectFields(source.options))
            .filter(([, option]) => fieldFacts(option).refused === undefined)
            .map(([name]) => name),
        }),
  };
};

const rootsOf = (use: TemplateUse, draft: ProjectDraft): TemplateRoots => {
  const scope = use.scope === 'none' ? 'connection' : use.scope;
  const roots = scopeRoots(scope, scopeFacts(use, draft));
  if (use.endpoint?.side !== 'watch' || scope === 'predicate') return roots;
  return Object.fromEntries(Object.entries(roots).filter(([name]) => sensorNames.includes(name)));
};

const checkOptions = (use: TemplateUse, draft: ProjectDraft): CheckOptions => ({
  roots: rootsOf(use, draft),
  functions: templateFunctions,
  otherItemFields: sourceConnector(use, draft)?.itemFieldMistakes ?? {},
});

const misplacedSecrets = (use: TemplateUse, template: Template): readonly Diagnostic[] =>
  use.isSecret
    ? []
    : template.calls
        .filter((call) => call.name === 'secrets.get')
        .map((call) => {
          const message = `${use.what}: ${pathText(use.field)} is not a secret field, so it cannot hold a secret`;
          return diagnose(templateNotAllowed, use.span(call.offset, call.length), message, {
            fix: 'Use {{ env.NAME }} for a value that is no secret; secrets belong into the secret fields of a connection.',
          });
        });

const findingsOf = (use: TemplateUse, draft: ProjectDraft): readonly Diagnostic[] => {
  const where = `${use.what}: ${pathText(use.field)}`;
  if ('problem' in use.parsed) {
    const { message, offset, length } = use.parsed.problem;
    return [diagnose(syntaxProblem, use.span(offset, length), `${where}: ${message}`)];
  }
  const { template } = use.parsed;
  const problems = checkTemplate(template, checkOptions(use, draft))
    .filter(({ kind }) => use.isSecret || kind.code !== secretInText.code)
    .map(({ kind, message, offset, length, hint, known }) =>
      diagnose(kind, use.span(offset, length), `${where}: ${message}`, {
        ...(hint === undefined ? {} : { hint }),
        ...(known === undefined ? {} : { known }),
      }),
    );
  return [...problems, ...misplacedSecrets(use, template)];
};

export const checkTemplates = (draft: ProjectDraft): readonly Diagnostic[] =>
  templateUses(draft).flatMap((use) => findingsOf(use, draft));
