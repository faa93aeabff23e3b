/** `column BETWEEN 'a' AND 'b'` as a fragment: the column is checked to be an identifier, the values are quoted. */
import { type BoundCall, refuseArgument, textArgument } from '../signature.js';
import { sqlFragment, type SqlFragment } from '../values.js';

const part = '(?:[\\p{L}_][\\p{L}\\p{N}_$#@]*|"[^"\\u0000]+"|\\[[^\\]\\u0000]+\\])';
const identifier = new RegExp(`^${part}(?:\\.${part}){0,3}$`, 'u');

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const betweenCondition = (call: BoundCall, low: string, high: string): SqlFragment => {
  const column = textArgument(call, 0);
  if (!identifier.test(column))
    return refuseArgument(
      call.what,
      `${JSON.stringify(column.slice(0, 100))} is not the name of a column`,
    );
  return sqlFragment({
    column,
    low,
    high,
    sql: `${column} BETWEEN ${quoted(low)} AND ${quoted(high)}`,
  });
};
