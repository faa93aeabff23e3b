/** Which columns of a staging table the columns of one file are. Each file says its own order. */
import { columnMismatch } from '../connectors/load-errors.js';
import { TidemarkError } from '../core/errors/error.js';
import type { PreparedLoad } from '../core/run/load.js';

const folded = (name: string): string => name.trim().toLowerCase();

const byName = (load: PreparedLoad, names: readonly string[]): readonly string[] => {
  const exact = new Map(load.stagingColumns.map(({ name }) => [name, name]));
  const loose = new Map(load.stagingColumns.map(({ name }) => [folded(name), name]));
  const found = names.map((name) => exact.get(name) ?? loose.get(folded(name)));
  const unknown = names.filter((_, index) => found[index] === undefined);
  if (unknown.length === 0) return found as readonly string[];
  throw new TidemarkError(
    columnMismatch,
    `loading ${load.plan.table.name}: a file has the columns ${unknown.join(', ')}, which the first file and the table have not; they are: ${load.stagingColumns.map(({ name }) => name).join(', ')}`,
  );
};

/** `names` as the file has them; empty where it names none. Throws `load/column-mismatch`. */
export const stagingColumnsOf = (
  load: PreparedLoad,
  names: readonly string[],
): readonly string[] => {
  const all = load.stagingColumns.map(({ name }) => name);
  if (names.length === 0) return all;
  if (load.plan.matchColumns === 'name') return byName(load, names);
  if (names.length === all.length) return all;
  throw new TidemarkError(
    columnMismatch,
    `loading ${load.plan.table.name} by position: a file has ${String(names.length)} columns, the table takes ${String(all.length)}`,
  );
};
