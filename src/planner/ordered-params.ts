/**
 * Values for the `?` of statements count in the order of the YAML, and the keys of a plan are sorted: each name gets its
 * position in front, so that both orders are the same.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../core/values/json.js';

const numbered = (params: JsonValue): JsonValue =>
  isJsonObject(params)
    ? Object.fromEntries(
        Object.entries(params).map(([name, value], at) => [
          `${String(at + 1).padStart(4, '0')} ${name}`,
          value,
        ]),
      )
    : params;

const withNumbered = (options: JsonObject): JsonObject => {
  const { params } = options;
  return params === undefined ? options : { ...options, params: numbered(params) };
};

const ofStatements = (statements: JsonValue): JsonValue => {
  if (Array.isArray(statements)) return statements.map(ofStatements);
  return isJsonObject(statements) ? withNumbered(statements) : statements;
};

/** The options of a side of rows; of `params`, and of those of `sql_pre` and `sql_post`. */
export const orderedParams = (configs: JsonObject): JsonObject => {
  const around = (['sql_pre', 'sql_post'] as const).flatMap((name) => {
    const statements = configs[name];
    return statements === undefined ? [] : [[name, ofStatements(statements)] as const];
  });
  return { ...withNumbered(configs), ...Object.fromEntries(around) };
};
