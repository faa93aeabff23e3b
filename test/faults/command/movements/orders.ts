/** A table of orders in four versions, and the same as files that psql wrote: what movements of rows begin with. */
import type { Version } from '../movement.js';
import type { Stage } from '../stage.js';

const rows = 90_000;

export const tableOf = (version: Version): string => `orders_${version}`;

const lastId: Readonly<Record<Version, number>> = {
  first: rows,
  replaced: rows + 1,
  shorter: Math.floor(rows * 0.6),
  longer: Math.floor(rows * 1.3),
};

export const versions = Object.keys(lastId) as readonly Version[];

const createTable = (version: Version): string => `
  create table ${tableOf(version)} as select g::bigint as id,
    case when g % 7 = 0 then null when g % 11 = 0 then '' else 'a "quoted", note ${version === 'replaced' ? 'of another version ' : ''}' || g || repeat(' and more', 18) end as note,
    (g * 1.01)::numeric(12,2) as amount,
    timestamptz '2024-01-01 00:00:00.000001+00' + (g / 3) * interval '7 microseconds' as changed_at
    from generate_series(1, ${String(lastId[version])}) g;
  alter table ${tableOf(version)} add primary key (id), alter changed_at set not null;
  create index on ${tableOf(version)} (changed_at, id);
  analyze ${tableOf(version)};`;

export const prepareOrders = async ({ postgres }: Stage): Promise<void> => {
  const isThere = await postgres.psql(`select to_regclass('orders_first') is not null`);
  if (isThere === 'f') await postgres.psql(versions.map(createTable).join(''));
};

const pins = `set timezone = 'UTC';`;

export type OrdersFormat = 'csv' | 'jsonl';

const statements: Readonly<Record<OrdersFormat, (version: Version, order: string) => string>> = {
  csv: (version, order) =>
    `copy (select * from ${tableOf(version)} order by ${order}) to stdout csv header`,
  jsonl: (version, order) =>
    `select to_json(t) from (select * from ${tableOf(version)} order by ${order}) t`,
};

/** What psql wrote, so that a source is replaced in a moment. */
const written = new WeakMap<Stage, Map<string, Buffer>>();

interface FileOptions {
  readonly format?: OrdersFormat;
  readonly order?: string;
}

export const ordersFile = async (
  stage: Stage,
  version: Version,
  { format = 'csv', order = 'id' }: FileOptions = {},
): Promise<Buffer> => {
  const known = written.get(stage) ?? new Map<string, Buffer>();
  written.set(stage, known);
  const statement = statements[format](version, order);
  const file =
    known.get(statement) ?? Buffer.from(`${await stage.postgres.psql(`${pins} ${statement}`)}\n`);
  known.set(statement, file);
  return file;
};

/** Which version a table holds, row by row, and by how many rows it differs from each if it holds none. */
export const versionIn = async ({ postgres }: Stage, table: string): Promise<string> => {
  const differences: string[] = [];
  for (const version of versions) {
    const other = tableOf(version);
    const count = await postgres.psql(
      `select count(*) from ((table ${other} except all table ${table}) union all (table ${table} except all table ${other})) d`,
    );
    if (count === '0') return holds(version);
    differences.push(`${count} from ${other}`);
  }
  return `rows that differ: ${differences.join(', ')}`;
};

export const holds = (version: Version): string => `the rows of ${tableOf(version)}`;
