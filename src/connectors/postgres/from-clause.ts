/** What is read, as a FROM clause under the name `q`: a table, or a query as a sub-select. */
import type { RowQuery, RowShape, SqlText } from '../../core/plan/rows.js';
import { invariant } from '../../core/errors/invariant.js';
import { type MarkValues, quoteIdent, quoteLiteral, quoteTable, renderSql } from './quoting.js';
import { withoutEnd, withoutLiterals } from './scan-sql.js';

export const fromClause = (query: RowQuery, marks: MarkValues): string => {
  if (query.table !== null) return `${quoteTable(query.table)} AS q`;
  invariant(query.sql !== null, 'a query reads a table or a statement');
  // A line comment at the end must not swallow the parenthesis.
  return `(${withoutEnd(renderSql(query.sql, marks))}\n) AS q`;
};

export const columnOf = (name: string): string => `q.${quoteIdent(name)}`;

export const typedLiteral = (value: string, type: string): string =>
  `${quoteLiteral(value)}::${type}`;

/** Which rows of equal cursor are told apart: by the key's text, which is exact. */
export const keyDigest = (key: readonly string[]): string =>
  `substr(md5(jsonb_build_array(${key.map((name) => `${columnOf(name)}::text`).join(', ')})::text), 1, 16)`;

/** The columns by which a read is paged: the cursor first where it has a window. */
export const orderOf = (shape: RowShape, hasWindow: boolean): readonly string[] => {
  const { key, cursor } = shape;
  if (key === null) return [];
  if (!hasWindow || cursor === null) return key;
  return [cursor.column, ...key.filter((name) => name !== cursor.column)];
};

/** Problems of a statement that need no server; null when there is none. */
export const checkSql = (sql: SqlText): string | null => {
  const text = withoutEnd(sql.map((piece) => (typeof piece === 'string' ? piece : "''")).join(''));
  const plain = withoutLiterals(text);
  if (plain.includes(';')) return 'several statements; write one, or use sql_pre and sql_post';
  if (!/^[\s(]*(select|with|values|table)\b/i.test(plain)) {
    return 'not a query: it must begin with SELECT, WITH, VALUES or TABLE';
  }
  return null;
};

export { withoutLiterals } from './scan-sql.js';
