/**
 * The data of the demo: US flights of 2001 from the package vega-datasets, turned from Parquet into CSV by DuckDB.
 *
 * Keeps true: data is made once. A manifest with sizes and SHA-256 is written last; where it is there and every file
 * has its size, nothing is made again. A half-made folder is thrown away.
 */
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { digestOfFile } from './digest.js';
import type { Places } from './places.js';
import { bytesText, secondsText, type Screen } from './screen.js';

/** Rises when other data is wanted. */
const version = 2;
const airports = ['ATL', 'ORD'] as const;
/** Three million flights are 106 MB of CSV; five years of them are more than 500 MB. */
const years = 5;

const manifestShape = z.object({
  version: z.literal(version),
  files: z.record(z.string(), z.object({ bytes: z.number(), sha256: z.string() })),
});

/** Path below the folder of data → size and SHA-256. */
export type PreparedFiles = z.infer<typeof manifestShape>['files'];

/** A text of SQL. */
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const bigSql = (parquet: string, target: string): string => `
  COPY (
    SELECT date + to_years(CAST(years.n AS INTEGER)) AS date, delay, distance, origin, destination
    FROM range(${String(years)}) AS years(n), ${literal(parquet)}
  ) TO ${literal(target)} (FORMAT csv, HEADER)`;

const dailySql = (parquet: string, target: string): string => `
  COPY (
    SELECT *, origin AS airport, strftime(date, '%Y-%m-%d') AS day
    FROM ${literal(parquet)}
    WHERE origin IN (${airports.map(literal).join(', ')})
    ORDER BY airport, date
  ) TO ${literal(target)} (FORMAT csv, HEADER, PARTITION_BY (airport, day))`;

/** Rows of a table: the flights from one day up to another, with a key, in the order in which they departed. */
const tableSql = (
  parquet: string,
  target: string,
  [from, to]: readonly [string, string],
): string => `
  COPY (
    SELECT id, strftime(date, '%Y-%m-%d %H:%M:%S+00') AS departed_at, delay, distance, origin, destination
    FROM (SELECT *, row_number() OVER (ORDER BY date, origin, destination, distance, delay) AS id FROM ${literal(parquet)})
    WHERE date >= ${literal(from)} AND date < ${literal(to)}
    ORDER BY id
  ) TO ${literal(target)} (FORMAT csv, HEADER)`;

/** The flights that are in the table when act three begins, and those that come later. */
export const tableFiles = {
  first: 'warehouse/first-quarter.csv',
  later: 'warehouse/first-of-april.csv',
} as const;

/** DuckDB is a development dependency, and only needed where data is made. One thread: one file for each partition. */
const runSql = async (sql: string): Promise<void> => {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    await connection.run(sql);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
};

/** `airport=ATL/day=2001-01-31/data_0.csv` → `ATL_2001-01-31.csv`. */
const flatten = async (partitioned: string, target: string): Promise<void> => {
  await mkdir(target, { recursive: true });
  for (const airport of await readdir(partitioned)) {
    for (const day of await readdir(join(partitioned, airport))) {
      const name = `${airport.replace('airport=', '')}_${day.replace('day=', '')}.csv`;
      await rename(join(partitioned, airport, day, 'data_0.csv'), join(target, name));
    }
  }
  await rm(partitioned, { recursive: true });
};

interface Step {
  readonly what: string;
  /** Folder below the data whose files it makes. */
  readonly folder: string;
  make(target: string): Promise<void>;
}

const stepsOf = (datasets: string): readonly Step[] => {
  const parquet = join(datasets, 'flights-3m.parquet');
  return [
    {
      what: `one CSV file for each day at ${airports.join(' and ')}`,
      folder: 'flights/daily',
      make: async (target) => {
        await runSql(dailySql(parquet, `${target}.partitioned`));
        await flatten(`${target}.partitioned`, target);
      },
    },
    {
      what: `3 million flights × ${String(years)} shifted years as one CSV file`,
      folder: 'flights/big',
      make: (target) => runSql(bigSql(parquet, join(target, 'flights.csv'))),
    },
    {
      what: 'the rows of a table: a first quarter, and a day more',
      folder: 'warehouse',
      make: async (target) => {
        const at = (file: string): string => join(target, basename(file));
        await runSql(tableSql(parquet, at(tableFiles.first), ['2001-01-01', '2001-04-01']));
        await runSql(tableSql(parquet, at(tableFiles.later), ['2001-04-01', '2001-04-02']));
      },
    },
    {
      what: 'the list of airports',
      folder: 'reference',
      make: (target) => copyFile(join(datasets, 'airports.csv'), join(target, 'airports.csv')),
    },
  ];
};

const digestFolder = async (root: string, folder: string): Promise<PreparedFiles> => {
  const files: Record<string, PreparedFiles[string]> = {};
  for (const name of (await readdir(join(root, folder))).sort()) {
    files[`${folder}/${name}`] = await digestOfFile(join(root, folder, name));
  }
  return files;
};

/** The manifest, if the files that it names are there with their sizes. */
const readPrepared = async (root: string): Promise<PreparedFiles | null> => {
  const text = await readFile(join(root, 'manifest.json'), 'utf8').catch(() => null);
  if (text === null) return null;
  const { data } = manifestShape.safeParse(JSON.parse(text));
  if (data === undefined) return null;
  for (const [path, { bytes }] of Object.entries(data.files)) {
    const found = await stat(join(root, path)).catch(() => null);
    if (found?.size !== bytes) return null;
  }
  return data.files;
};

const makeAll = async (root: string, datasets: string, screen: Screen): Promise<PreparedFiles> => {
  const steps = stepsOf(datasets);
  let all: PreparedFiles = {};
  for (const [index, { what, folder, make }] of steps.entries()) {
    const startedMs = performance.now();
    await mkdir(join(root, folder), { recursive: true });
    await make(join(root, folder));
    const files = await digestFolder(root, folder);
    const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
    const took = secondsText(performance.now() - startedMs);
    const count = Object.keys(files).length;
    screen.line(
      `  ${String(index + 1)}/${String(steps.length)} ${what}: ${String(count)} files, ${bytesText(bytes)}, ${took}`,
    );
    all = { ...all, ...files };
  }
  return all;
};

/** Makes the data or finds it made. */
export const prepareData = async (places: Places, screen: Screen): Promise<PreparedFiles> => {
  const root = places.prepared;
  const found = await readPrepared(root);
  if (found !== null) {
    screen.line(`  ${String(Object.keys(found).length)} prepared files are there (${root})`);
    return found;
  }
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  const files = await makeAll(root, places.datasets, screen);
  await writeFile(join(root, 'manifest.json'), JSON.stringify({ version, files }, null, 1));
  return files;
};
