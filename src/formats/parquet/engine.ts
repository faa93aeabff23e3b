/**
 * The only importer of DuckDB: Parquet files from CSV files, and rows of Parquet files.
 *
 * Keeps true: one file at a time for each process, within the memory that is given here; names and types of the caller
 * are quoted or checked, never pasted.
 */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type * as Duck from '@duckdb/node-api';
import { TidemarkError } from '../../core/errors/error.js';
import type { CellKind } from '../codec.js';
import type { ParquetColumn, ParquetEngine } from '../conversions.js';
import { badParquet, noParquetEngine } from '../errors.js';
import { decimalDigitsMax, type ExactText, exactText, isParquetType } from '../parquet-types.js';

const settings = { threads: '2', memory_limit: '512MB' } as const;

/** Loaded on first use: lint and copies never need it, and an installation may lack it. */
const load = async (): Promise<typeof Duck> => {
  try {
    return await import('@duckdb/node-api');
  } catch (cause) {
    throw new TidemarkError(
      noParquetEngine,
      'converting Parquet: the package @duckdb/node-api is not installed',
      { cause },
    );
  }
};

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
const name = (value: string): string => `"${value.replaceAll('"', '""')}"`;

/** Nothing that could end the list of columns. */
const checkedType = ({ name: column, type }: ParquetColumn): string => {
  if (isParquetType(type)) return type;
  throw new TidemarkError(
    badParquet,
    `writing Parquet: ${JSON.stringify(type)} is no type for column ${JSON.stringify(column)}`,
  );
};

/** DuckDB's messages repeat values of rows: only their kind is told, the text stays for the log. */
const failed = (doing: string, cause: unknown): TidemarkError => {
  const kind =
    cause instanceof Error ? (/^[A-Za-z ]+ Error/.exec(cause.message)?.[0] ?? 'error') : 'error';
  return new TidemarkError(badParquet, `${doing}: ${kind}`, { cause });
};

/** The engine's own words for a value that does not fit: those of the CSV reader, and those of `unfit`. */
const unfitColumn = /^Error when converting column "c(\d+)"\.|^Invalid Input Error: unfit c(\d+)$/m;

/** A failure of `write` that can be told better: by its column, or its size. */
const writeFailed = (
  columns: readonly ParquetColumn[],
  lineBytesMax: number,
  cause: unknown,
): unknown => {
  if (!(cause instanceof Error)) return cause;
  const [, read, made] = unfitColumn.exec(cause.message) ?? [];
  const column = columns[Number(read ?? made ?? -1)];
  if (column !== undefined) {
    const { name: called, type } = column;
    const asked = exactOf(column)?.hint;
    const hint = asked ?? (isTime(type) ? 'times are finite, and not before the year 1' : null);
    return new TidemarkError(
      badParquet,
      `writing Parquet: a value of column ${JSON.stringify(called)} does not fit ${type}${hint === null ? '' : `; ${hint}`}`,
      { cause },
    );
  }
  return cause.message.includes('Maximum line size')
    ? new TidemarkError(
        badParquet,
        `writing Parquet: a record has more than ${String(lineBytesMax)} bytes`,
        { cause },
      )
    : cause;
};

/** When everything that was asked for so far is done. */
let last: Promise<unknown> = Promise.resolve();

const untilAborted = (wait: Promise<unknown>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    signal.throwIfAborted();
    signal.addEventListener('abort', onAbort, { once: true });
    void wait.then(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
  });

/** `path`: of the file at hand; what the engine cannot hold goes beside it, never into the folder that the worker runs in. */
const connected = async <T>(
  doing: string,
  path: string,
  signal: AbortSignal,
  work: (connection: Duck.DuckDBConnection) => Promise<T>,
): Promise<T> => {
  const { DuckDBInstance } = await load();
  signal.throwIfAborted();
  const instance = await DuckDBInstance.create(':memory:', {
    ...settings,
    temp_directory: join(dirname(path), 'engine'),
  });
  const connection = await instance.connect();
  const onAbort = (): void => {
    connection.interrupt();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await connection.run("SET TimeZone = 'UTC'");
    return await work(connection);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof TidemarkError ? error : failed(doing, error);
  } finally {
    signal.removeEventListener('abort', onAbort);
    connection.closeSync();
    instance.closeSync();
  }
};

/** Waits for its turn, then works; one at a time. */
const inTurn = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
  const before = last;
  let done: () => void = () => undefined;
  const mine = new Promise<void>((resolve) => {
    done = resolve;
  });
  last = before.then(() => mine);
  try {
    await untilAborted(before, signal);
    return await work();
  } finally {
    done();
  }
};

const isTime = (type: string): boolean =>
  /^(?:DATE|TIMESTAMP|TIMESTAMPTZ|TIMESTAMP WITH TIME ZONE)$/i.test(type);
const isBytes = (type: string): boolean => /^BLOB$/i.test(type);

const exactOf = (column: ParquetColumn): ExactText | null =>
  column.isAsked === true ? exactText(column.type) : null;

/** The CSV reader takes `0044-03-15 BC` for a day of our time, rounds, and escapes bytes differently: such columns are read as text. */
const isMadeOfText = (column: ParquetColumn): boolean =>
  isTime(column.type) || isBytes(column.type) || exactOf(column) !== null;

const fitting = (column: ParquetColumn, text: string, value: string): string => {
  const { type } = column;
  if (isBytes(type)) return `starts_with(${text}, '\\x') AND length(${text}) % 2 = 0`;
  const exact = exactOf(column);
  return [
    `${value} IS NOT NULL`,
    ...(isTime(type) ? [`isfinite(${value}) AND NOT ends_with(${text}, 'BC')`] : []),
    ...(exact === null ? [] : [`regexp_full_match(trim(${text}), '${exact.pattern}')`]),
  ].join(' AND ');
};

/** The value of a column that was read as text; one that its type does not hold is an error, never another value or NULL. */
const made = (column: ParquetColumn, index: number): string => {
  const text = `c${String(index)}`;
  const { name: called, type } = column;
  if (!isMadeOfText(column)) return `${text} AS ${name(called)}`;
  const unfit = `CAST(error('unfit ${text}') AS ${type})`;
  const value = isBytes(type) ? `unhex(substr(${text}, 3))` : `TRY_CAST(${text} AS ${type})`;
  return `CASE WHEN ${text} IS NULL OR (${fitting(column, text, value)}) THEN ${value} ELSE ${unfit} END AS ${name(called)}`;
};

/** The engine holds a group for each thread until it is whole. */
const rowGroupBytes = 64 * 1024 * 1024;
const [rowGroupStep, rowGroupMax] = [2048, 122_880];

const rowGroupRows = (bytes: number, rows: number): number => {
  const fitting = Math.floor((rowGroupBytes * rows) / Math.max(1, bytes) / rowGroupStep);
  return Math.min(rowGroupMax, Math.max(1, fitting) * rowGroupStep);
};

const write: ParquetEngine['write'] = (order, signal) =>
  inTurn(signal, () =>
    connected('writing Parquet', order.path, signal, async (connection) => {
      const { csvPath, path, columns, compression, nullText, lineBytesMax } = order;
      const types = columns.map((column, index) => {
        const type = checkedType(column);
        return `'c${String(index)}': ${text(isMadeOfText(column) ? 'VARCHAR' : type)}`;
      });
      const rows = `read_csv(${text(csvPath)}, header = false, auto_detect = false, delim = ',', quote = '"', escape = '"',
        new_line = '\\n', nullstr = ${text(nullText)}, allow_quoted_nulls = false, max_line_size = ${String(lineBytesMax)},
        columns = {${types.join(', ')}})`;
      const codec = compression === 'none' ? 'uncompressed' : compression;
      const groupRows = rowGroupRows((await stat(csvPath)).size, order.rows);
      try {
        const result = await connection.runAndReadAll(
          `COPY (SELECT ${columns.map(made).join(', ')} FROM ${rows}) TO ${text(path)} (FORMAT parquet, COMPRESSION ${codec}, ROW_GROUP_SIZE ${String(groupRows)})`,
        );
        return Number(result.getRows()[0]?.[0] ?? 0);
      } catch (error) {
        throw writeFailed(columns, lineBytesMax, error);
      }
    }),
  );

const literals = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|DECIMAL.*|DOUBLE|FLOAT|BOOLEAN)$/;
const nested = /^(?:STRUCT|MAP|UNION)|\]$/;

const kindOf = (type: string): CellKind => {
  if (literals.test(type)) return 'literal';
  return nested.test(type) ? 'nested' : 'text';
};

/** As text: numbers exactly, times to the microsecond in UTC, bytes as PostgreSQL writes them. */
const selected = (column: string, type: string): string => {
  const quoted = name(column);
  if (type === 'BLOB') return `'\\x' || lower(hex(${quoted}))`;
  return kindOf(type) === 'nested'
    ? `CAST(to_json(${quoted}) AS VARCHAR)`
    : `CAST(${quoted} AS VARCHAR)`;
};

const describe = async (connection: Duck.DuckDBConnection, path: string) => {
  const found = await connection.runAndReadAll(
    `DESCRIBE SELECT * FROM read_parquet(${text(path)})`,
  );
  return found.getRows().map(([column, type]) => ({ name: String(column), type: String(type) }));
};

const chosen = (
  all: readonly { readonly name: string; readonly type: string }[],
  wanted: readonly string[] | null,
) =>
  (wanted ?? all.map((column) => column.name)).map((column) => {
    const found = all.find((known) => known.name === column);
    if (found !== undefined) return found;
    throw new TidemarkError(
      badParquet,
      `reading Parquet: it has no column ${JSON.stringify(column)}`,
    );
  });

/** The engine reads longer decimals as doubles, without a word. Names of nested columns are their own, without those around them. */
const assertExact = async (
  connection: Duck.DuckDBConnection,
  path: string,
  leftOut: readonly string[],
): Promise<void> => {
  const found = await connection.runAndReadAll(
    `SELECT name, CAST(precision AS VARCHAR) FROM parquet_schema(${text(path)}) WHERE TRY_CAST(precision AS INT) > ${String(decimalDigitsMax)}`,
  );
  const wide = found.getRows().find(([column]) => !leftOut.includes(String(column)));
  if (wide === undefined) return;
  const [column, digits] = wide.map(String);
  throw new TidemarkError(
    badParquet,
    `reading Parquet: column ${JSON.stringify(column)} is a decimal of ${digits ?? ''} digits, and only ${String(decimalDigitsMax)} can be read exactly`,
    {
      fix: 'Write the file with fewer digits, or leave the column out: json_options.fields names those that are read.',
    },
  );
};

const read: ParquetEngine['read'] = (order, signal) =>
  inTurn(signal, () =>
    connected('reading Parquet', order.path, signal, async (connection) => {
      const { path, wanted, take } = order;
      const all = await describe(connection, path);
      const columns = chosen(all, wanted);
      const leftOut = all
        .map((column) => column.name)
        .filter((name) => !columns.some((column) => column.name === name));
      await assertExact(connection, path, leftOut);
      const list = columns.map((column) => selected(column.name, column.type)).join(', ');
      order.begin(columns.map((column) => ({ name: column.name, kind: kindOf(column.type) })));
      const result = await connection.stream(`SELECT ${list} FROM read_parquet(${text(path)})`);
      for (;;) {
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) break;
        signal.throwIfAborted();
        await take(chunk.getRows() as readonly (readonly (string | null)[])[]);
      }
      const counted = await connection.runAndReadAll(
        `SELECT sum(num_rows) FROM parquet_file_metadata(${text(path)})`,
      );
      return Number(counted.getRows()[0]?.[0] ?? 0);
    }),
  );

const ready: ParquetEngine['ready'] = async () => {
  await load();
};

export const parquet: ParquetEngine = { ready, write, read };
