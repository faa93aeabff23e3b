/** What only tables in memory refuse. */
import { defineError, type ErrorKind } from '../../core/errors/error.js';

export const noTable = defineError({
  code: 'memorytable/not-found',
  recovery: 'never',
  summary: 'There is no such table in memory.',
  fix: 'Declare the table below `tables` of the connection, or correct its name.',
});

export const tablesOnly = defineError({
  code: 'memorytable/tables-only',
  recovery: 'never',
  summary: 'A statement was given to a database that has tables only.',
  fix: 'Name a table in `table_name` and leave `sql`, `sql_pre`, `sql_post` and checks of type `sql` out.',
});

export const noCursorColumn = defineError({
  code: 'memorytable/no-column',
  recovery: 'never',
  summary: 'A table in memory has no column of that name.',
  fix: 'Correct `cursor_column`, `primary_key` or `columns`.',
});

export const tableErrors: readonly ErrorKind[] = [noTable, tablesOnly, noCursorColumn];
