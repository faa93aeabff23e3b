/** "Did you mean", as facts of a diagnostic about a name that is not known. */
import type { Diagnostic } from '../../core/errors/diagnostic.js';
import { suggest } from '../../core/values/suggest.js';

export const nearFacts = (
  name: string,
  known: readonly string[],
): Pick<Diagnostic, 'hint' | 'known'> => {
  const near = suggest(name, known);
  return {
    ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
    known: [...known].sort(),
  };
};
