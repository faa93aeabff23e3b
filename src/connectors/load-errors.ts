/** Errors of loading rows into tables that every target of rows raises in the same situation. */
import { defineError, type ErrorKind } from '../core/errors/error.js';

export const badRow = defineError({
  code: 'load/bad-row',
  recovery: 'never',
  summary: 'A row does not fit the columns or types of the table.',
  fix: 'Correct the row at the place that the message names, or the type of the column.',
});

export const columnMismatch = defineError({
  code: 'load/column-mismatch',
  recovery: 'never',
  summary: 'The source and the table do not have the same columns.',
  fix: 'Correct the columns, or set `add_new_columns: true` or `column_mismatch_failure: false`.',
});

export const countsDiffer = defineError({
  code: 'load/counts-differ',
  recovery: 'never',
  summary: 'The target counts other rows than the source side did.',
  fix: 'Nothing was published. Run again; if it repeats, look at the format of the file, or report it.',
});

export const stagingGone = defineError({
  code: 'load/staging-gone',
  recovery: 'never',
  summary: 'The staging table of a load is not there any more.',
  fix: 'Run again: the load starts from its beginning. Find out who drops tables of the ledger schema.',
});

export const tableMissing = defineError({
  code: 'load/table-missing',
  recovery: 'never',
  summary: 'The table to load does not exist.',
  fix: 'Create it, correct its name, or set `auto_create_table: true`.',
});

export const typeMissing = defineError({
  code: 'load/type-missing',
  recovery: 'never',
  summary: 'A table is to be made with a type that the database of the target does not have.',
  fix: 'Create the type there, create the table yourself, or name another type for the column in `table_schema`.',
});

export const tooFewRows = defineError({
  code: 'load/too-few-rows',
  recovery: 'never',
  summary: 'A replacement would take away more rows than `max_shrink` allows.',
  fix: 'Look whether the source is complete. If it is, raise `max_shrink`, or set it to `any`.',
});

export const noKey = defineError({
  code: 'load/no-key',
  recovery: 'never',
  summary: 'Rows that are to be updated by key have no value in it.',
  fix: 'Fill the column in the source, or choose another `primary_key`.',
});

export const outsidePartition = defineError({
  code: 'load/outside-partition',
  recovery: 'never',
  summary: 'Rows of a partition lie outside it by the column that `partition_column` names.',
  fix: 'Let the query select the rows of its partition only, with `partition_start` and `partition_end`.',
});

export const loadErrors: readonly ErrorKind[] = [
  badRow,
  columnMismatch,
  countsDiffer,
  noKey,
  outsidePartition,
  stagingGone,
  tableMissing,
  tooFewRows,
  typeMissing,
];
