import { expect, it } from 'vitest';
import type { Column, ColumnFamily } from '../core/plan/rows.js';
import { parquetColumns } from './parquet-columns.js';

const column = (type: string, family: ColumnFamily, name = 'a'): Column => ({
  ...{ name, type, family },
  nullable: true,
});

it.each<[string, ColumnFamily, string]>([
  ['smallint', 'integer', 'SMALLINT'],
  ['integer', 'integer', 'INTEGER'],
  ['bigint', 'integer', 'BIGINT'],
  ['numeric(12,2)', 'decimal', 'DECIMAL(12,2)'],
  ['numeric(38)', 'decimal', 'DECIMAL(38,0)'],
  ['NUMBER(5, 5)', 'decimal', 'DECIMAL(5,5)'],
  ['real', 'float', 'FLOAT'],
  ['double precision', 'float', 'DOUBLE'],
  ['boolean', 'boolean', 'BOOLEAN'],
  ['character varying(20)', 'text', 'VARCHAR'],
  ['bytea', 'binary', 'BLOB'],
  ['date', 'date', 'DATE'],
  ['timestamp(3) without time zone', 'timestamp', 'TIMESTAMP'],
  ['timestamp with time zone', 'timestamptz', 'TIMESTAMP WITH TIME ZONE'],
  ['jsonb', 'json', 'VARCHAR'],
  ['time without time zone', 'time', 'VARCHAR'],
  ['integer[]', 'other', 'VARCHAR'],
])('%s', (type, family, parquet) => {
  expect(parquetColumns([column(type, family)])).toEqual([{ name: 'a', type: parquet }]);
});

it.each(['numeric', 'numeric(39,0)', 'numeric(2,3)', 'numeric(5,-2)'])(
  '%s is refused with its name and type, and with the cast that helps',
  (type) => {
    expect(() =>
      parquetColumns([column('text', 'text'), column(type, 'decimal', 'total')]),
    ).toThrow(
      expect.objectContaining({
        code: 'format/no-parquet-type',
        message: expect.stringContaining(`column "total" is ${type};`) as string,
        fix: expect.stringContaining('::numeric(18,4)') as string,
      }),
    );
  },
);

it('names that differ in case alone are refused, and so are no columns at all', () => {
  const twice = [column('text', 'text', 'Id'), column('text', 'text', 'ID')];
  expect(() => parquetColumns(twice)).toThrow(/"Id" and "ID"/);
  expect(() => parquetColumns([])).toThrow(/no column/);
});
