import { defineError, TidemarkError } from './error.js';

export const invariantBroken = defineError({
  code: 'core/invariant-broken',
  recovery: 'bug',
  summary: 'A rule that Tidemark keeps about its own state did not hold.',
  fix: 'Report the message with the version; nothing was published by the step that found it.',
});

/** Asserts what cannot be otherwise; `sentence` says the rule, so that a report leads to one line. */
export function invariant(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new TidemarkError(invariantBroken, sentence);
}

/** The default branch of an exhaustive switch. */
export const assertNever = (value: never): never => {
  throw new TidemarkError(invariantBroken, `no branch handles ${JSON.stringify(value)}`);
};
