/** SQL of an asset with its values bound (D14): evaluated with the run's scope, refused with asset, field and expression. */
import { TidemarkError } from '../../core/errors/error.js';
import type { SqlText } from '../../core/plan/rows.js';
import type { JsonValue } from '../../core/values/json.js';
import { syntaxError } from '../../language/template/errors.js';
import { templateFunctions } from '../../language/template/functions/all.js';
import { bindSql } from '../../language/template/sql-text.js';
import { parseTemplate } from '../../language/template/template.js';
import { instant, type TemplateValue } from '../../language/template/values.js';
import { unsafeSql } from '../errors.js';
import { withPartitionText } from '../partition-of-run.js';
import type { TemplateScope } from '../templates.js';

export interface SqlScope {
  readonly scope: TemplateScope;
  /** Text of a file of the project; absent where files cannot be read. */
  readonly readFile?: (path: string) => string | undefined;
}

/** Points in time bind as the database's own timestamps. */
const instants: readonly string[] = ['partition_start', 'partition_end'];

const withInstants = (scope: TemplateScope): Readonly<Record<string, TemplateValue>> =>
  Object.fromEntries(
    Object.entries(withPartitionText(scope))
      .filter(([name]) => name !== 'now')
      .map(([name, value]) => [
        name,
        instants.includes(name) && typeof value === 'string' ? instant(value) : value,
      ]),
  );

const contextOf = ({ scope, readFile }: SqlScope) => {
  const { now } = scope;
  const nowMs = typeof now === 'string' ? Date.parse(now) : 0;
  return readFile === undefined ? { nowMs } : { nowMs, readFile };
};

/** `params`: values for each `?`, resolved; null leaves question marks alone. */
export const boundSql = (
  text: string,
  where: string,
  known: SqlScope,
  params: readonly JsonValue[] | null,
): SqlText => {
  const parsed = parseTemplate(text);
  if ('problem' in parsed)
    throw new TidemarkError(syntaxError, `${where}: ${parsed.problem.message}`);
  const facts = {
    scope: withInstants(known.scope),
    functions: templateFunctions,
    context: contextOf(known),
    params,
  };
  const bound = ((): ReturnType<typeof bindSql> => {
    try {
      return bindSql(parsed.template, facts);
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error;
      // The same event, with the place that only the planner knows.
      throw new TidemarkError(error.kind, `${where}: ${error.message}`, { fix: error.fix });
    }
  })();
  if ('sql' in bound) return bound.sql;
  const { expression, message, fix } = bound.problem;
  const what = expression === undefined ? message : `{{ ${expression} }} ${message}`;
  throw new TidemarkError(unsafeSql, `${where}: ${what}`, { fix });
};
