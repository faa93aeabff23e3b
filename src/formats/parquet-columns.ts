/**
 * The columns of a Parquet file of rows, from the types that the source declares: none is chosen by looking at values.
 *
 * Keeps true: a type holds every value of its column exactly, or the value ends the file; what has no such type is text as
 * the source writes it, and a number is never text unless somebody asked for it (promise G15).
 */
import { TidemarkError } from '../core/errors/error.js';
import type { Column } from '../core/plan/rows.js';
import type { ParquetColumn } from './conversions.js';
import { noParquetType } from './errors.js';
import { decimalDigitsMax } from './parquet-types.js';

/** `numeric(12,2)`; null: without a precision, or one that no decimal of Parquet has. */
const decimalOf = (declared: string): string | null => {
  const [, digits = '', scale = '0'] = /\(\s*(\d+)\s*(?:,\s*(-?\d+)\s*)?\)$/.exec(declared) ?? [];
  const [precision, places] = [Number(digits), Number(scale)];
  const fits =
    precision >= 1 && precision <= decimalDigitsMax && places >= 0 && places <= precision;
  return fits ? `DECIMAL(${String(precision)},${String(places)})` : null;
};

const integers: Readonly<Record<string, string>> = { smallint: 'SMALLINT', integer: 'INTEGER' };

/** Null: there is none. */
const typeOf = ({ type, family }: Column): string | null => {
  switch (family) {
    case 'integer':
      return integers[type] ?? 'BIGINT';
    case 'decimal':
      return decimalOf(type);
    case 'float':
      return type === 'real' ? 'FLOAT' : 'DOUBLE';
    case 'boolean':
      return 'BOOLEAN';
    case 'binary':
      return 'BLOB';
    case 'date':
      return 'DATE';
    case 'timestamp':
      return 'TIMESTAMP';
    case 'timestamptz':
      return 'TIMESTAMP WITH TIME ZONE';
    case 'text':
    case 'time':
    case 'json':
    case 'other':
      return 'VARCHAR';
  }
};

const refuse = (sentence: string): TidemarkError =>
  new TidemarkError(noParquetType, `writing Parquet: ${sentence}`);

/** Throws `format/no-parquet-type`. */
export const parquetColumns = (columns: readonly Column[]): readonly ParquetColumn[] => {
  if (columns.length === 0) throw refuse('the query has no column, and a file needs one');
  const known = new Map<string, string>();
  return columns.map((column) => {
    const { name, type } = column;
    const folded = name.toLowerCase();
    const other = known.get(folded);
    if (other !== undefined)
      throw refuse(
        `columns ${JSON.stringify(other)} and ${JSON.stringify(name)} have one name there, where case says nothing`,
      );
    known.set(folded, name);
    const parquet = typeOf(column);
    if (parquet === null)
      throw refuse(
        `column ${JSON.stringify(name)} is ${type}; a decimal has from 1 to ${String(decimalDigitsMax)} digits, as numeric(18,4) declares them, and no more places than digits`,
      );
    return { name, type: parquet };
  });
};
