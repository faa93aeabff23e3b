/** What a source says about its query against what the plan takes for granted: columns that are not there. Pure. */
import type { RowsPlan, RowShape } from '../../core/plan/rows.js';
import { suggest } from '../../core/values/suggest.js';

export interface ShapeFinding {
  /** Where the name was written: `cursor_column`. */
  readonly field: string;
  readonly column: string;
  readonly message: string;
  readonly hint?: string;
}

/** Unknown columns, in the order columns, cursor, source key, target key. Empty: nothing is wrong. */
export const checkAgainstShape = (
  rows: RowsPlan,
  shape: Pick<RowShape, 'columns'>,
): readonly ShapeFinding[] => {
  const known = shape.columns.map(({ name }) => name);
  const wanted = [
    ...(rows.query?.columns ?? []).map((column) => ({ field: 'columns', column })),
    ...(rows.mark === null ? [] : [{ field: 'cursor_column', column: rows.mark.column }]),
    ...(rows.query?.key ?? []).map((column) => ({ field: 'source.primary_key', column })),
    ...(rows.load?.key ?? []).map((column) => ({ field: 'target.primary_key', column })),
  ];
  return wanted
    .filter(({ column }) => !known.includes(column))
    .map(({ field, column }) => {
      const near = suggest(column, known);
      return {
        field,
        column,
        message: `${field} names ${JSON.stringify(column)}, which the query does not give; its columns: ${known.join(', ')}`,
        ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
      };
    });
};
