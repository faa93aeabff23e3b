/**
 * Values for the `?` of statements count in the order of the YAML, and the keys of a plan are sorted: what is written as a
 * mapping becomes a list.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../core/values/json.js';

const withList = (options: JsonObject): JsonObject => {
  const { params } = options;
  return params !== undefined && isJsonObject(params)
    ? { ...options, params: Object.values(params) }
    : options;
};

const ofStatements = (statements: JsonValue): JsonValue => {
  if (Array.isArray(statements)) return statements.map(ofStatements);
  return isJsonObject(statements) ? withList(statements) : statements;
};

/** The options of a side of rows; of `params`, and of those of `sql_pre` and `sql_post`. */
export const orderedParams = (configs: JsonObject): JsonObject => {
  const around = (['sql_pre', 'sql_post'] as const).flatMap((name) => {
    const statements = configs[name];
    return statements === undefined ? [] : [[name, ofStatements(statements)] as const];
  });
  return { ...withList(configs), ...Object.fromEntries(around) };
};
