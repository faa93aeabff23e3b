/** The tables of act three: made, filled, compared and cleared by the independent client. */
import { join } from 'node:path';
import { bytesText } from './screen.js';
import { project, type Stage } from './stage.js';
import type { Warehouse } from './warehouse.js';

export const assets = { out: 'flights_exported', back: 'flights_loaded' } as const;

/** Where the mark of what goes to S3 is kept. */
export const ledgerPrefix = `_tidemark/${project}/`;

const source = 'ops.flights';
const copy = 'marts.flights';

/** Forgets an earlier demo: its tables, and what Tidemark's own tables know of these two assets. */
export const clearTables = async ({ value }: Warehouse): Promise<void> => {
  await value('drop schema if exists ops cascade; drop schema if exists marts cascade');
  if ((await value(`select to_regclass('tidemark.loaded_file')`)) === '') return;
  const ours = `project = '${project}' and asset in ('${assets.out}', '${assets.back}')`;
  for (const table of ['ledger', 'receipt', 'loaded_file']) {
    await value(`delete from tidemark.${table} where ${ours}`);
  }
};

const createSql = `
  create schema ops; create schema marts;
  create table ${source} (id bigint primary key, departed_at timestamptz not null, delay integer, distance integer,
    origin text, destination text)`;

/** Makes and fills the table; the number of its rows. */
export const makeTable = async ({ warehouse, places }: Stage, file: string): Promise<number> => {
  await warehouse.value(createSql);
  await warehouse.load(source, join(places.prepared, file));
  await warehouse.value(`create index on ${source} (departed_at, id); analyze ${source}`);
  return countRows(warehouse);
};

export const addRows = async ({ warehouse, places }: Stage, file: string): Promise<number> => {
  const before = await countRows(warehouse);
  await warehouse.load(source, join(places.prepared, file));
  return (await countRows(warehouse)) - before;
};

export const countRows = async ({ value }: Warehouse): Promise<number> =>
  Number(await value(`select count(*) from ${source}`));

/** Rows that wait beside the target to be published, whatever their table is called. */
export const stagedRows = async ({ value }: Warehouse): Promise<number> => {
  const name = await value(
    `select max(relname) from pg_class where relname like 'stage\\_%' and relkind = 'r' and relnamespace = to_regnamespace('tidemark')`,
  );
  if (name === '') return 0;
  // It may be gone by now: then everything is published.
  return Number(await value(`select count(*) from tidemark."${name}"`).catch(() => '0'));
};

export interface Compared {
  /** `2001-01: 508,239`. */
  readonly months: string;
  readonly monthsOfCopy: string;
  /** Rows that are on one side and not on the other, counted with their number. */
  readonly missing: number;
  readonly extra: number;
  readonly staging: number;
}

/** The rows from that day on. */
const partOf = (table: string, since: string): string =>
  `(select * from ${table} where departed_at >= '${since} 00:00:00+00')`;

const monthsSql = (table: string, since: string): string => `
  select string_agg(month || ': ' || to_char(rows, 'FM999,999,999'), '  ' order by month) from
  (select to_char(departed_at at time zone 'UTC', 'YYYY-MM') as month, count(*) as rows from ${partOf(table, since)} t group by 1) m`;

const lessSql = (table: string, other: string, since: string): string =>
  `set work_mem = '256MB'; select count(*) from (${partOf(table, since)} except all ${partOf(other, since)}) d`;

const stagingSql = `select count(*) from pg_tables where schemaname = 'tidemark' and tablename like 'stage\\_%'`;

export const compareTables = async ({ value }: Warehouse, since: string): Promise<Compared> => ({
  months: await value(monthsSql(source, since)),
  monthsOfCopy: await value(monthsSql(copy, since)),
  missing: Number(await value(lessSql(source, copy, since))),
  extra: Number(await value(lessSql(copy, source, since))),
  staging: Number(await value(stagingSql)),
});

/** Bytes of the prepared rows: nearly those of the object that they become. */
export const bytesOfFile = ({ files }: Stage, file: string): number => files[file]?.bytes ?? 0;

export const storedText = (bytes: number): string => `${bytesText(bytes)} in S3`;
