/** A predicate over files (dialect §5.5), compiled once; it must answer true or false. */
import type { ListedFile } from '../connectors/connector.js';
import { TidemarkError } from '../core/errors/error.js';
import type { JsonValue } from '../core/values/json.js';
import { badPredicate } from './errors.js';
import { shown } from './read-request.js';
import { compileExpression, type TemplateScope } from './templates.js';

/** Accepts everything when there is no predicate. Throws `plan/bad-predicate` for another answer than a boolean. */
export const compilePredicate = (
  predicate: JsonValue | undefined,
  where: string,
  scopeOf: (file: ListedFile) => TemplateScope,
): ((file: ListedFile) => boolean) => {
  if (typeof predicate !== 'string') return () => true;
  const evaluate = compileExpression(predicate, where);
  return (file) => {
    // Bare names of the item's fields stand above everything else.
    const answer = evaluate(
      { ...scopeOf(file), ...file.fields },
      `, for ${shown(file.identity.path)}`,
    );
    if (typeof answer === 'boolean') return answer;
    throw new TidemarkError(
      badPredicate,
      `${where}: ${shown(predicate)} gives ${shown(answer)} for ${shown(file.identity.path)}; it must be true or false`,
    );
  };
};
