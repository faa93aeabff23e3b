/** All rules and all templates of one project. */
import type { Diagnostic } from '../../core/errors/diagnostic.js';
import type { ProjectDraft } from '../definition/draft.js';
import { lintRules } from './all.js';
import { checkTemplates } from './check-templates.js';

export const lintDraft = (draft: ProjectDraft): readonly Diagnostic[] => [
  ...lintRules.flatMap((rule) => rule.check(draft)),
  ...checkTemplates(draft),
];
