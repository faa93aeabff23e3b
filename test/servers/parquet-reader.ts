/** Parquet files as DuckDB reads them: the independent reader of tests. Values are texts, as psql writes them. */
import { DuckDBInstance } from '@duckdb/node-api';

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const asked = async (sql: string): Promise<readonly (readonly unknown[])[]> => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    return (await connection.runAndReadAll(sql)).getRows();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
};

const from = (paths: readonly string[]): string =>
  `read_parquet([${paths.map(literal).join(', ')}])`;

/** Types by column, in their order. */
export const parquetTypes = async (path: string): Promise<Readonly<Record<string, string>>> => {
  const rows = await asked(`DESCRIBE SELECT * FROM ${from([path])}`);
  return Object.fromEntries(rows.map(([name, type]) => [String(name), String(type)]));
};

/** Rows of a SELECT, each as the JSON of its values; `FILES` stands for the files. */
export const parquetRows = async (
  paths: readonly string[],
  select: string,
): Promise<readonly string[]> => {
  const rows = await asked(select.replaceAll('FILES', from(paths)));
  return rows.map((row) => JSON.stringify(row)).sort();
};
