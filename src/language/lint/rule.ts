/**
 * The contract of a lint rule: one thing that can be wrong with what a project means, declared once with an example
 * that shows it and one that is right. A good rule points at the value to change and says what to write there.
 *
 * Examples are whole projects (file → text) over the types FILES and OBJECTS of `sample-connectors.fixture.ts`; a
 * test loads each of them: `bad` gives exactly this code once and nothing else, `good` gives no finding.
 */
import type { Diagnostic, DiagnosticKind } from '../../core/errors/diagnostic.js';
import type { ProjectDraft } from '../definition/draft.js';

export type ExampleFiles = Readonly<Record<string, string>>;

export interface LintRule {
  readonly kind: DiagnosticKind;
  readonly bad: ExampleFiles;
  readonly good: ExampleFiles;
  /** Pure; never throws. Called once for each project. */
  check(draft: ProjectDraft): readonly Diagnostic[];
}

export const defineRule = (rule: LintRule): LintRule => Object.freeze(rule);
