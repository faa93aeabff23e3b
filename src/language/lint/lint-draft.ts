/** All rules and all templates of one project. */
import type { Diagnostic, DiagnosticKind } from '../../core/errors/diagnostic.js';
import type { ProjectDraft } from '../definition/draft.js';
import { lintRules } from './all.js';
import { checkTemplates } from './check-templates.js';

/** What a rule's finding does not say itself, its kind does: what to do. */
const withFix = (finding: Diagnostic, { fix }: DiagnosticKind): Diagnostic =>
  finding.fix === undefined && finding.hint === undefined && finding.known === undefined
    ? { ...finding, fix }
    : finding;

export const lintDraft = (draft: ProjectDraft): readonly Diagnostic[] => [
  ...lintRules.flatMap((rule) => rule.check(draft).map((finding) => withFix(finding, rule.kind))),
  ...checkTemplates(draft),
];
