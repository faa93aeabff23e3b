/**
 * Every template of the project against the names of its scope (D5, D12, D15). What is wrong is said by the template
 * stage; here is what each place knows: vars, aliases of `ins`, fields of the source and of its items.
 *
 * Parameters and environment variables are rules of their own, because jobs and sensors decide about them.
 */
import { fieldFacts, objectFields } from '../../connectors/fields.js';
import { statementFields } from '../../connectors/row-fields.js';
import { movesRows, sideDeclaration } from '../../connectors/sides.js';
import { diagnose, type Diagnostic } from '../../core/errors/diagnostic.js';
import type { PartitionsSpec } from '../../core/plan/partitions.js';
import { templateNotAllowed } from '../definition/diagnostics.js';
import type { AssetDefinition } from '../definition/definition.js';
import type { ProjectDraft } from '../definition/draft.js';
import { oncePer } from '../definition/once-per.js';
import { placedAt } from '../definition/placed.js';
import { pathText } from '../definition/reading.js';
import { dimensionNames, timeDimension } from '../partitions/partition-keys.js';
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
  return draft.connectors.find((connector) => connector.kind === kind);
};

const dimensionFacts = (partitions: PartitionsSpec | null): Pick<ScopeFacts, 'dimensions'> =>
  partitions === null ? {} : { dimensions: dimensionNames(partitions) };

const scopeFacts = (use: TemplateUse, draft: ProjectDraft): ScopeFacts => {
  const connector = sourceConnector(use, draft);
  const source = connector === undefined ? undefined : sideDeclaration(connector, 'source');
  const aliases = use.endpoint?.asset?.upstreams.flatMap(({ alias }) => alias ?? []) ?? [];
  return {
    vars: Object.keys(draft.vars),
    aliases,
    ...dimensionFacts(use.endpoint?.asset?.partitions ?? null),
    ...(source === undefined
      ? {}
      : {
          itemFields: Object.keys(connector?.source?.itemFields ?? {}),
          sourceFields: Object.entries(objectFields(source.options))
            .filter(([, option]) => fieldFacts(option).refused === undefined)
            .map(([name]) => name),
        }),
  };
};

/** Without partitions nothing of them is known; times only where a piece of time is one. */
const partitionNames = (roots: TemplateRoots, spec: PartitionsSpec | null): TemplateRoots => {
  const isKnown = (name: string): boolean => {
    if (!name.startsWith('partition_')) return true;
    if (spec === null) return false;
    const isTime = name === 'partition_start' || name === 'partition_end';
    return !isTime || timeDimension(spec) !== undefined;
  };
  return Object.fromEntries(Object.entries(roots).filter(([name]) => isKnown(name)));
};

/** Partitions that could not be read are one finding, not one more for each use of their key. */
const unread = oncePer(
  ({ assets }: ProjectDraft): ReadonlySet<string> =>
    new Set(
      assets
        .filter(({ placed }) => placedAt(placed, 'partitions_def').value !== null)
        .map(({ definition }) => definition.name),
    ),
);
const isUnread = (draft: ProjectDraft, asset: AssetDefinition): boolean =>
  asset.partitions === null && unread(draft).has(asset.name);

const rootsOf = (use: TemplateUse, draft: ProjectDraft): TemplateRoots => {
  const scope = use.scope === 'none' ? 'connection' : use.scope;
  const roots = scopeRoots(scope, scopeFacts(use, draft));
  const asset = use.endpoint?.asset;
  if (asset !== undefined && asset !== null)
    return isUnread(draft, asset) ? roots : partitionNames(roots, asset.partitions);
  if (use.endpoint?.side !== 'watch' || scope === 'predicate') return roots;
  return Object.fromEntries(Object.entries(roots).filter(([name]) => sensorNames.includes(name)));
};

/** A statement of rows: there a secret may be a whole literal (D12); whether it is one, `lint/pasted-value` says. */
const isStatement = ({ field: [name, ...inner], endpoint }: TemplateUse): boolean =>
  endpoint?.connector !== undefined &&
  movesRows(endpoint.connector, endpoint.side === 'target' ? 'target' : 'source') &&
  statementFields.includes(String(name)) &&
  inner.every((step) => typeof step === 'number' || step === 'sql');

const checkOptions = (use: TemplateUse, draft: ProjectDraft): CheckOptions => ({
  roots: rootsOf(use, draft),
  functions: templateFunctions,
  otherItemFields: sourceConnector(use, draft)?.source?.itemFieldMistakes ?? {},
  ...(isStatement(use) ? { secrets: 'segments' as const } : {}),
});

const misplacedSecrets = (use: TemplateUse, template: Template): readonly Diagnostic[] =>
  use.isSecret || isStatement(use)
    ? []
    : template.calls
        .filter((call) => call.name === 'secrets.get')
        .map((call) => {
          const message = `${use.what}: ${pathText(use.field)} is not a secret field, so it cannot hold a secret`;
          return diagnose(templateNotAllowed, use.span(call.offset, call.length), message, {
            fix: 'Use {{ env.NAME }} for a value that is no secret; secrets belong into the secret fields of a connection and, as whole literals, into statements.',
          });
        });

/** Who writes of partitions means to have some. */
const partitionFix = ({ endpoint }: TemplateUse, message: string): { readonly fix?: string } => {
  if (!message.startsWith('"partition_')) return {};
  const partitions = endpoint?.asset?.partitions;
  if (partitions === null) return { fix: 'Give the asset a partitions_def.' };
  return partitions === undefined ? {} : { fix: 'Its partitions are no pieces of time.' };
};

const findingsOf = (use: TemplateUse, draft: ProjectDraft): readonly Diagnostic[] => {
  const where = `${use.what}: ${pathText(use.field)}`;
  if ('problem' in use.parsed) {
    const { message, offset, length } = use.parsed.problem;
    return [diagnose(syntaxProblem, use.span(offset, length), `${where}: ${message}`)];
  }
  const { template } = use.parsed;
  const problems = checkTemplate(template, checkOptions(use, draft))
    .filter(({ kind }) => use.isSecret || isStatement(use) || kind.code !== secretInText.code)
    .map(({ kind, message, offset, length, hint, known }) =>
      diagnose(kind, use.span(offset, length), `${where}: ${message}`, {
        ...partitionFix(use, message),
        ...(hint === undefined ? {} : { hint }),
        ...(known === undefined ? {} : { known }),
      }),
    );
  return [...problems, ...misplacedSecrets(use, template)];
};

export const checkTemplates = (draft: ProjectDraft): readonly Diagnostic[] =>
  templateUses(draft).flatMap((use) => findingsOf(use, draft));
