/**
 * The binary form of COPY between two servers: half the work of text for the one that reads it. Keeps true: it is used only
 * where both sides have the same types, and only types whose binary form is the same on every server and in every session.
 */
import type { Column } from '../../core/plan/rows.js';

/** Without enums, domains, arrays and money: their bytes depend on the server's own catalogue or its locale. */
const portable =
  /^(smallint|integer|bigint|real|double precision|numeric(\(\d+,-?\d+\))?|boolean|text|character varying(\(\d+\))?|character\(\d+\)|uuid|bytea|date|(time|timestamp)(\(\d\))? with(out)? time zone|interval|json|jsonb)$/;

/** Two lists of columns with the same name have the same bytes; null: there is no such form of them. */
export const nativeFormatOf = (columns: readonly Pick<Column, 'type'>[]): string | null =>
  columns.every(({ type }) => portable.test(type))
    ? `COPY binary of ${columns.map(({ type }) => type).join(', ')}`
    : null;
