/** `table_name` with its schema: `orders`, `sales.orders`, `"Sales"."Order Lines"`. */
import { TidemarkError } from '../../core/errors/error.js';
import type { TableName } from '../../core/plan/rows.js';
import { badOptions } from '../errors.js';
import { shown } from '../read-request.js';

interface TableOptions {
  readonly table_name?: string | undefined;
  readonly schema_name?: string | undefined;
  readonly schema?: string | undefined;
}

/** A part in double quotes keeps its dots; null when the quotes do not fit together. */
const partsOf = (text: string): readonly string[] | null => {
  const found = [...text.matchAll(/(?:^|\.)(?:"((?:[^"]|"")+)"|([^".]+))/gy)];
  const whole = found.map(([match]) => match).join('');
  if (whole !== text) return null;
  return found.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '');
};

/** Throws `plan/bad-options`. `where`: `asset "orders", source`. */
export const tableNameOf = (options: TableOptions, where: string): TableName | null => {
  const { table_name: text } = options;
  if (text === undefined) return null;
  const refuse = (sentence: string): TidemarkError =>
    new TidemarkError(badOptions, `${where}.table_name is ${shown(text)}; ${sentence}`);
  const parts = partsOf(text);
  if (parts === null || parts.length > 2 || text.includes('\0'))
    throw refuse('it must be table or schema.table');
  const [first = '', second] = parts;
  const schemas = [second === undefined ? undefined : first, options.schema_name, options.schema];
  const given = [...new Set(schemas.filter((name) => name !== undefined))];
  if (given.length > 1) throw refuse(`the schema is given as ${given.map(shown).join(' and ')}`);
  return { schema: given[0] ?? null, name: second ?? first };
};
