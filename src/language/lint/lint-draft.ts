/** All rules over one project. */
import type { Diagnostic } from '../../core/errors/diagnostic.js';
import type { ProjectDraft } from '../definition/draft.js';
import { lintRules } from './all.js';

export const lintDraft = (draft: ProjectDraft): readonly Diagnostic[] =>
  lintRules.flatMap((rule) => rule.check(draft));
